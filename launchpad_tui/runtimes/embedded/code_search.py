"""Finds the code of a workflow template, which a container image would contain.

The commands name scripts by their paths in the container. The code is searched in the folder of the
template and then in each parent folder up to the root of the checkout. The first folder decides
that has such a script itself, or exactly one subfolder with it. If several subfolders have it, the
search stops: the user selects one of them in the settings of the executable. The Dockerfile that
copies the scripts to the named paths is used to tell subfolders apart, and describes paths that
differ from those in the checkout.
"""

from __future__ import annotations

import os
import posixpath
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.dockerfile import ImageRecipe, read_dockerfile
from launchpad_tui.runtimes.embedded.script_names import ScriptName, script_names
from launchpad_tui.runtimes.embedded.template_model import Template, Workflow

#: names of folders that contain no code of the user
GENERATED_FOLDERS = frozenset(
    (
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        "node_modules",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        "site-packages",
    )
)
#: the maximum number of folders and files that are searched, and of Dockerfiles that are read
_FOLDER_LIMIT, _FILE_LIMIT, _DOCKERFILE_LIMIT = 5_000, 100_000, 200
#: files that mark the root of a project without version control
_ROOT_MARKERS = ("README.md", "README", "README.rst", "LICENSE", "pyproject.toml", "setup.py")
#: the number of parent folders in which such a file is searched
_ROOT_LEVELS = 6


@record
class CodeLocation:
    """The code of one or several containers.

    Args:
        folder: the folder with the code.
        path: the path of the folder in the container; empty if it is not known.
        image: the Dockerfile that copies the scripts; None if there is none.
        context: its build context.
        scripts: the scripts that were searched.
        missing: those that were not found.
        candidates: the folders of which the user has to select one.
    """

    folder: Path
    path: str = ""
    image: ImageRecipe | None = None
    context: Path | None = None
    scripts: tuple[ScriptName, ...] = ()
    missing: tuple[ScriptName, ...] = ()
    candidates: tuple[Path, ...] = ()

    @property
    def working_dir(self) -> str:
        """The working directory that the Dockerfile sets; empty if there is no Dockerfile."""
        return self.image.working_dir if self.image is not None else ""


@dataclass(slots=True)
class Checkout:
    """The folders of a checkout in which code is searched, read once.

    ``files`` are the paths of files by their names, ``dockerfiles`` the contents of Dockerfiles.
    """

    root: Path
    files: dict[str, list[Path]] = field(default_factory=dict)
    dockerfiles: list[ImageRecipe] = field(default_factory=list)

    @classmethod
    def read(cls, root: Path) -> Checkout:
        """Read the names of the files and the Dockerfiles below a folder."""
        found, count = cls(root), 0
        for number, (top, folders, files) in enumerate(os.walk(root)):
            folders[:] = sorted(name for name in folders if name not in GENERATED_FOLDERS)
            count += len(files)
            if number >= _FOLDER_LIMIT or count > _FILE_LIMIT:
                break
            for name in sorted(files):
                found.files.setdefault(name, []).append(Path(top, name))
                if _is_dockerfile(name) and len(found.dockerfiles) < _DOCKERFILE_LIMIT:
                    recipe = read_dockerfile(Path(top, name))
                    if recipe is not None:
                        found.dockerfiles.append(recipe)
        return found


def checkout_root(folder: Path) -> Path:
    """Return the root of the checkout of a folder.

    Without version control, it is the topmost of the nearest parent folders with a README or a
    similar file, as in an unpacked archive; the folder itself if there is none.
    """
    folder = folder.resolve()
    for parent in (folder, *folder.parents):
        if any((parent / name).exists() for name in (".git", ".hg", ".svn")):
            return parent
    home, found = Path.home(), folder
    for parent in (folder, *folder.parents)[: _ROOT_LEVELS + 1]:
        if parent in {home, *home.parents}:
            break
        if any((parent / name).is_file() for name in _ROOT_MARKERS):
            found = parent
    return found


