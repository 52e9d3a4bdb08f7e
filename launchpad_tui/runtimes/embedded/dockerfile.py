"""Reads the instructions of a Dockerfile that describe the code and the environment of a training.

ENV, WORKDIR, COPY, ADD, ENTRYPOINT, CMD, ``mkdir`` and ``pip install`` of the last stage are read,
with those of the stages that it is based on. The format is described in
https://docs.docker.com/reference/dockerfile/. Nothing is executed.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from launchpad_tui.records import field, record

#: the maximum number of bytes of a Dockerfile, and of files that a pattern of COPY may match
_SIZE_LIMIT, _MATCH_LIMIT = 200_000, 5_000
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_VARIABLE = re.compile(
    r"\\(\$)|\$(?:(\w+)|\{(\w+)(?:(:[-+])([^}]*))?\})",
)
_PIP = re.compile(r"(?:^|[\s/])(?:pip[\d.]*|uv\s+pip|python[\d.]*\s+-m\s+pip)\s+install\s+(.*)")
#: the official images of Python, also from a mirror
_PYTHON_IMAGE = re.compile(r"(?:[^\s@]+/)?python:(\d+\.\d+)(?![\d])[\w.-]*(?:@\S+)?")
_MKDIR = re.compile(r"(?:^|\s)mkdir\s+(.*)")
#: options of ``pip install`` whose value is the next argument
_PIP_VALUES = frozenset(
    (
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "-c",
        "--constraint",
        "--trusted-host",
        "-t",
        "--target",
        "--prefix",
        "--root",
        "--src",
        "--platform",
        "--python-version",
        "--cache-dir",
        "--timeout",
        "--retries",
        "--proxy",
        "--no-binary",
        "--only-binary",
        "--cert",
        "--upgrade-strategy",
        "--progress-bar",
        "-e",
        "--editable",
    )
)


@record
class ImageCopy:
    """A COPY instruction: files of the build context that are copied to a path in the image.

    ``target`` is absolute; it ends with ``/`` if the instruction says that it is a folder.
    """

    sources: tuple[str, ...]
    target: str


@record
class ImageRecipe:
    """The description of an image by its Dockerfile.

    Args:
        file: the Dockerfile.
        env: the environment variables.
        working_dir: the working directory; ``/`` if the Dockerfile does not set one.
        copies: the copied files, in order.
        folders: folders that ``mkdir`` creates.
        requirements: the paths in the image of files that ``pip install -r`` reads.
        packages: the packages that ``pip install`` names.
        entrypoint: the ENTRYPOINT.
        command: the CMD.
        base: the image of FROM.
    """

    file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    copies: tuple[ImageCopy, ...] = ()
    folders: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    base: str = ""

    @property
    def python_version(self) -> str:
        """The version of an official Python image: ``3.8`` of ``python:3.8.2-slim``; empty if the
        image is another one, or its tag names no minor version."""
        match = _PYTHON_IMAGE.fullmatch(self.base)
        return match[1] if match else ""

    def context(self, limit: Path) -> Path:
        """Return the build context: the nearest folder that contains the sources of the copies.

        Args:
            limit: the topmost folder that is considered, which contains the Dockerfile.
        """
        sources = [source for copy in self.copies for source in copy.sources]
        best, most = self.file.parent, 0
        for folder in (self.file.parent, *self.file.parent.parents):
            count = sum(1 for source in sources if next(_matches(folder, source), None))
            if count > most:
                best, most = folder, count
            if folder == limit or most == len(sources):
                break
        return best

    def files(self, context: Path) -> list[tuple[Path, str]]:
        """Return the copied files and folders with their paths in the image, in order.

        A folder stands for its content, as in COPY.
        """
        found: list[tuple[Path, str]] = []
        for copy in self.copies:
            matches = [each for source in copy.sources for each in _matches(context, source)]
            into = copy.target.endswith("/") or len(matches) > 1
            for path in matches[:_MATCH_LIMIT]:
                target = copy.target.rstrip("/") or "/"
                if not path.is_dir() and into:
                    target = posixpath.join(target, path.name)
                found.append((path, target))
        return found

    def find(self, path: str, context: Path) -> Path | None:
        """Return the file of the build context that is at a path in the image; None if there is
        none."""
        for source, target in reversed(self.files(context)):
            if source.is_dir():
                rest = posixpath.relpath(path, target)
                inside = source / rest
                if not rest.startswith("..") and inside.is_file():
                    return inside
            elif target == path:
                return source
        return None


def read_dockerfile(file: Path) -> ImageRecipe | None:
    """Return the description of the last stage; None if the file cannot be read or has no FROM."""
    try:
        if file.stat().st_size > _SIZE_LIMIT:
            return None
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    stages: dict[str, ImageRecipe] = {}
    recipe: ImageRecipe | None = None
    name = ""
    arguments: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word == "FROM":
            if recipe is not None and name:
                stages[name] = recipe
            parts = [part for part in rest.split() if not part.startswith("--")]
            base = _expand(parts[0], arguments).lower() if parts else ""
            recipe = stages.get(base, ImageRecipe(file, base=base))
            name = parts[2].lower() if len(parts) > 2 else ""
        elif word == "ARG":
            key, equals, value = rest.strip().partition("=")
            if equals:
                arguments[key.strip()] = _unquoted(value)
        elif recipe is not None:
            recipe = _apply(recipe, word, rest, {**arguments, **recipe.env})
    return recipe


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the instructions with their arguments; continuation lines are joined."""
    escape = "`" if re.match(r"(\s*#.*\n)*\s*#\s*escape\s*=\s*`", text) else "\\"
    pending = ""
    heredocs: list[str] = []
    for line in text.splitlines():
        if heredocs:
            if line.strip() == heredocs[0]:
                heredocs.pop(0)
            continue
        if line.lstrip().startswith("#") or (pending and not line.strip()):
            continue
        stripped = line.rstrip()
        if stripped.endswith(escape):
            pending += stripped[:-1] + " "
            continue
        match = _INSTRUCTION.fullmatch(pending + line)
        pending = ""
        if match is None:
            continue
        word, rest = match[1].upper(), match[2]
        if word in {"RUN", "COPY", "ADD"}:
            heredocs = [found[1] for found in _HEREDOC.findall(rest)]
        yield word, rest


