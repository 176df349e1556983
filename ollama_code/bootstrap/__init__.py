"""The composition root: flags, settings and a folder become an open session. It alone knows every other part."""
