"""What stands beside the transcript: todos, status, and the panels that ask."""
