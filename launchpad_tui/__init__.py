"""launchpad: a terminal app and command line for people who train models on AI runtimes."""

__version__ = "0.1.0"
