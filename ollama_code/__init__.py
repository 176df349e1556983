"""ollama-code: a terminal coding agent for local models."""
