"""What a command line would run, found out without running it."""
