"""Files, databases and addresses that cells read and write, and the user's own modules."""
