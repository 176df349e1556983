"""The loop: a stateless turn, the execution of one call, and the session that owns the history."""
