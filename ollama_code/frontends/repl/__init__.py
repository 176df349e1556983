"""The line-by-line face, for screen readers, dumb terminals and people who like it plain."""
