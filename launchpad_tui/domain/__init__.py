"""The words of the AI API as frozen dataclasses and pure functions.

No I/O, no third-party import.
"""
