"""What screens of several areas share: bases, wizards, the command list and help."""