def locate_code(
    workflow: Workflow,
    source: str,
    selected: str,
    checkouts: dict[Path, Checkout] | None = None,
) -> dict[str, CodeLocation]:
    """Return the location of the code by the name of the template with a container.

    Args:
        workflow: the workflow.
        source: the file of the workflow template.
        selected: the code folder in the settings of the executable; empty to search it.
        checkouts: keeps the checkouts that were read, for other workflows of the same checkout.

    Raises:
        ConfigError: the folder does not exist.
    """
    if selected:
        folder = Path(selected).expanduser()
        if not folder.is_dir():
            raise ConfigError(
                "The code folder does not exist",
                selected,
                "Change code in the executable's settings.",
            )
        return use_folder(workflow.leaves, folder)
    folder = Path(source).parent
    if not source or not folder.is_dir():
        hint = "Add the executable again from its current folder, or set its code folder."
        raise ConfigError("The folder of the workflow template does not exist", str(folder), hint)
    return find_code(workflow.leaves, folder, checkouts)


def container_path(workflow: Workflow, location: CodeLocation) -> str:
    """Return the path of a code folder in the container; empty if it is not known."""
    if workflow.code_path:
        return workflow.code_path.rstrip("/")
    if location.path or location.image is not None:
        return location.path
    for leaf in workflow.leaves:
        folder = leaf.container.working_dir if leaf.container else ""
        if folder and not os.path.isdir(folder):
            return folder.rstrip("/")
    return ""


def find_code(
    leaves: Sequence[Template], folder: Path, checkouts: dict[Path, Checkout] | None = None
) -> dict[str, CodeLocation]:
    """Return the location of the code by the name of the template.

    Args:
        leaves: the templates with a container.
        folder: the folder of the workflow template.
        checkouts: keeps the checkouts that were read.
    """
    folder = folder.resolve()
    root = checkout_root(folder)
    checkout = (checkouts or {}).get(root) or Checkout.read(root)
    if checkouts is not None:
        checkouts[root] = checkout
    return _find(leaves, folder, checkout) | _default_commands(leaves, folder, checkout)


def _default_commands(
    leaves: Sequence[Template], folder: Path, checkout: Checkout
) -> dict[str, CodeLocation]:
    """Return the location of the containers without a command: the nearest Dockerfile with one."""
    names = [leaf.name for leaf in leaves if leaf.container and not leaf.container.command]
    if not names:
        return {}
    for level in _levels(folder, checkout):
        found = [
            recipe
            for recipe in checkout.dockerfiles
            if recipe.file.is_relative_to(level) and (recipe.entrypoint or recipe.command)
        ]
        if len(found) == 1:
            context = found[0].context(checkout.root)
            return dict.fromkeys(names, CodeLocation(found[0].file.parent, "", found[0], context))
        if found:
            break
    return {}


def _levels(folder: Path, checkout: Checkout) -> list[Path]:
    """Return a folder and its parents up to the root of the checkout."""
    levels = [folder, *folder.parents]
    return levels[: levels.index(checkout.root) + 1] if checkout.root in levels else [folder]


def _find(leaves: Sequence[Template], folder: Path, checkout: Checkout) -> dict[str, CodeLocation]:
    names = {leaf.name: _named_scripts(leaf) for leaf in leaves}
    every = _unique(script for scripts in names.values() for script in scripts)
    together = _search(every, folder, checkout)
    if not together.missing and not together.candidates:
        return dict.fromkeys(names, together)
    # The steps may have different images.
    apart = {name: _search(scripts, folder, checkout) for name, scripts in names.items()}
    if all(not each.missing and not each.candidates for each in apart.values()):
        return apart
    return dict.fromkeys(names, together)


def use_folder(leaves: Sequence[Template], selected: Path) -> dict[str, CodeLocation]:
    """Return the location of the code in a folder that the user has selected."""
    every = _unique(script for leaf in leaves for script in _named_scripts(leaf))
    selected = selected.resolve()
    inside = Checkout.read(selected)
    found = _in_folder(every, selected) or CodeLocation(selected)
    outer = Checkout(selected, inside.files, [*inside.dockerfiles, *_dockerfiles_above(selected)])
    missing = [script for script in _missing(every, found, outer) if script.required]
    location = replace(found, scripts=tuple(every), missing=tuple(missing))
    found_image = dict.fromkeys((leaf.name for leaf in leaves), _with_image(location, outer))
    return found_image | _default_commands(leaves, selected, outer)


