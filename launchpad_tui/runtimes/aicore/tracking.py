"""Metrics, tags and custom info of executions (``/lm/metrics``)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from launchpad_tui.aiapi.metrics import (
    MetricRequest,
    parse_metric_resource,
    serialize_metric_request,
)
from launchpad_tui.domain.metric import POINTS_PER_REQUEST, CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.aicore.base import MERGE_PATCH, Base, chunks

_METRICS = "/lm/metrics"
#: the API: executions of one request, and results of one
_EXECUTIONS, _TOP = 10, 10_000


class Tracking(Base):
    """The part of the client that deals with metrics."""

    def metrics(
        self, execution_ids: Sequence[str], select: Sequence[str] = ()
    ) -> Iterator[MetricResource]:
        """What these executions logged, 10 of them a request; one that logged nothing does not come.

        Args:
            select: of ``metrics``, ``tags``, ``customInfo``; empty for all.

        Raises:
            CapabilityMissing: the runtime keeps none.
        """
        for piece in chunks(execution_ids, _EXECUTIONS):
            query = {"executionIds": list(piece), "$select": list(select), "$top": _TOP}
            yield from self._list(_METRICS, parse_metric_resource, query)

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        """Add to what an execution logged, at most 1000 metrics a request. Never sent twice, since points accumulate.

        Raises:
            InvalidInput: a value is not finite, which the API cannot take.
            RuntimeRejected: a limit is passed (code 02000005).
        """
        for one in metrics:
            if not math.isfinite(one.value):
                title = f"The AI API takes no {one.value} of metric {one.name[:80]!r}"
                raise InvalidInput(
                    title, f"At step {one.step}.", "Its metrics are finite numbers.", field="value"
                )
        pieces = [
            metrics[at : at + POINTS_PER_REQUEST]
            for at in range(0, len(metrics), POINTS_PER_REQUEST)
        ]
        for place, piece in enumerate(pieces or [()]):
            request = (
                MetricRequest(piece, tags, custom_info) if place == 0 else MetricRequest(piece)
            )
            body = serialize_metric_request(execution_id, request)
            if len(body) > 1:
                self.http.call(
                    "PATCH",
                    _METRICS,
                    group=self.resource_group,
                    body=body,
                    content_type=MERGE_PATCH,
                    again=False,
                )

    def delete_metrics(self, execution_id: str) -> None:
        """Delete all that an execution logged. Raises NotFound."""
        query = {"executionId": execution_id}
        self.http.call(
            "DELETE", _METRICS, query, group=self.resource_group, again=True, done=(404,)
        )
