"""Models, datasets, result sets and other artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    DESCRIPTION_LIMIT,
    Artifact,
    ArtifactKind,
    check_label,
    new_artifact_id,
    parse_url,
)
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import ArtifactRow, Query
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, connections, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.services.configurations import check_resource_name
from launchpad_tui.services.listing import Listing

if TYPE_CHECKING:
    from launchpad_tui.services.runtimes import Runtimes


class ArtifactService:
    """Artifacts of a resource group. Safe for threads."""

    def __init__(
        self,
        registry: Registry,
        runtimes: Runtimes,
    ) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def listing(
        self, scope: Scope, kind: ArtifactKind | None, query: Query
    ) -> Listing[ArtifactRow]:
        """The artifacts of a kind (None: of all) that the query wants.

        Raises:
            InvalidInput: a condition or the order is wrong; ``field`` names it.
        """
        return Listing(artifact_lister(self._registry, scope, kind, query))

    def get(self, scope: Scope, artifact_id: str) -> Artifact:
        """The artifact with this ID. Raises NotFound."""
        return artifacts.artifact(self._registry, scope, artifact_id)

    def resolve(self, scope: Scope, text: str, kind: ArtifactKind | None = None) -> Artifact:
        """The artifact that has this ID, unique name, or unique ID prefix of at least 4 characters.

        Raises:
            NotFound: none.
            Conflict: several; the detail lists them.
        """
        return artifacts.resolve(self._registry, scope, text, kind)

    def add(
        self,
        scope: Scope,
        kind: ArtifactKind,
        name: str,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
    ) -> Artifact:
        """Register an artifact that no execution of launchpad made, at the scope's runtime. Its files are not read.

        Raises:
            Unreachable and others: a runtime elsewhere does not take it.
            InvalidInput: a value breaks the AI API's rules, or the URL's object store or the scenario is unknown.
            NotFound: there is no such scope.
        """
        new = self.new(scope, kind, name, url, scenario_id, description, labels)
        return self._runtimes.create_artifact(scope, new)

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
        """An artifact that could be registered, and is not yet. Raises as `add`."""
        name = check_resource_name(name)
        parsed = parse_url(url)
        stores = [store.name for store in connections.stores(self._registry, scope)]
        # Some users may not list the object stores of a remote runtime, so that none is known.
        if stores and parsed.store not in stores:
            hint = f"Object stores of {scope}: {', '.join(stores) or 'none'}."
            raise InvalidInput(f"There is no object store {parsed.store!r}", hint=hint, field="url")
        if len(description) > DESCRIPTION_LIMIT:
            detail = f"{len(description)} characters; at most {DESCRIPTION_LIMIT}."
            raise InvalidInput("The description is too long", detail, field="description")
        try:
            scenarios.scenario(self._registry, scope, scenario_id)
        except NotFound as error:
            known = ", ".join(
                scenario.id for scenario in scenarios.scenarios(self._registry, scope)[:20]
            )
            raise InvalidInput(
                f"There is no scenario {scenario_id[:80]!r}",
                hint=f"Scenarios: {known or 'none'}.",
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
        """What can be a metric column: bare metric names and series keys, sorted."""
        return artifacts.metric_keys(self._registry, scope)

    def parameter_names(self, scope: Scope) -> list[str]:
        """The names of all parameters that configurations bind, sorted."""
        return artifacts.parameter_names(self._registry, scope)

    def label_keys(self, scope: Scope, kind: ArtifactKind | None = None) -> list[str]:
        """The keys of all labels of artifacts of a kind, sorted."""
        return artifacts.label_keys(self._registry, scope, kind)
