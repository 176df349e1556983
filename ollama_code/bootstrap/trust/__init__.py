"""Whether the folder may configure the program: what it holds, what was decided, what follows."""
