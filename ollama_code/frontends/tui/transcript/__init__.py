"""The transcript: one widget that draws the whole conversation itself, row by row, and nothing it need not draw."""
