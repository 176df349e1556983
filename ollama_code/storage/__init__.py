"""What outlives the process, below the product's own directory: journals, saved outputs, small memories."""
