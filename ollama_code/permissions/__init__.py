"""Who decides what may run: rules, the mode, earlier grants, and at last the person."""
