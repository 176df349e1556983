"""The face without a screen: one turn, the answer on stdout."""
