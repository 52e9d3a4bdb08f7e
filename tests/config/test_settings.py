from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import (
    SECTIONS,
    THEMES,
    ExecutionSettings,
    Settings,
    UiSettings,
    Value,
)
from launchpad_tui.errors import ConfigError
from launchpad_tui.ui.palettes import PALETTES

TEXT = """\
# mine
[executions]
parallel = 4   # cores
# stop_grace_seconds = 3

[ui]
theme = "dark" # a comment # another
ascii = false

[keys]
"models.add" = "ctrl+n"
models.copy = 'y'
quit = "q"
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path)


def test_defaults_without_a_file(home: Home) -> None:
    settings = Settings.load(home)
    assert settings == Settings()
    assert (settings.executions.parallel, settings.executions.code_limit_mb) == (2, 500)


def test_load(home: Home) -> None:
    home.settings_path.write_text(TEXT)
    settings = Settings.load(home)
    assert settings.executions == ExecutionSettings(parallel=4)
    assert settings.ui == UiSettings(theme="dark")
    assert settings.keys == {"models.add": "ctrl+n", "models.copy": "y", "quit": "q"}
    assert settings.warnings == ()


def test_unknown_keys_warn(home: Home) -> None:
    home.settings_path.write_text("[ui]\nthem = 1\n[colors]\nx = 1\n")
    settings = Settings.load(home)
    path = home.settings_path
    assert settings.warnings == (
        f"{path}:2: unknown setting ui.them",
        f"{path}:3: unknown setting colors",
    )


@pytest.mark.parametrize(
    ("text", "line", "phrases"),
    [
        ("[executions]\n\nparallel = 'two'", 3, ("executions.parallel", "whole number", "'two'")),
        ("[executions]\nparallel = true", 2, ("whole number",)),
        ("[executions]\nparallel = 1.5", 2, ("whole number",)),
        ("[executions]\nparallel = 0", 2, ("from 1 to 256",)),
        ("[executions]\nstop_grace_seconds = nan", 2, ("number from 0",)),
        ("[ui]\nascii = 1", 2, ("true or false",)),
        ("[ui]\ncolors = 'blue'", 2, ("auto, always, never",)),
        ("[ui]\ncolours = 'blue'", 2, ("auto, always, never",)),
        ("[ui]\ntheme = 'nord'", 2, ("dark, light, contrast", "'nord'")),
        ("[serve]\nallowed_addresses = '10.1.0.0/33'", 2, ("networks", "'10.1.0.0/33'")),
        ("[serve]\nallowed_addresses = 'a.b, 300.1.1.1'", 2, ("host names", "'300.1.1.1'")),
        ("[serve]\nallowed_addresses = '*.example.com'", 2, ("'*.example.com'",)),
        ("[serve]\nallowed_addresses = 'a b'", 2, ("commas", "'a b'")),
        ("[serve]\nallowed_addresses = 'http://a.b'", 2, ("'http://a.b'",)),
        ("[serve]\nallowed_addresses = 'fd00::/129'", 2, ("'fd00::/129'",)),
        ("[serve]\ntrusted_proxies = 'proxy.example.com'", 2, ("addresses", "'proxy.example.com'")),
        ("[serve]\ntrusted_proxies = '*'", 2, ("addresses", "'*'")),
        ("[serve]\nclient_storage_mb = 0", 2, ("from 1 to",)),
        ("[keys]\nx = 3", 2, ("keys.x",)),
        ("ui = 3", 1, ("table",)),
        ("[ui\n", 1, ("line 1",)),
    ],
)
def test_errors_name_invalid_values(
    home: Home, text: str, line: int, phrases: tuple[str, ...]
) -> None:
    home.settings_path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Settings.load(home)
    assert str(home.settings_path) in caught.value.detail
    if "line" not in phrases[0]:
        assert f":{line}:" in caught.value.detail
    for phrase in phrases:
        assert phrase in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [f"[executions]\nparallel = {'9' * 5000}\n", f"a = {'[' * 5000}{']' * 5000}\n"],
    ids=["digits", "nested"],
)
def test_values_that_python_cannot_parse_are_errors(home: Home, text: str) -> None:
    home.settings_path.write_text(text)
    with pytest.raises(ConfigError, match="not valid TOML"):
        Settings.load(home)


def test_keys_may_have_any_number_of_parts_and_any_escape(home: Home) -> None:
    name = ".".join(["a"] * 400)
    home.settings_path.write_text(f'[keys]\n{name} = "q"\n"\\U0001F600" = "x"\n')
    assert Settings.load(home).keys == {name: "q", "😀": "x"}
    home.settings_path.write_text('"\\U0001F600" = 1\n')
    assert "😀" in Settings.load(home).warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "allowed_addresses = '10.1.0.0/16, 10.1.2.3/16,, [::1], fd00::/8, s3, .b_c.example.com.'",
        "trusted_proxies = '127.0.0.1, ::1, 10.0.0.7/8'",
    ],
)
def test_addresses_networks_and_names_are_accepted(home: Home, text: str) -> None:
    home.settings_path.write_text(f"[serve]\n{text}\n")
    assert text.partition("'")[2][:-1] in Settings.load(home).by_section()["serve"].values()


def test_the_names_of_themes_are_those_of_the_app() -> None:
    assert tuple(palette.name for palette in PALETTES) == THEMES


def test_not_utf8(home: Home) -> None:
    home.settings_path.write_bytes(b"[ui]\ntheme = '\xff'\n")
    with pytest.raises(ConfigError):
        Settings.load(home)


def test_seconds_may_be_whole_numbers(home: Home) -> None:
    home.settings_path.write_text("[executions]\nstop_grace_seconds = 3\n")
    seconds = Settings.load(home).executions.stop_grace_seconds
    assert (seconds, type(seconds)) == (3.0, float)


def test_save_keeps_comments_and_order(home: Home) -> None:
    home.settings_path.write_text(TEXT)
    values: dict[str, Value] = {
        "executions.parallel": 8,
        "ui.theme": "light",
        "keys.models.copy": 'a"b\\c\n\x7f',
        "ui.refresh_seconds": 2.5,
        "keys.models.add": "a",
    }
    saved = Settings.save(home, values)
    assert saved == Settings.load(home)
    assert saved.executions.parallel == 8
    assert saved.ui == UiSettings(theme="light", refresh_seconds=2.5)
    assert saved.keys["models.copy"] == 'a"b\\c\n\x7f'
    assert saved.keys["models.add"] == "a"
    text = home.settings_path.read_text()
    assert "parallel = 8   # cores\n# stop_grace_seconds = 3\n" in text
    assert text.startswith("# mine\n")
    assert " # a comment" in text
    assert home.settings_path.stat().st_mode & 0o777 == 0o600


def test_save_creates_file_and_sections(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path / "config" / "launchpad" / "settings.toml")
    Settings.save(home, {"ui.ascii": True})
    Settings.save(home, {"keys.models.copy": "c", "keys.quit": "x"})
    settings = Settings.load(home)
    assert settings.ui.ascii
    assert settings.keys == {"models.copy": "c", "quit": "x"}


@pytest.mark.parametrize(
    "values", [{"ui.nothing": 1}, {"ui.ascii": "yes"}, {"other.x": 1}, {"executions.parallel": 0}]
)
def test_save_rejects_invalid_values(home: Home, values: dict[str, str | int]) -> None:
    home.settings_path.write_text(TEXT)
    with pytest.raises(ConfigError):
        Settings.save(home, values)
    assert home.settings_path.read_text() == TEXT


def test_save_rejects_forms_of_toml_that_it_cannot_edit(home: Home) -> None:
    text = 'ui = { theme = "dark" }\n'
    home.settings_path.write_text(text)
    with pytest.raises(ConfigError):
        Settings.save(home, {"ui.theme": "light"})
    assert home.settings_path.read_text() == text


def test_every_setting_is_listed_by_section() -> None:
    settings = Settings(keys={"models.add": "a"})
    assert settings.by_section() == {
        section.name: {each.name: each.default for each in fields(SECTIONS[section.name])}
        for section in fields(Settings)
        if section.name not in {"keys", "warnings"}
    } | {"keys": {"models.add": "a"}}


def test_a_former_name_of_a_setting_is_accepted(home: Home) -> None:
    home.settings_path.write_text("[ui]\ncolours = 'never'\n")
    assert Settings.load(home) == Settings(ui=UiSettings(colors="never"))
    saved = Settings.save(home, {"ui.colours": "always"})
    assert saved.ui.colors == "always"
    assert "colors =" in home.settings_path.read_text()
    assert Settings.load(home) == saved
