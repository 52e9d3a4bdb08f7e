"""Finds the scripts that the commands of a container run, such as ``python src/train.py``."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.template_model import Container

_SUFFIXES = (".py", ".sh", ".bash", ".R", ".r", ".jl", ".js", ".pl", ".rb", ".ipynb")
_SHELL = re.compile(r"(?:.*/)?(?:ba|da|z|k|a)?sh")
_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
#: programs that run the script that is their first argument
_RUNNERS = re.compile(
    r"(?:.*/)?(?:Rscript|julia|node|perl|ruby|torchrun|deepspeed|spark-submit|papermill|accelerate"
    r"|(?:ba|da|z|k|a)?sh|source|\.)"
)
#: commands that run the command in their arguments
_PREFIXES = frozenset(
    {"exec", "time", "nohup", "env", "command", "sudo", "nice", "then", "do", "!"}
)
#: absolute paths in a command, which may name files of the code that are not scripts
_PATH = re.compile(r"(?<![\w.{])/[^\s\"'`;|&<>()$,:={}]+")
#: folders of a Unix system that never contain the code
_SYSTEM = ("/bin/", "/usr/bin/", "/usr/lib", "/dev/", "/proc/", "/sys/", "/etc/", "/lib")
#: options of Python whose value is the next argument
_PYTHON_VALUES = frozenset({"-W", "-X", "--check-hash-based-pycs"})


@record
class ScriptName:
    """A script that a command names.

    Args:
        text: the script as the command names it.
        paths: the possible paths, of which one is enough: absolute, or relative to a working
            directory that the workflow template does not set.
        required: whether the command cannot work without the script.
    """

    text: str
    paths: tuple[str, ...]
    required: bool = True

    @property
    def relative(self) -> bool:
        """Whether the path starts in the working directory of the image."""
        return not self.paths[0].startswith("/")


def script_names(container: Container) -> list[ScriptName]:
    """Return the scripts that the command of a container runs, without duplicates."""
    argv = [*container.command, *container.args]
    found: dict[str, ScriptName] = {}
    for each in _scripts(argv, container.script, container.working_dir):
        found.setdefault(each.text, each)
    for text in argv:
        for path in _PATH.findall(text):
            if not path.startswith(_SYSTEM):
                found.setdefault(path, ScriptName(path, (posixpath.normpath(path),), False))
    # A path above the working directory cannot be found in a checkout.
    return [each for each in found.values() if not each.paths[0].startswith("..")]


def _scripts(argv: Sequence[str], source: str, folder: str) -> Iterator[ScriptName]:
    if argv and _SHELL.fullmatch(argv[0]):
        if source:
            yield from _of_shell_script(source, folder)
            return
        for number, word in enumerate(argv[1:], 1):
            if word.startswith("-") and word.endswith("c") and number + 1 < len(argv):
                yield from _of_shell_script(argv[number + 1], folder)
                return
    if not source:
        yield from _of_command(list(argv), folder)


def _of_shell_script(script: str, folder: str) -> Iterator[ScriptName]:
    for line in script.replace("\\\n", " ").splitlines():
        for command in _simple_commands(line):
            if len(command) > 1 and command[0] == "cd":
                folder = posixpath.normpath(posixpath.join(folder, command[1]))
                continue
            yield from _of_command(command, folder)


def _simple_commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line of a shell script, without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        # A quote that is closed on another line.
        words = line.split()
    command: list[str] = []
    for word in words:
        if word and set(word) <= set("();<>|&"):
            if "<" not in word and ">" not in word:
                yield command
                command = []
        else:
            command.append(word)
    yield command


def _of_command(words: list[str], folder: str) -> Iterator[ScriptName]:
    while words and (words[0] in _PREFIXES or re.match(r"\w+=", words[0])):
        words = words[1:]
    if not words:
        return
    name, rest = words[0], words[1:]
    if _PYTHON.fullmatch(name):
        first = _python_script(rest)
        if first is None:
            return
        flag, script = first
        if flag == "-m":
            path = script.replace(".", "/")
            choices = tuple(_placed(each, folder) for each in (f"{path}.py", f"{path}/__main__.py"))
            # The module may be an installed package.
            yield ScriptName(f"-m {script}", choices, required=False)
        elif not _is_dynamic(script):
            yield ScriptName(script, (_placed(script, folder),))
        rest = rest[rest.index(script) + 1 :]
    elif _RUNNERS.fullmatch(name):
        rest = [word for word in rest if not word.startswith("-") and word not in {"launch", "run"}]
        for number, word in enumerate(rest):
            if word.endswith(_SUFFIXES) and not _is_dynamic(word):
                yield ScriptName(word, (_placed(word, folder),))
                rest = rest[number + 1 :]
                break
    elif ("/" in name or name.endswith(_SUFFIXES)) and not _is_dynamic(name):
        yield ScriptName(name, (_placed(name, folder),), required=name.endswith(_SUFFIXES))
    for word in rest:
        if word.endswith(_SUFFIXES) and not word.startswith("-") and not _is_dynamic(word):
            yield ScriptName(word, (_placed(word, folder),), required=False)


def _python_script(words: Sequence[str]) -> tuple[str, str] | None:
    """Return ``""`` and the script, or ``-m`` and the module; None if Python runs neither."""
    skip = False
    for number, word in enumerate(words):
        if skip:
            skip = False
        elif word in _PYTHON_VALUES:
            skip = True
        elif word in {"-c", "-"} or re.fullmatch(r"-[A-Za-z]*c", word):
            return None
        elif word == "-m":
            return ("-m", words[number + 1]) if number + 1 < len(words) else None
        elif not word.startswith("-"):
            return "", word
    return None


def _is_dynamic(word: str) -> bool:
    """Return whether a word depends on values that are known only when the command runs."""
    return any(part in word for part in ("{{", "$", "*", "?", "`", "="))


def _placed(path: str, folder: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
