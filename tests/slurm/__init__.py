"""Tests with a Slurm cluster of two nodes on this machine."""
