"""Requests for metrics, tags and custom info of executions (``/lm/metrics``)."""

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
from launchpad_tui.runtimes.aicore.base import MERGE_PATCH, BaseClient, chunks

_METRICS = "/lm/metrics"
#: the API's maximum number of executions in one request, and of metric resources in a response
_EXECUTIONS, _TOP = 10, 10_000


class MetricsClient(BaseClient):
    """The requests for metrics."""

    def metrics(
        self, execution_ids: Sequence[str], select: Sequence[str] = ()
    ) -> Iterator[MetricResource]:
        """Yield what executions logged, 10 executions per request.

        Executions without metrics, tags and custom info are left out.

        Args:
            select: some of ``metrics``, ``tags`` and ``customInfo``; empty for all.

        Raises:
            CapabilityMissing: the runtime stores no metrics.
        """
        for batch in chunks(execution_ids, _EXECUTIONS):
            query = {"executionIds": list(batch), "$select": list(select), "$top": _TOP}
            yield from self._list(_METRICS, parse_metric_resource, query)

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        """Add metrics, tags and custom info to an execution, 1000 metrics per request.

        No request is sent twice, since each one adds points.

        Raises:
            InvalidInput: a value is not finite, which the API does not accept.
            RuntimeRejected: a limit of the API is exceeded (code 02000005).
        """
        for metric in metrics:
            if not math.isfinite(metric.value):
                raise InvalidInput(
                    f"The AI API does not accept the value {metric.value} "
                    f"of the metric {metric.name[:80]!r}",
                    f"It was logged at step {metric.step}.",
                    "Log finite numbers only.",
                    field="value",
                )
        batches = [
            metrics[start : start + POINTS_PER_REQUEST]
            for start in range(0, len(metrics), POINTS_PER_REQUEST)
        ]
        for number, batch in enumerate(batches or [()]):
            # Tags and custom info are sent with the first batch only.
            request = (
                MetricRequest(batch, tags, custom_info) if number == 0 else MetricRequest(batch)
            )
            body = serialize_metric_request(execution_id, request)
            if len(body) > 1:
                self.http.call(
                    "PATCH",
                    _METRICS,
                    group=self.resource_group,
                    body=body,
                    content_type=MERGE_PATCH,
                    repeatable=False,
                )

    def delete_metrics(self, execution_id: str) -> None:
        """Delete the metrics, tags and custom info of an execution. Raises NotFound."""
        query = {"executionId": execution_id}
        self.http.call(
            "DELETE",
            _METRICS,
            query,
            group=self.resource_group,
            repeatable=True,
            done_statuses=(404,),
        )