def _apply(recipe: ImageRecipe, word: str, rest: str, values: Mapping[str, str]) -> ImageRecipe:
    """Return the recipe after an instruction."""
    if word == "ENV":
        pairs = {key: _expand(value, values) for key, value in _pairs(rest)}
        return replace(recipe, env={**recipe.env, **pairs})
    if word == "WORKDIR":
        folder = _expand(_unquoted(rest), values)
        return replace(recipe, working_dir=_joined(recipe.working_dir, folder).rstrip("/") or "/")
    if word in {"COPY", "ADD"}:
        return _with_copy(recipe, rest, values)
    if word == "RUN":
        return _with_commands(recipe, _expand(" ".join(_words(rest)), values))
    if word == "ENTRYPOINT":
        return replace(recipe, entrypoint=_command(rest), command=())
    if word == "CMD":
        return replace(recipe, command=_command(rest))
    return recipe


def _with_copy(recipe: ImageRecipe, rest: str, values: Mapping[str, str]) -> ImageRecipe:
    parts = _words(rest)
    while parts and parts[0].startswith("--"):
        if parts[0].startswith("--from"):
            # The files of another stage or image are not in the build context.
            return recipe
        parts = parts[1:]
        if parts and parts[0].startswith("["):
            parts = _words(" ".join(parts))
    parts = [_expand(part, values) for part in parts]
    if len(parts) < 2 or any("<<" in part for part in parts):
        return recipe
    *sources, target = parts
    local = tuple(source for source in sources if "://" not in source)
    if target in {".", "./"}:
        target = f"{recipe.working_dir.rstrip('/')}/"
    target = _joined(recipe.working_dir, target)
    return replace(recipe, copies=(*recipe.copies, ImageCopy(local, target))) if local else recipe


def _with_commands(recipe: ImageRecipe, script: str) -> ImageRecipe:
    """Return the recipe with what ``mkdir`` and ``pip install`` of a shell command add."""
    for command in re.split(r"&&|\|\||;|\|", script):
        try:
            if match := _PIP.search(command):
                recipe = _with_packages(recipe, shlex.split(match[1]))
            elif match := _MKDIR.search(command):
                names = [each for each in shlex.split(match[1]) if not each.startswith("-")]
                folders = (_joined(recipe.working_dir, each).rstrip("/") for each in names)
                recipe = replace(recipe, folders=(*recipe.folders, *filter(None, folders)))
        except ValueError:
            # An open quote: the command is left out.
            continue
    return recipe


def _with_packages(recipe: ImageRecipe, arguments: list[str]) -> ImageRecipe:
    requirements, packages = list(recipe.requirements), list(recipe.packages)
    rest = iter(arguments)
    for each in rest:
        if each in {"-r", "--requirement"}:
            requirements.append(_joined(recipe.working_dir, next(rest, "")))
        elif each.startswith(("-r", "--requirement=")):
            name = each.removeprefix("--requirement=").removeprefix("-r")
            requirements.append(_joined(recipe.working_dir, name))
        elif each in _PIP_VALUES:
            next(rest, "")
        elif each != "pip" and not each.startswith(("-", ".", "/", "$", ">")):
            packages.append(each)
    return replace(recipe, requirements=tuple(requirements), packages=tuple(packages))


def _matches(context: Path, source: str) -> Iterator[Path]:
    """Yield the existing files and folders of a build context that a source of COPY names."""
    name = source.strip("/")
    if name in {"", "."}:
        yield context
        return
    if ".." in name.split("/"):
        return
    if any(char in name for char in "*?["):
        try:
            yield from sorted(context.glob(name))
        except (OSError, ValueError):
            return
    elif os.path.lexists(context / name):
        yield context / name


def _joined(folder: str, path: str) -> str:
    """Return an absolute normalized path, with the ``/`` at its end kept."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    joined = "/" + joined.lstrip("/")
    return f"{joined}/" if path.endswith("/") and joined != "/" else joined


def _words(text: str) -> list[str]:
    """Split the arguments of an instruction, which may be a JSON list."""
    text = text.strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return [str(each) for each in found]
    try:
        return shlex.split(text, posix=True) if "'" in text or '"' in text else text.split()
    except ValueError:
        return text.split()


def _command(text: str) -> tuple[str, ...]:
    """Return the command of ENTRYPOINT or CMD; the shell form is run by ``/bin/sh -c``."""
    if text.strip().startswith("["):
        return tuple(_words(text))
    return ("/bin/sh", "-c", text.strip())


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the variables of ENV, in the form ``NAME=value …`` or ``NAME value``."""
    name, _, rest = text.strip().partition(" ")
    if "=" not in name:
        if name:
            yield name, _unquoted(rest)
        return
    try:
        words = shlex.split(text.replace("\\$", "\\\\$"))
    except ValueError:
        words = text.split()
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key:
            yield key, value


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _expand(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+value}``."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        found = values.get(match[2] or match[3], "")
        if match[4] == ":-":
            return found or match[5]
        if match[4] == ":+":
            return match[5] if found else ""
        return found

    return _VARIABLE.sub(value, text)
