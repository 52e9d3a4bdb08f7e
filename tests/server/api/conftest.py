"""A server with a template, a dataset and a client, shared by tests that do not damage it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.api.served import SharedServer, serving
from tests.services.execution_support import MAIN, PREPARE, TUTORIAL, Bench, shell_template


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServer]:
    """Return a server with the template of SAP's tutorials, a shell template and a dataset."""
    bench = Bench(tmp_path_factory.mktemp("shared"))
    try:
        bench.add(
            TUTORIAL.format(name="shared-train"),
            files={"src/prepare.py": PREPARE, "src/main.py": MAIN},
        )
        bench.add(
            shell_template("shared-shell", "echo begins; {{workflow.parameters.text}}"),
            "shell.yaml",
        )
        dataset = bench.dataset("rows", {"train.csv": "3\n1\n2\n"})
        with serving(bench.desk.home.root) as server:
            yield SharedServer(server, bench, dataset)
    finally:
        bench.close()
