"""The command line: parses arguments, calls services, and prints text or JSON."""
