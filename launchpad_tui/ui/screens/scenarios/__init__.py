"""Scenarios and their executables."""
