"""The registry: one SQLite file with everything that launchpad records about runtimes."""
