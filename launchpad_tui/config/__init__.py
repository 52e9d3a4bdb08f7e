"""Where things lie on this machine, settings, credentials, the log file."""
