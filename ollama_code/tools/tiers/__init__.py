"""Which tools stand in the head of a session, and in how many words, so that small windows keep room for work."""
