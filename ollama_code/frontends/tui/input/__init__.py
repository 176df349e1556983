"""Where the person types: the prompt, its history and pastes, completion, and what waits for the next turn."""
