"""AI runtimes: what one can do, and one package for each kind."""