def _dockerfiles_above(folder: Path) -> Iterator[ImageRecipe]:
    root = checkout_root(folder)
    for parent in folder.parents:
        if not parent.is_relative_to(root):
            return
        for file in sorted(parent.iterdir()) if parent.is_dir() else ():
            if _is_dockerfile(file.name) and (recipe := read_dockerfile(file)) is not None:
                yield recipe


def _is_dockerfile(name: str) -> bool:
    lower = name.lower()
    return (
        lower in {"dockerfile", "containerfile"}
        or lower.startswith("dockerfile.")
        or (lower.endswith(".dockerfile"))
    )


def _named_scripts(leaf: Template) -> list[ScriptName]:
    """Return the scripts of a template that no artifact contains."""
    if leaf.container is None:
        return []
    taken = [path.rstrip("/") for path in leaf.paths]
    return [
        script
        for script in script_names(leaf.container)
        if not any(
            path == each or path.startswith(f"{each}/") for path in script.paths for each in taken
        )
        and not any(path.startswith("/") and os.path.exists(path) for path in script.paths)
    ]


def _unique(scripts: Iterable[ScriptName]) -> list[ScriptName]:
    return list({script.paths: script for script in scripts}.values())


def _search(scripts: Sequence[ScriptName], folder: Path, checkout: Checkout) -> CodeLocation:
    """Search the scripts in a folder and its parents up to the root of the checkout."""
    wanted = [script for script in scripts if script.required] or list(scripts)
    if not wanted:
        return _with_image(CodeLocation(folder, scripts=tuple(scripts)), checkout)
    for level in _levels(folder, checkout):
        found = _in_folder(wanted, level)
        if found is not None and not _missing(wanted, found, checkout):
            return _with_image(replace(found, scripts=tuple(scripts)), checkout)
        complete = _below(wanted, level, checkout)
        by_image = _by_images(wanted, level, checkout)
        if len(complete) > 1 and len(by_image) == 1:
            complete = [each for each in complete if each.folder == by_image[0].folder] or by_image
        complete = complete or by_image
        if len(complete) == 1:
            return _with_image(replace(complete[0], scripts=tuple(scripts)), checkout)
        if complete:
            return CodeLocation(
                folder,
                scripts=tuple(scripts),
                missing=tuple(wanted),
                candidates=tuple(sorted({each.folder for each in complete})),
            )
        if found is not None:
            missing = tuple(one for one in _missing(wanted, found, checkout) if one.required)
            location = replace(found, scripts=tuple(scripts), missing=missing)
            return _with_image(location, checkout)
    missing = tuple(script for script in wanted if script.required)
    return _with_image(CodeLocation(folder, scripts=tuple(scripts), missing=missing), checkout)


def _in_folder(scripts: Sequence[ScriptName], folder: Path) -> CodeLocation | None:
    """Return the location of a folder that has one of the scripts itself; None if it has none.

    The longest end of a script's path that is a file of the folder is used.
    """
    for script in scripts:
        for path in script.paths:
            parts = path.strip("/").split("/")
            for start in range(0 if script.relative else 1, len(parts)):
                if (folder / "/".join(parts[start:])).is_file():
                    return CodeLocation(folder, "/" + "/".join(parts[:start]) if start else "")
    return None


def _below(scripts: Sequence[ScriptName], level: Path, checkout: Checkout) -> list[CodeLocation]:
    """Return the folders below a folder that have all scripts, those with the longest common ends
    of paths only."""
    found: dict[tuple[Path, str], int] = {}
    for script in scripts:
        for path in script.paths:
            parts = path.strip("/").split("/")
            for file in checkout.files.get(parts[-1], ()):
                if not file.is_relative_to(level):
                    continue
                own = file.relative_to(level).parts
                count, most = 1, len(parts) - (0 if script.relative else 1)
                while count < min(len(own), most) and own[-count - 1] == parts[-count - 1]:
                    count += 1
                start = len(parts) - count
                root = "/" + "/".join(parts[:start]) if start else ""
                folder = level.joinpath(*own[: len(own) - count])
                found[folder, root] = max(found.get((folder, root), 0), count)
    complete = {
        pair: count
        for pair, count in found.items()
        if not _missing(scripts, CodeLocation(*pair), None)
    }
    longest = max(complete.values(), default=0)
    return [CodeLocation(*pair) for pair, count in complete.items() if count == longest]


