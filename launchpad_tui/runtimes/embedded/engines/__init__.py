"""The engines of the embedded runtime: where the commands of steps run."""
