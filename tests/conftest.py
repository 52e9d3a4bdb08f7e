"""What holds for all tests."""

from __future__ import annotations

import os

# Nobody's own keyring is touched by tests, nor by the processes that they start.
os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