def _by_images(
    scripts: Sequence[ScriptName], level: Path, checkout: Checkout
) -> list[CodeLocation]:
    """Return the build contexts of the Dockerfiles below a folder that copy all scripts."""
    found: dict[tuple[Path, ...], CodeLocation] = {}
    for recipe in checkout.dockerfiles:
        if not recipe.file.is_relative_to(level):
            continue
        context = recipe.context(checkout.root)
        files = [_in_image(script, recipe, context) for script in scripts]
        if all(files):
            key = tuple(file for file in files if file is not None)
            found.setdefault(key, CodeLocation(recipe.file.parent, "", recipe, context))
    return list(found.values())


def _in_image(script: ScriptName, recipe: ImageRecipe, context: Path) -> Path | None:
    for path in script.paths:
        found = recipe.find(posixpath.normpath(posixpath.join(recipe.working_dir, path)), context)
        if found is not None:
            return found
    return None


def _in_location(script: ScriptName, location: CodeLocation) -> Path | None:
    for path in script.paths:
        absolute = path if path.startswith("/") else f"/{path}"
        if location.path and absolute.startswith(f"{location.path}/"):
            file = location.folder / absolute[len(location.path) + 1 :]
        elif not path.startswith("/") and not location.path:
            file = location.folder / path
        else:
            continue
        if file.is_file():
            return file
    return None


def _missing(
    scripts: Sequence[ScriptName], location: CodeLocation, checkout: Checkout | None
) -> list[ScriptName]:
    """Return the required scripts that are neither in a location nor copied by a Dockerfile."""
    required = [script for script in scripts if script.required] or list(scripts)
    missing = [script for script in required if _in_location(script, location) is None]
    if missing and checkout is not None:
        for recipe in checkout.dockerfiles:
            context = recipe.context(checkout.root)
            if context.is_relative_to(location.folder) or location.folder.is_relative_to(context):
                missing = [one for one in missing if _in_image(one, recipe, context) is None]
    return missing


def _with_image(location: CodeLocation, checkout: Checkout) -> CodeLocation:
    """Return the location with the Dockerfile that copies its scripts, the nearest of several."""
    if location.image is not None:
        return location
    best: tuple[int, ImageRecipe, Path] | None = None
    for recipe in checkout.dockerfiles:
        context = recipe.context(checkout.root)
        wanted = [script for script in location.scripts if script.required] or location.scripts
        files = [(_in_image(one, recipe, context), _in_location(one, location)) for one in wanted]
        beside = recipe.file.parent in {location.folder, location.folder.parent}
        copies = all(copied is not None and own in {None, copied} for copied, own in files)
        if not copies or (not files and not beside):
            continue
        distance = len(os.path.relpath(recipe.file.parent, location.folder).split(os.sep))
        if best is None or distance < best[0]:
            best = (distance, recipe, context)
    return location if best is None else replace(location, image=best[1], context=best[2])


def located_folders(locations: Mapping[str, CodeLocation]) -> list[CodeLocation]:
    """Return the different locations, in the order of the templates."""
    return list({(each.folder, each.path): each for each in locations.values()}.values())


def missing_code(executable_id: str, locations: Mapping[str, CodeLocation]) -> str:
    """Return which scripts were not found and how to set the code folder; empty if all were."""
    for location in locations.values():
        names = ", ".join(script.text for script in location.missing)
        command = f"launchpad executables set {executable_id} code="
        if location.candidates:
            folders = ", ".join(map(str, location.candidates))
            first = shlex.quote(str(location.candidates[0]))
            return f"{names} is in several folders ({folders}). Select one: {command}{first}"
        if location.missing:
            return (
                f"{names} is not in the folder of the template or its checkout. Set the code "
                f"folder: {command}FOLDER"
            )
    return ""
