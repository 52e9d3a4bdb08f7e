"""The words of the AI API as frozen dataclasses and pure functions: no I/O, no third-party import."""
