"""Finding things: glob by name, grep_search by content, list_directory by looking."""
