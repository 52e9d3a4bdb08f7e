"""``launchpad demo``: a real data set, real trainings of it on this machine, in a home of its own."""
