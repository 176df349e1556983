"""A sundial for the terminal."""
