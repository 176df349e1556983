"""The face for other programs: a server that speaks OpenAI's and Anthropic's dialects and runs the seven tools."""
