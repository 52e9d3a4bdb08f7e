"""Models, datasets, result sets and other artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    DESCRIPTION_LIMIT,
    Artifact,
    ArtifactKind,
    check_label,
    check_new_url,
    new_artifact_id,
)
from launchpad_tui.domain.metric import guess_direction
from launchpad_tui.domain.query import Condition, Op, Query, Subject
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, connections, scenarios
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.services.configurations import check_resource_name
from launchpad_tui.services.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.query import ArtifactRow
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.runtimes import Runtimes

#: the executions whose metrics lists show by themselves, and the most series of them that are read
_RECENT, _RECENT_SERIES = 50, 2000


class ArtifactService:
    """Lists, resolves and registers the artifacts of a resource group. Thread-safe."""

    def __init__(
        self,
        registry: Registry,
        runtimes: Callable[[], Runtimes],
    ) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def listing(
        self, scope: Scope, kind: ArtifactKind | None, query: Query
    ) -> Listing[ArtifactRow]:
        """Return the artifacts of a kind (None: of all kinds) that match a query.

        Raises:
            InvalidInput: A condition or the order is not valid; ``field`` names it.
        """
        return Listing(artifact_lister(self._registry, scope, kind, query))

    def get(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return the artifact with this ID. Raises NotFound."""
        return artifacts.artifact(self._registry, scope, artifact_id)

    def resolve(self, scope: Scope, text: str, kind: ArtifactKind | None = None) -> Artifact:
        """Return the artifact with this ID, unique name, or unique ID prefix of at least 4
        characters.

        Raises:
            NotFound: No artifact matches.
            Conflict: Several artifacts match; the detail lists them.
        """
        return artifacts.resolve(self._registry, scope, text, kind)

    def has_name(self, scope: Scope, name: str) -> bool:
        """Return whether an artifact has this name. Raises NotFound for an unknown scope."""
        return artifacts.has_name(self._registry, scope, name)

    def add(
        self,
        scope: Scope,
        kind: ArtifactKind,
        name: str,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
        *,
        restricted: bool = False,
    ) -> Artifact:
        """Register an artifact that no execution has created in the runtime and return it.

        The files at its URL are not read.

        Args:
            restricted: Whether a client of one resource group registers it; access to its files is
                then checked before each use.

        Raises:
            InvalidInput: A value is not valid in the AI API, or the object store of the URL or the
                scenario does not exist.
            NotFound: The connection or the resource group does not exist.
            Unreachable: A remote runtime does not respond. Other errors of runtimes are possible.
        """
        new = self.new(scope, kind, name, url, scenario_id, description, labels)
        return self._runtimes().create_artifact(scope, new, restricted=restricted)

    def others_at(
        self, scope: Scope, kind: ArtifactKind, url: str, besides: str = ""
    ) -> tuple[Artifact, ...]:
        """Return at most three artifacts of a kind with a URL, newest first.

        Args:
            besides: The ID of an artifact that is left out.
        """
        at = Condition(Subject.ATTRIBUTE, "url", Op.EQUALS, url)
        rows = self.listing(scope, kind, Query(conditions=(at,))).slice(0, 4)
        return tuple(row.artifact for row in rows if row.artifact.id != besides)[:3]

    def new(
        self,
        scope: Scope,
        kind: ArtifactKind,
        name: str,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
    ) -> Artifact:
        """Return an artifact with checked values that is not registered yet. Raises as `add`."""
        name = check_resource_name(name)
        parsed = check_new_url(url)
        stores = [store.name for store in connections.stores(self._registry, scope)]
        # Some users may not list the object stores of a remote runtime, so that none is known.
        if stores and parsed.store not in stores:
            raise InvalidInput(
                f"Object store {parsed.store!r} not found",
                f"Object stores of {scope}: {', '.join(stores)}.",
                "Correct the URL (ai://<object store>/<path>), or add the object store first.",
                field="url",
            )
        if len(description) > DESCRIPTION_LIMIT:
            raise InvalidInput(
                "The description is too long",
                f"It has {len(description):,} characters.",
                f"Use at most {DESCRIPTION_LIMIT:,} characters.",
                field="description",
            )
        try:
            scenarios.scenario(self._registry, scope, scenario_id)
        except NotFound as error:
            known = ", ".join(
                scenario.id for scenario in scenarios.scenarios(self._registry, scope)[:20]
            )
            raise InvalidInput(
                f"Scenario {scenario_id[:80]!r} not found",
                f"Scenarios of {scope}: {known or 'none'}.",
                "Select an existing scenario, or add one with: launchpad scenarios add ID",
                field="scenario_id",
            ) from error
        checked = tuple(check_label(key, value) for key, value in labels)
        at = now()
        return Artifact(
            new_artifact_id(),
            name,
            kind,
            str(parsed),
            description,
            scenario_id,
            "",
            checked,
            None,
            at,
            at,
        )

    def metric_keys(self, scope: Scope) -> list[str]:
        """Return the possible metric columns: metric names and series keys, sorted."""
        return artifacts.metric_keys(self._registry, scope)

    def common_metrics(self, scope: Scope, most: int) -> list[str]:
        """Return the keys of the metrics that lists show by themselves, at most ``most``.

        They are those of the newest executions: first metrics of which it is known whether lower or
        higher values are better, those of the training data after others, frequent ones first.
        """
        # Commands that only list do not load the modules of metrics.
        from launchpad_tui.registry import series

        return _ranked(series.recent_keys(self._registry, scope, _RECENT, _RECENT_SERIES), most)

    def metrics_of(self, scope: Scope, execution_ids: Sequence[str], most: int) -> list[str]:
        """Return the keys of the metrics of some executions, ordered as by `common_metrics`."""
        from launchpad_tui.registry import series

        some = execution_ids[:_RECENT]
        return _ranked(series.keys_of(self._registry, scope, some, _RECENT_SERIES), most)

    def models_of(self, scope: Scope, execution_id: str) -> list[Artifact]:
        """Return the models that an execution created."""
        found = artifacts.of_executions(self._registry, scope, [execution_id])
        return [one for one in found if one.kind is ArtifactKind.MODEL]

    def parameter_names(self, scope: Scope) -> list[str]:
        """Return the names of the parameters of all configurations, sorted."""
        return artifacts.parameter_names(self._registry, scope)

    def tag_names(self, scope: Scope) -> list[str]:
        """Return the names of the tags of all executions and models, sorted."""
        return artifacts.tag_names(self._registry, scope)

    def label_keys(self, scope: Scope, kind: ArtifactKind | None = None) -> list[str]:
        """Return the keys of the labels of all artifacts of a kind (None: of all kinds), sorted."""
        return artifacts.label_keys(self._registry, scope, kind)


def _ranked(counts: Mapping[str, int], most: int) -> list[str]:
    """Return keys of metrics by their importance, at most ``most``."""

    def rank(key: str) -> tuple[bool, bool, int, str]:
        return guess_direction(key) is None, "train" in key.lower(), -counts[key], key

    return sorted(counts, key=rank)[:most]
