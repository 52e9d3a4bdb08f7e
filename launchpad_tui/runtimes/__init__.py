"""AI runtimes: the protocol that all of them implement, and one package for each kind."""
