"""edit: one replacement in a file, found even when the model's copy of the text is not quite exact."""
