"""Paths on this machine, settings, credentials and the log file."""
