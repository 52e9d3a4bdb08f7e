"""``launchpad demo``: trains models on a real dataset on this machine, in a separate home
folder."""
