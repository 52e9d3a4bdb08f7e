"""The screen that a home without any object shows."""
