"""SAP's unmodified client, in a separate process, against the tracking endpoint."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launchpad_tui.server.tracking import tracking_endpoint
from tests.server.file_sink import EXECUTION, FileSink

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ai_core_sdk") is None, reason="requires sap-ai-sdk-core"
)

TRAINING = """
import threading, time
from datetime import datetime, timezone
from ai_core_sdk.exception import AIAPIInvalidRequestException, AIAPIServerException
from ai_core_sdk.models import Metric, MetricCustomInfo, MetricLabel, MetricTag
from ai_core_sdk.tracking import Tracking

tracking = Tracking()
now = datetime.now(timezone.utc)
start = time.perf_counter()
for step in range(300):
    labels = [MetricLabel(name="phase", value="train")]
    loss = Metric(name="loss", value=1 / (step + 1), timestamp=now, step=step, labels=labels)
    tracking.log_metrics([loss])
print(f"{300 / (time.perf_counter() - start):.0f} calls/s")
tracking.log_metrics([Metric(name="Error Rate", value=1, timestamp=None)], artifact_name="churn")
tracking.set_tags([MetricTag(name="Artifact Group", value="RFC-1"), MetricTag(name="b", value="1")])
tracking.set_tags([MetricTag(name="b", value="2")])
info = MetricCustomInfo(name="Confusion Matrix", value="[{'Predicted': 'False'}]")
tracking.set_custom_info([info])
f1 = Metric(name="f1", value=0.5, timestamp=now)
tracking.modify(metrics=[f1], tags=[MetricTag(name="c", value="3")])

def log(number):
    for step in range(40):
        metric = Metric(name=f"thread {number}", value=step, timestamp=now, step=step)
        Tracking().log_metrics([metric])

threads = [threading.Thread(target=log, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]

import os
mine = os.environ["AICORE_EXECUTION_ID"]
found = tracking.query(execution_ids=[mine])
assert found.count == 1
resource = found.resources[0]
assert resource.execution_id == mine
assert len(resource.metrics) == 300 + 1 + 1 + 160, len(resource.metrics)
assert [m.step for m in resource.metrics if m.name == "loss"] == list(range(300))
assert resource.metrics[0].labels[0].value == "train"
assert abs((resource.metrics[0].timestamp - now).total_seconds()) < 1
assert {t.name: t.value for t in resource.tags} == {"Artifact Group": "RFC-1", "b": "2", "c": "3"}
assert resource.custom_info[0].name == "Confusion Matrix"
rate = next(m for m in resource.metrics if m.name == "Error Rate")
assert rate.labels[0].name == "metrics.ai.sap.com/Artifact.name" and rate.labels[0].value == "churn"
assert tracking.query(execution_ids=[mine], select=["tags"]).resources[0].metrics is None
try:
    tracking.log_metrics([Metric(name="!", value=1, timestamp=now)])
except AIAPIInvalidRequestException as error:
    assert "metric name" in error.error_message, error.error_message
else:
    raise SystemExit("an invalid name was accepted")
try:
    tracking.log_metrics([Metric(name="a", value=1, timestamp=now)] * 1001)
except AIAPIServerException as error:
    assert (error.status_code, error.error_code) == (413, "02000005")
else:
    raise SystemExit("1001 metrics were accepted")
tracking.delete(execution_id=mine)
assert tracking.query(execution_ids=[mine]).count == 0
tracking.log_metrics([Metric(name="last", value=1, timestamp=now)])
"""


def test_training_code_for_sap_ai_core_runs_unchanged(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "sink.db")
    with tracking_endpoint(EXECUTION, sink) as base:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AI")
        }
        environment |= {"AICORE_EXECUTION_ID": EXECUTION, "AICORE_TRACKING_ENDPOINT": base}
        done = subprocess.run(
            [sys.executable, "-c", TRAINING],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert [m.name for m in sink.resource().metrics] == ["last"]
