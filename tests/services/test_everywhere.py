"""A search in two connections with several resource groups."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from tests.services import tenant_server


def test_a_search_covers_all_scopes(tmp_path: Path) -> None:
    with tenant_server.serve() as tenant:
        tenant.groups["vision"] = tenant_server.Group()
        tenant.groups["default"].train(1)
        tenant.groups["vision"].train(2)
        tenant.groups["vision"].artifacts.append(tenant_server.artifact(3, "dataset"))
        desk = open_desk(Home.at(tmp_path / "home"))
        desk.connections.add(
            "core", "sap-ai-core", desk.connections.service_key(tenant.service_key)
        )
        core, vision = Scope("core", "default"), Scope("core", "vision")
        desk.sync.sync(core)
        desk.sync.sync(vision)
        desk.scenarios.add_executables(DEFAULT_SCOPE, _template(tmp_path))
        mine = desk.artifacts.add(
            DEFAULT_SCOPE, ArtifactKind.MODEL, "Model of mine", "ai://default/m", "churn"
        )

        found = desk.everywhere.search("model")
        assert {
            (hit.scope, hit.name) for hit in found if hit.artifact and hit.artifact.kind == "model"
        } == {
            (core, "model 1"),
            (vision, "model 2"),
            (DEFAULT_SCOPE, mine.name),
        }
        assert [hit.scope for hit in desk.everywhere.search("DATASET 3")] == [vision]
        # The text is shorter than the trigrams of the index.
        assert {hit.name for hit in desk.everywhere.search("3")} >= {"dataset 3"}
        kinds = [
            hit.artifact.kind if hit.artifact else "execution"
            for hit in desk.everywhere.search("t")
        ]
        assert kinds == sorted(kinds, key=["model", "dataset", "execution"].index)
        assert "execution" in kinds
        assert desk.everywhere.search("  ") == []
        assert desk.everywhere.search("% _ \" ' * NEAR(") == []
        assert len(desk.everywhere.search("model", limit=2)) == 2
        desk.runtimes.close()
        desk.close()


def _template(folder: Path) -> Path:
    from tests.services.execution_support import shell_template

    path = folder / "t.yaml"
    path.write_text(shell_template("shell", "true").replace('"houses"', '"churn"'))
    return path
