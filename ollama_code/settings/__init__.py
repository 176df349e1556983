"""What a person has chosen: flags, environment and one file, folded into a frozen value."""
