"""Bases of screens and wizards, command palette, help, and parts that several screens share."""
