"""The command line: arguments in, services called, text or JSON out. Every capability of the UI has a command."""
