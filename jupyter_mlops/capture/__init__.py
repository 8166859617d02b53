"""What runs in the kernel: it watches executions and appends what it saw to a journal.

Standard library and IPython only. Nothing here may raise, print, block, keep an object of
the user's alive or run a line of the user's code that would not have run anyway.
"""
