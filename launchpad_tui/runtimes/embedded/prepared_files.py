"""What was prepared for an execution, for a supervisor that continues it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import write_private
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.mounts import Mount

_FILE = "prepared.json"


@record
class Prepared:
    """The prepared files of an execution.

    Args:
        code: the copies of the code by the name of the template.
        inputs: the folder of each input artifact by the name of the input.
        signatures: the signatures of the inputs by their names.
    """

    code: Mapping[str, CodeView]
    inputs: Mapping[str, Path]
    signatures: Mapping[str, str]


def save_prepared(folder: Path, prepared: Prepared) -> None:
    """Write what was prepared into the folder of the working files.

    Raises:
        StorageFull, ConfigError: the file cannot be written.
    """
    data = {
        "code": {name: asdict(view) for name, view in prepared.code.items()},
        "inputs": dict(prepared.inputs),
        "signatures": dict(prepared.signatures),
    }
    write_private(folder / _FILE, json.dumps(data, default=str).encode())


def load_prepared(folder: Path) -> Prepared | None:
    """Return what `save_prepared` wrote; None if there is nothing."""
    try:
        data = json.loads((folder / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return Prepared(
        {name: _view(each) for name, each in data["code"].items()},
        {name: Path(path) for name, path in data["inputs"].items()},
        data["signatures"],
    )


def _view(data: dict[str, Any]) -> CodeView:
    mounts = tuple(
        Mount(**{**each, "source": Path(each["source"]), "files": tuple(each["files"])})
        for each in data["mounts"]
    )
    return CodeView(
        Path(data["folder"]),
        mounts,
        data["working_dir"],
        data["env"],
        tuple(data["entrypoint"]),
        tuple(data["command"]),
    )


def layout_of(views: Mapping[str, CodeView], base: Path) -> dict[str, Any]:
    """Return the views of the code by the name of the template as JSON, with relative paths."""

    def relative(path: Path) -> str:
        return path.relative_to(base).as_posix()

    found = {}
    for name, view in views.items():
        mounts = [
            {**asdict(each), "source": relative(each.source), "files": list(each.files)}
            for each in view.mounts
        ]
        data = {**asdict(view), "folder": relative(view.folder), "mounts": mounts}
        data["env"] = dict(view.env)
        found[name] = data
    return found


def views_of(layout: Mapping[str, Any], base: Path) -> dict[str, CodeView]:
    """Return the views that `layout_of` described, below another folder."""
    return {
        name: _view(
            {
                **data,
                "folder": base / data["folder"],
                "mounts": [{**each, "source": base / each["source"]} for each in data["mounts"]],
            }
        )
        for name, data in layout.items()
    }
