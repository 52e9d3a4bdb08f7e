"""Maps the container's paths on nodes, which may differ from the machine that submits jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from launchpad_tui.records import replace
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.sandbox import Launch, Namespaces, nested_links, rewritten


class NodePaths:
    """A private view of the file system where the node allows it; otherwise replaced paths.

    The node decides when the job starts.
    """

    name = "the node"
    note = "by a private view of the file system where the node allows it, or by replacing them"
    has_view = True

    def wrap(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
        scratch: Path,
    ) -> Launch:
        """Return the command for both methods. Raises InvalidInput."""

        def real(text: str) -> str:
            return rewritten(text, mounts)

        changed = {name: value if name == "PATH" else real(value) for name, value in env.items()}
        return replace(
            Namespaces().wrap(argv, env, cwd, mounts, scratch),
            rewritten=Launch(tuple(real(item) for item in argv), changed, real(cwd)),
            links=tuple(nested_links(mounts)),
        )
