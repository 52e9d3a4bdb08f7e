"""Connections to AI runtimes and their resource groups."""
