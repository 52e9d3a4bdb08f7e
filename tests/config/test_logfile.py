from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.config import logfile
from launchpad_tui.config.credentials import STORE, Credentials
from launchpad_tui.config.paths import Home

SECRET = "wJalrXUtnFEMI/K7MDENG"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home.at(tmp_path)
    Credentials(home.credentials_path).set(
        STORE, "a", {"key": SECRET, "short": "abc", "pem": "line-one\nline-two\n"}
    )
    logfile.setup(home)
    yield home
    for handler in list(logfile.logger.handlers):
        logfile.logger.removeHandler(handler)
    logfile.logger.propagate = True


def test_the_file_is_private_and_contains_the_traceback(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise ValueError(f"wrong key {SECRET}")
    except ValueError:
        logging.getLogger("launchpad_tui.stores.s3").exception("store %s failed, abc abcd", "x")
    text = home.log_path.read_text()
    assert "Traceback" in text
    assert "ValueError: wrong key [secret]" in text
    assert "[secret] abcd" in text
    assert SECRET not in text
    assert home.log_path.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr() == ("", "")


def test_text_that_resembles_a_secret_is_redacted(home: Home) -> None:
    for message in (
        "https://user:hunter22@host/x",
        "GET /b?X-Amz-Signature=hunter22&b=1",
        "Authorization: Bearer hunter22",
        "{'Authorization': 'Basic hunter22'}",
        "pem line-two was",
    ):
        logfile.logger.error(message)
    text = home.log_path.read_text()
    assert "hunter22" not in text
    assert "line-two" not in text
    assert "&b=1" in text


def test_control_characters_are_made_visible(home: Home) -> None:
    logfile.logger.error("name \x1b[31mred")
    assert "\x1b" not in home.log_path.read_text()


def test_without_the_list_of_secrets_messages_are_omitted(home: Home) -> None:
    home.credentials_path.chmod(0o644)
    logfile.logger.error("wrong key %s", SECRET)
    text = home.log_path.read_text()
    assert SECRET not in text
    assert "omitted" in text


def test_rotation(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "_SIZE", 1000)
    for number in range(60):
        logfile.logger.error("line %s %s", number, "x" * 80)
    names = sorted(path.name for path in home.root.glob("launchpad.log*"))
    assert (
        names == ["launchpad.log", "launchpad.log.1", "launchpad.log.2", "launchpad.log.3"]
        or names == names[1:]
    )
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in home.root.glob("launchpad.log*"))
    assert sum(path.stat().st_size for path in home.root.glob("launchpad.log*")) < 6000
    assert "line 59" in "".join(path.read_text() for path in home.root.glob("launchpad.log*"))


def test_errors_of_writing_the_log_are_ignored(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.log_path.mkdir()
    logfile.logger.error("lost")
    assert capsys.readouterr() == ("", "")
