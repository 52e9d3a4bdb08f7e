"""The log file, which contains the details of errors but no credentials."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.errors import LaunchpadError

#: size (bytes) at which the log file is rotated, and number of rotated files that are kept
_SIZE, _KEPT = 2_000_000, 3
_MARK = "[secret]"
#: secrets with fewer characters are redacted only as whole words, to keep other text readable
_SHORT = 6
#: text that resembles a credential: URLs with a password, signed URLs, headers
_PATTERNS = (
    # The pattern starts with "://": one that starts with the scheme would take quadratic time.
    (r"(://[^\s/:@]*:)[^\s/@]+(@)", rf"\1{_MARK}\2"),
    (
        r"(?i)((?:x-amz-(?:signature|security-token|credential)|sig|token)=)[^\s&\"']+",
        rf"\1{_MARK}",
    ),
    (r"(?i)(authorization\"?'?\s*[:=]\s*\"?'?(?:\w+\s+)?)[^\s\"',]+.*", rf"\1{_MARK}"),
)

logger = logging.getLogger("launchpad_tui")


def setup(home: Home) -> None:
    """Write this process's log to the home's log file, from warnings up (``LAUNCHPAD_DEBUG``: all).

    The file has mode 0600. The function may be called again for another home. Several processes may
    write to the file. A rotation by one of them may lose a few lines of the others.
    """
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    target = _PrivateFile(home.log_path)
    target.setFormatter(_Redacted(home.credentials_path))
    logger.addHandler(target)
    logger.setLevel(logging.DEBUG if os.environ.get("LAUNCHPAD_DEBUG") else logging.WARNING)
    # Output on standard error would corrupt the screen.
    logger.propagate = False


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return the text without these secrets, and without text that resembles one."""
    # Imported for the first record, because most processes do not write one.
    from launchpad_tui.domain.credential_text import masked_message

    for secret in sorted(secrets, key=len, reverse=True):
        for form in {secret, *(line for line in secret.splitlines() if len(line) >= _SHORT)}:
            if len(form) >= _SHORT:
                text = text.replace(form, _MARK)
            elif form.strip():
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", _MARK, text)
    for pattern, replacement in _PATTERNS:
        text = re.sub(pattern, replacement, text)
    return masked_message(text)


class _Redacted(logging.Formatter):
    """Formats records with traceback, redacts secrets and makes control characters visible."""

    def __init__(self, credentials_path: Path) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s"
        )
        self._credentials_path = credentials_path

    def format(self, record: logging.LogRecord) -> str:
        from launchpad_tui.config.credentials import Credentials
        from launchpad_tui.domain.text import safe_text

        text = super().format(record)
        try:
            text = redacted(text, Credentials(self._credentials_path).values())
        except LaunchpadError as error:
            # Without the list of secrets, nothing is written that may contain one.
            reason = f"the credentials cannot be read ({error.title})"
            text = f"{record.levelname} {record.name}: message omitted because {reason}"
        return "\n".join(safe_text(line) for line in text.split("\n"))


class _PrivateFile(logging.Handler):
    """A handler that opens its file for each record.

    Records are rare. So nothing is opened at the start, and a record never goes into a file that
    another process has rotated.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record.

        A log that cannot be written (a full disk) must neither end the program nor print a
        traceback over its screen, so errors are ignored.
        """
        with contextlib.suppress(OSError, ValueError):
            line = (self.format(record) + "\n").encode(errors="replace")
            handle = os.open(
                self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600
            )
            try:
                status = os.fstat(handle)
                if stat.S_IMODE(status.st_mode) & 0o077:
                    os.fchmod(handle, 0o600)
                os.write(handle, line)
            finally:
                os.close(handle)
            if status.st_size + len(line) > _SIZE:
                self._rotate()

    def _rotate(self) -> None:
        names = [
            self._path,
            *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, _KEPT + 1)),
        ]
        for older, newer in zip(names[::-1], names[-2::-1], strict=False):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
