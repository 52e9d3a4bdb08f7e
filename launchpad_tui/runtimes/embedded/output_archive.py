"""Packs an output of an execution into an archive."""

from __future__ import annotations

import contextlib
import tarfile
from pathlib import Path


def archived(path: Path, name: str) -> Path:
    """Create and return the archive ``<name>.tgz`` of an output.

    Argo creates it for outputs without ``archive: none``, too.

    Raises:
        OSError: the archive cannot be written; nothing of it remains.
    """
    target = path.parent / ".archives" / f"{name}.tgz"
    try:
        target.parent.mkdir(exist_ok=True)
        with tarfile.open(target, "w:gz") as archive:
            archive.add(path, arcname=path.name if path.is_file() else name)
    except OSError:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return target
