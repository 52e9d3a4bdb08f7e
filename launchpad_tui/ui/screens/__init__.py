"""What the user stands in front of: a screen a module."""
