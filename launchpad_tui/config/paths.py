"""Paths of launchpad's files: one home folder, and the settings beside it or in it."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.config.atomic import make_private_folder
from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record

_HINT = "Set LAUNCHPAD_HOME to a writable folder."


@record
class Home:
    """A home folder, by its absolute path, and its settings file. Homes share no files."""

    root: Path
    settings_path: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """Return the home that the environment names; nothing is created.

        ``LAUNCHPAD_HOME`` (with the settings in it), else ``$XDG_DATA_HOME/launchpad`` and
        ``$XDG_CONFIG_HOME/launchpad/settings.toml``, else the same below ``~/.local/share`` and
        ``~/.config``. Relative XDG paths are ignored, as the XDG Base Directory Specification
        requires.

        Raises:
            ConfigError: the user's home folder is unknown.
        """
        named = environ.get("LAUNCHPAD_HOME", "")
        if named:
            return cls.at(_absolute(named, environ))
        data = _xdg(environ, "XDG_DATA_HOME", ".local/share")
        config = _xdg(environ, "XDG_CONFIG_HOME", ".config")
        return cls(data / "launchpad", config / "launchpad" / "settings.toml")

    @classmethod
    def at(cls, root: Path) -> Home:
        """Return the home in this folder, with the settings in it."""
        return cls(root, root / "settings.toml")

    @property
    def registry_path(self) -> Path:
        """The SQLite file of the registry."""
        return self.root / "registry.db"

    @property
    def executions(self) -> Path:
        """The folder of the embedded runtime's executions, one folder each."""
        return self.root / "executions"

    @property
    def files(self) -> Path:
        """The root of file stores without a root of their own, such as the store ``default``."""
        return self.root / "files"

    @property
    def code_snapshots(self) -> Path:
        """The folder of the snapshots of the code of executions."""
        return self.root / "code"

    @property
    def secrets(self) -> Path:
        """The folder of secrets that workflow templates refer to."""
        return self.root / "secrets"

    @property
    def log_path(self) -> Path:
        """The log file."""
        return self.root / "launchpad.log"

    @property
    def credentials_path(self) -> Path:
        """The file with the credentials of connections and object stores."""
        return self.root / "credentials.json"

    @property
    def clients_path(self) -> Path:
        """The file with the clients of ``launchpad serve``, their secrets hashed."""
        return self.root / "clients.json"

    def ensure(self) -> Home:
        """Create the home's folders (mode 0700), check that they are writable, return the home.

        Existing folders keep their mode, except that the home itself is closed to other users. A
        home with a registry may be read-only or on a full disk: its lists can still be read.

        Raises:
            ConfigError: a folder cannot be created or written to.
        """
        if os.access(self.registry_path, os.R_OK) and not os.access(self.root, os.W_OK):
            return self
        for folder in (self.root, self.executions, self.files, self.secrets):
            try:
                make_private_folder(folder)
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT} and self.registry_path.exists():
                    continue
                detail = f"{folder}: {error.strerror or error}"
                raise ConfigError("The home folder cannot be created", detail, _HINT) from error
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError("The home folder cannot be written to", str(self.root), _HINT)
        try:
            if self.root.stat().st_mode & 0o077:
                self.root.chmod(0o700)
        except OSError as error:
            detail = f"{self.root}: {error.strerror or error}"
            raise ConfigError(
                "The home folder cannot be closed to other users", detail, _HINT
            ) from error
        return self


def _xdg(environ: Mapping[str, str], name: str, fallback: str) -> Path:
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else _user_home(environ) / fallback


def _user_home(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME", "")
    if home.startswith("/"):
        return Path(home)
    try:
        return Path.home()
    except RuntimeError as error:
        raise ConfigError("The user's home folder is unknown", "HOME is not set.", _HINT) from error


def _absolute(text: str, environ: Mapping[str, str]) -> Path:
    if text == "~" or text.startswith("~/"):
        return _user_home(environ) / text[2:]
    return Path(os.path.abspath(text))
