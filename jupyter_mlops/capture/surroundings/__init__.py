"""What a session runs in: machine, interpreter, distributions and the folder's commit."""
