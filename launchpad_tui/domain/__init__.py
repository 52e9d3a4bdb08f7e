"""The concepts of the AI API as frozen dataclasses and pure functions.

Nothing in this package reads or writes files, or imports other packages at start.
"""
