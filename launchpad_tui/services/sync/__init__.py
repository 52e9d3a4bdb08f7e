"""Reading runtimes elsewhere into the registry, so that all of what was seen once is there without a network."""
