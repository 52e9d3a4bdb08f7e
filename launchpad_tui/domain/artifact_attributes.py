"""What users and evaluations add to artifacts: metrics, parameters, tags and custom info."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.records import field, record

#: the source of values that a user added; other values have the ID of an execution
USER = "user"


class AttributeKind(StrEnum):
    """The kinds of attributes of an artifact."""

    METRIC = "metric"
    PARAMETER = "parameter"
    TAG = "tag"
    INFO = "info"


@record
class ArtifactAttributes:
    """Metrics, parameters, tags and custom info of an artifact.

    Attributes:
        metrics: the points, in the order of logging.
        parameters: the values by name, as text.
    """

    metrics: Sequence[Metric] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[Tag] = ()
    custom_info: Sequence[CustomInfo] = ()

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.metrics or self.parameters or self.tags or self.custom_info)

    @property
    def counts(self) -> str:
        """The numbers as text, such as ``2 metrics and 1 tag``; empty if there are none."""
        numbers = (
            (len({one.name for one in self.metrics}), "metric", "metrics"),
            (len(self.parameters), "parameter", "parameters"),
            (len(self.tags), "tag", "tags"),
            (len(self.custom_info), "custom info entry", "custom info entries"),
        )
        texts = [
            f"{number} {one if number == 1 else many}" for number, one, many in numbers if number
        ]
        return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


#: the sources of added values by part and name; the name of a metric is the key of its series
Sources = Mapping[tuple[AttributeKind, str], str]


def source_lines(sources: Sources) -> list[str]:
    """Return a line for each source of added values, such as ``on this machine: metric f1``."""
    names: dict[str, list[str]] = {}
    for (part, name), source in sources.items():
        names.setdefault(source, []).append(f"{part} {name}")
    return [
        f"{'on this machine' if source == USER else f'by execution {source}'}: {', '.join(some)}"
        for source, some in names.items()
    ]
