"""The list of scenarios with their executables, and the details of an executable."""
