"""The server part: Jupyter Server's routes, events and ears for the sidebar."""
