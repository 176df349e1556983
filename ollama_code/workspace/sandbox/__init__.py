"""What holds a command inside the project: the strongest wall this machine offers, found by trying."""
