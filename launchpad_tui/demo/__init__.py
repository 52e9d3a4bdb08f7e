"""``launchpad demo``: trains models on a real dataset, in a separate home folder."""
