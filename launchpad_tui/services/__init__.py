"""What the user interface, the commands and the server call: synchronous, blocking, safe for threads."""
