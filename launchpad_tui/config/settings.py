"""Settings: a TOML file that users edit, parsed into records.

The records below are the only definition of the sections, keys, meanings and defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import make_private_folder, write_private
from launchpad_tui.config.paths import Home
from launchpad_tui.config.toml_edit import find_line, with_value
from launchpad_tui.errors import ConfigError
from launchpad_tui.records import field, record

Value = str | int | float | bool


@record
class ExecutionSettings:
    """``[executions]``: the embedded runtime."""

    #: the number of executions that run at the same time; more stay queued
    parallel: int = 2
    #: seconds between TERM and KILL when an execution is stopped
    stop_grace_seconds: float = 10.0
    #: the greatest size of code (MB) that is copied from a template's folder for an execution
    code_limit_mb: int = 500
    #: the greatest size of code (MB) of which a snapshot is stored with an execution; 0 stores none
    snapshot_limit_mb: int = 100
    #: days for which the working folder of a finished execution is kept; 0 removes it immediately
    keep_work_days: int = 7


@record
class UiSettings:
    """``[ui]``: the terminal."""

    #: name of a theme; empty to choose by the terminal
    theme: str = ""
    #: draw with ASCII characters only
    ascii: bool = False
    #: "auto", "always" or "never"
    colors: str = "auto"
    #: seconds between two checks for changes by other processes; a check is one PRAGMA of SQLite
    refresh_seconds: float = 0.25
    #: write only the cells that changed to the terminal; false uses Textual's own output
    changed_cells_only: bool = True
    #: how the terminal notifies of an execution that ended while another screen is shown: "off",
    #: "bell", "osc9" or "osc777"; the last two show its text where the terminal supports them
    notify: str = "off"
    #: the program that shows output of commands that is longer than the screen: "auto" (PAGER, or
    #: less), "never", or a command line
    pager: str = "auto"


@record
class CredentialSettings:
    """``[credentials]``: the secrets of connections and object stores."""

    #: "auto" (the system's keyring if it is unlocked, else a file), "keyring" or "file"
    keep: str = "auto"


@record
class RegistrySettings:
    """``[registry]``: the file with all records."""

    #: "process": committed records survive the end of any process, but a power failure may lose the
    #: last ones; "power": they survive a power failure, too, and every commit waits for the disk
    durability: str = "process"


@record
class TrashSettings:
    """``[trash]``: deleted models and other objects."""

    #: days for which deleted objects can be restored; 0 deletes them for good at the next occasion
    days: int = 30


@record
class SyncSettings:
    """``[sync]``: connections to remote runtimes."""

    #: synchronize them in the background while the app is open
    background: bool = True


@record
class ServeSettings:
    """``[serve]``: ``launchpad serve``."""

    #: servers beside public ones that object stores of clients of one resource group may reach:
    #: host names, names that begin with a full stop (all hosts below a domain), addresses and
    #: networks, separated by commas
    allowed_addresses: str = ""
    #: addresses and networks of proxies in front of the server, separated by commas: only their
    #: header X-Forwarded-For names the address of a client
    trusted_proxies: str = ""
    #: the greatest size (MB) of the files that one client has stored on this machine, staged
    #: uploads included
    client_storage_mb: int = 200_000
    #: the greatest size (MB) of the files that all clients together have stored on this machine
    total_storage_mb: int = 1_000_000
    #: free space (MB) of the disk that uploads of clients leave
    free_space_mb: int = 1_000


#: the least and the greatest value of numbers, by section and key
_RANGES: dict[str, tuple[float, float]] = {
    "executions.parallel": (1, 256),
    "executions.stop_grace_seconds": (0, 3600),
    "executions.code_limit_mb": (1, 1_000_000),
    "executions.snapshot_limit_mb": (0, 1_000_000),
    "executions.keep_work_days": (0, 36500),
    "ui.refresh_seconds": (0.1, 3600),
    "trash.days": (0, 36500),
    "serve.client_storage_mb": (1, 1_000_000_000),
    "serve.total_storage_mb": (1, 1_000_000_000),
    "serve.free_space_mb": (0, 1_000_000_000),
}
#: the record of each section, from which parser, command and manual are derived
SECTIONS: dict[
    str,
    type[ExecutionSettings]
    | type[UiSettings]
    | type[CredentialSettings]
    | type[SyncSettings]
    | type[RegistrySettings]
    | type[TrashSettings]
    | type[ServeSettings],
] = {
    "executions": ExecutionSettings,
    "ui": UiSettings,
    "credentials": CredentialSettings,
    "registry": RegistrySettings,
    "trash": TrashSettings,
    "sync": SyncSettings,
    "serve": ServeSettings,
}
#: the names of the themes, which `launchpad_tui.ui.theme` defines
THEMES = ("dark", "light", "contrast", "sixteen", "plain")
_CHOICES: dict[str, tuple[str, ...]] = {
    "ui.theme": ("", *THEMES),
    "ui.colors": ("auto", "always", "never"),
    "ui.notify": ("off", "bell", "osc9", "osc777"),
    "credentials.keep": ("auto", "keyring", "file"),
    "registry.durability": ("process", "power"),
}
#: settings with addresses, separated by commas: what is expected, and whether names are allowed
_ADDRESSES: dict[str, tuple[str, bool]] = {
    "serve.allowed_addresses": (
        "host names, addresses and networks such as 10.1.0.0/16, separated by commas",
        True,
    ),
    "serve.trusted_proxies": (
        "addresses and networks such as 10.1.0.0/16, separated by commas",
        False,
    ),
}
#: former names of settings with the current ones, so that files keep working after a rename
ALIASES: dict[str, str] = {"ui.colours": "ui.colors"}


@record
class Settings:
    """All settings. ``keys`` maps action IDs to keys; ``warnings`` reports unknown settings."""

    executions: ExecutionSettings = field(default_factory=ExecutionSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    credentials: CredentialSettings = field(default_factory=CredentialSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    trash: TrashSettings = field(default_factory=TrashSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    keys: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, home: Home) -> Settings:
        """Load the home's settings; defaults if the file is missing.

        Raises:
            ConfigError: the file cannot be read, is not valid TOML, or has a value of a wrong type
                or outside its range; the detail names file, line and key.
        """
        return parse(_read(home.settings_path), home.settings_path)

    def by_section(self) -> dict[str, dict[str, Value]]:
        """Return all settings as the file groups them: section to key to value, ``keys`` last."""
        sections: dict[str, dict[str, Value]] = {
            section: {key: getattr(getattr(self, section), key) for key in _known(section)}
            for section in SECTIONS
        }
        return sections | {"keys": dict(self.keys)}

    @staticmethod
    def save(home: Home, values: Mapping[str, Value]) -> Settings:
        """Write values into the file (``{"ui.theme": "nord"}``), keeping comments and order.

        Raises:
            ConfigError: a key is unknown, a value is invalid, or the file cannot be written.
        """
        text = _read(home.settings_path)
        parse(text, home.settings_path)
        values = {ALIASES.get(dotted, dotted): value for dotted, value in values.items()}
        for dotted, value in values.items():
            section, _, key = dotted.partition(".")
            if section != "keys" and key not in _known(section):
                raise ConfigError(
                    f"Unknown setting {dotted}",
                    f"Sections: {', '.join([*SECTIONS, 'keys'])}.",
                    "List all settings: launchpad settings",
                )
            text = with_value(text, section, key, value)
        settings = parse(text, home.settings_path)
        _check_saved(text, values, home.settings_path)
        make_private_folder(home.settings_path.parent)
        write_private(home.settings_path, text.encode())
        return settings


def edit_text(home: Home) -> str:
    """Return the text of the settings file to edit; of a missing file, all settings as comments."""
    text = _read(home.settings_path)
    if text:
        return text
    import json

    lines = ["# Settings of launchpad. The meaning of each: launchpad help settings", ""]
    for section, values in Settings().by_section().items():
        lines.append(f"[{section}]")
        # TOML writes texts, numbers and booleans as JSON does.
        lines += [f"# {key} = {json.dumps(value)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def save_text(home: Home, before: str, text: str) -> Settings:
    """Replace the settings file by an edited text and return its settings.

    Args:
        before: the text that `edit_text` has returned.

    Raises:
        ConfigError: as for `Settings.load`, or a setting is unknown that was not in the file
            before, or the file was changed by another program or cannot be written.
    """
    path = home.settings_path
    settings = parse(text, path)
    former = parse(_read(path), path).warnings if _is_valid(_read(path), path) else ()
    # The same setting may be in another line than before.
    known = {warning.rpartition(" ")[2] for warning in former}
    for warning in settings.warnings:
        name = warning.rpartition(" ")[2]
        if name not in known:
            from launchpad_tui.domain.suggestions import did_you_mean, nearest

            names = [f"{section}.{key}" for section in SECTIONS for key in _known(section)]
            near = did_you_mean(nearest(name, names))
            raise ConfigError(f"Unknown setting {name}", near or warning, "Correct the line.")
    if edit_text(home) != before:
        raise ConfigError(
            "The settings were changed by another program",
            f"{path} is not as it was when the editor was opened.",
            "Combine both texts by hand.",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, text.encode())
    return settings


def _is_valid(text: str, path: Path) -> bool:
    try:
        parse(text, path)
    except ConfigError:
        return False
    return True


def parse(text: str, path: Path) -> Settings:
    """Parse settings from TOML; ``path`` is for messages only.

    Raises:
        ConfigError: as for `Settings.load`.
    """
    if not text.strip():
        return Settings()
    import tomllib

    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides errors of the syntax: numbers of thousands of digits, and values that are nested
        # thousands of times.
        raise ConfigError(
            "The settings are not valid TOML", f"{path}: {error}", "Correct the line."
        ) from error
    warnings: list[str] = []
    sections: dict[str, Any] = {}
    for section, kind in SECTIONS.items():
        table = _table(data.pop(section, {}), section, text, path)
        known = _known(section)
        values: dict[str, Any] = {}
        for key, value in table.items():
            name = _current_name(section, key)
            if name not in known:
                warnings.append(_unknown(f"{section}.{key}", find_line(text, section, key), path))
            elif name == key or name not in table:
                values[name] = _checked(value, known[name], section, key, text, path)
        sections[section] = kind(**values)
    keys = _flat(_table(data.pop("keys", {}), "keys", text, path))
    for key, value in keys.items():
        if not isinstance(value, str):
            raise _wrong("keys", key, value, 'the name of a key, such as "ctrl+n"', text, path)
    warnings += [_unknown(name, find_line(text, name, ""), path) for name in data]
    return Settings(keys={k: str(v) for k, v in keys.items()}, warnings=tuple(warnings), **sections)


def _current_name(section: str, key: str) -> str:
    """Return the current name of a key, which may be written with a former one."""
    return ALIASES.get(f"{section}.{key}", f"{section}.{key}").partition(".")[2]


def _known(section: str) -> dict[str, str]:
    kind = SECTIONS.get(section)
    return dict(kind.__annotations__) if kind else {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(
            "The settings are not valid TOML",
            f"{path}: not UTF-8 at byte {error.start}",
            "Save the file as UTF-8.",
        ) from error
    except OSError as error:
        raise ConfigError(
            "The settings cannot be read",
            f"{path}: {error.strerror or error}",
            "Check the permissions of the file.",
        ) from error


def _table(value: object, section: str, text: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("", section, value, f"a table, written [{section}]", text, path)
    return value


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    # Action IDs contain dots: without quotes, TOML parses them as tables.
    flat: dict[str, Any] = {}
    waiting = [("", table)]
    while waiting:
        prefix, inner = waiting.pop()
        for key, value in inner.items():
            if isinstance(value, dict):
                waiting.append((f"{prefix}{key}.", value))
            else:
                flat[prefix + key] = value
    return flat


def _checked(value: object, kind: str, section: str, key: str, text: str, path: Path) -> Value:
    dotted = ALIASES.get(f"{section}.{key}", f"{section}.{key}")
    expected = {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "str": "text",
    }[kind]
    if dotted in _CHOICES:
        expected = "one of " + ", ".join(each or '""' for each in _CHOICES[dotted])
    if dotted in _RANGES:
        low, high = _RANGES[dotted]
        expected += f" from {low:g} to {high:,g}"
    valid: bool
    if kind == "bool":
        valid = isinstance(value, bool)
    elif kind == "str":
        valid = isinstance(value, str) and value in _CHOICES.get(dotted, (value,))
    else:
        valid = not isinstance(value, bool) and isinstance(
            value, int | float if kind == "float" else int
        )
        if valid and dotted in _RANGES and isinstance(value, int | float):
            valid = low <= value <= high
    if valid and dotted in _ADDRESSES and isinstance(value, str):
        from launchpad_tui.net.address_policy import invalid_address

        expected, names = _ADDRESSES[dotted]
        if invalid := invalid_address(value, names=names):
            raise _wrong(section, key, invalid, expected, text, path)
    if not valid:
        raise _wrong(section, key, value, expected, text, path)
    assert isinstance(value, str | int | float | bool)
    return float(value) if kind == "float" else value


def _wrong(
    section: str, key: str, value: object, expected: str, text: str, path: Path
) -> ConfigError:
    line = find_line(text, section, key) if section else find_line(text, key, "")
    dotted = f"{section}.{key}" if section else key
    place = f"{path}:{line}" if line else str(path)
    return ConfigError(
        f"The setting {dotted} is invalid",
        f"{place}: expected {expected}, found {value!r:.80}.",
        "Correct the line.",
    )


def _unknown(dotted: str, line: int, path: Path) -> str:
    return (
        f"{path}:{line}: unknown setting {dotted}" if line else f"{path}: unknown setting {dotted}"
    )


def _check_saved(text: str, values: Mapping[str, Value], path: Path) -> None:
    # The line editor supports only a part of TOML, so its result is parsed before it is saved.
    import tomllib

    data = tomllib.loads(text)
    for dotted, value in values.items():
        section, _, key = dotted.partition(".")
        table = _flat(data.get(section, {}))
        if table.get(key) != value:
            raise ConfigError(
                f"The setting {dotted} cannot be saved",
                f"{path} uses a form of TOML that launchpad does not edit.",
                "Edit the file by hand.",
            )
