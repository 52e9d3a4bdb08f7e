"""launchpad: the models desk of an AI runtime, in a terminal."""

__version__ = "0.1.0"
