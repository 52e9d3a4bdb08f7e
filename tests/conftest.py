"""Configuration of all tests."""

from __future__ import annotations

import os

# Tests and the processes that they start must not use the keyring of the user.
os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
