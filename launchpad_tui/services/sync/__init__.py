"""Copies the records of remote runtimes into the registry, where they are available offline."""
