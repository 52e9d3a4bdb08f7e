"""The engine that runs the commands of steps as jobs of a Slurm cluster."""
