"""Files and processes of the machine, reached only through confined doors."""
