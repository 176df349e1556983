"""The face for other programs: a server on this machine that speaks OpenAI's dialect and runs the seven tools."""
