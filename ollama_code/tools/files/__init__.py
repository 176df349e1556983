"""Reading and writing files: read_file, read_many_files, write_file and what they are made of."""
