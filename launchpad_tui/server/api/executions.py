"""``/lm/executions`` and their logs."""

from __future__ import annotations

from datetime import timedelta

from launchpad_tui.aiapi.executions import (
    parse_new_execution,
    parse_target_status,
    parse_target_statuses,
    serialize_execution,
    serialize_execution_status,
    serialize_log,
)
from launchpad_tui.aiapi.values import Json, resource_list
from launchpad_tui.domain.execution import Outcome, Status, TargetStatus
from launchpad_tui.domain.filters import ExecutionFilter
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry
from launchpad_tui.server.api.errors import Refusal, refusal
from launchpad_tui.services.serving import ServedExecution, log_lines

#: the API's maximum number of log lines in one response, and its default
_LINES, _LINES_DEFAULT = 5000, 1000
_SAID = {
    TargetStatus.STOPPED: "Execution modification scheduled",
    TargetStatus.DELETED: "Deletion scheduled",
}


def _filter(call: Call) -> ExecutionFilter:
    query = call.query
    return ExecutionFilter(
        query.id("scenarioId", short=True),
        query.ids("executableIds"),
        query.id("configurationId"),
        query.id("executionScheduleId"),
        query.choice("status", Status),
    )


def _list(call: Call) -> Answer:
    wanted = _filter(call)
    whole = not call.query.word("$select", "status")
    found = call.desk.serving.executions(call.scope, wanted, *call.query.page(), outputs=whole)
    return Answer(data=resource_list(_serialize(each, whole) for each in found))


def _serialize(served: ServedExecution, whole: bool) -> Json:
    if whole:
        return serialize_execution(served.execution, served.outputs)
    return serialize_execution_status(served.execution)


def _count(call: Call) -> Answer:
    return Answer(text=str(call.desk.serving.count_executions(call.scope, _filter(call))))


def _get(call: Call) -> Answer:
    whole = not call.query.word("$select", "status")
    found = call.desk.serving.execution(call.scope, call.parts["executionId"])
    return Answer(data=_serialize(found, whole))


def _create(call: Call) -> Answer:
    configuration = parse_new_execution(call.body())
    try:
        made = call.desk.executions.create(call.scope, configuration)
    except ConfigError as error:
        # A secret that the template names is not there: for its caller the configuration cannot be executed.
        raise Refusal(
            400, f"{error.title}. {error.hint}".strip(), field="configurationId"
        ) from error
    return Answer(
        202,
        {
            "id": made.id,
            "message": "Execution scheduled",
            "status": str(Status.UNKNOWN),
            "targetStatus": str(TargetStatus.COMPLETED),
        },
        headers=call.created("/lm/executions", made.id),
    )


def _change(call: Call, execution_id: str, target: TargetStatus) -> Outcome:
    service = call.desk.executions
    (outcome,) = (service.stop if target is TargetStatus.STOPPED else service.delete)(
        call.scope, [execution_id]
    )
    return outcome


def _stop(call: Call) -> Answer:
    return _changed(call, parse_target_status(call.body(), TargetStatus.STOPPED))


def _delete(call: Call) -> Answer:
    return _changed(call, TargetStatus.DELETED)


def _changed(call: Call, target: TargetStatus) -> Answer:
    outcome = _change(call, call.parts["executionId"], target)
    if outcome.error is not None:
        raise outcome.error
    return Answer(202, {"id": outcome.id, "message": _SAID[target]})


def _bulk(call: Call) -> Answer:
    answers: list[Json] = []
    for execution_id, target in parse_target_statuses(call.body()):
        outcome = _change(call, execution_id, target)
        if outcome.error is None:
            answers.append({"id": execution_id, "message": _SAID[target]})
        else:
            body = refusal(outcome.error, conflict=412).body(
                call.request_id, f"{call.path}/{execution_id}"
            )
            answers.append({"id": execution_id, **body})
    return Answer(202, {"executions": answers})


def _logs(call: Call) -> Answer:
    at, query = now(), call.query
    start, end = query.moment("start", at - timedelta(hours=1)), query.moment("end", at)
    limit = query.number("$top", _LINES_DEFAULT, 1, _LINES)
    newest_first = query.word("$order", "asc", "desc") == "desc"
    execution_id = call.parts["executionId"]
    log = call.desk.executions.log(call.scope, execution_id)
    lines = log_lines(log, start, end, limit, newest_first)
    return Answer(data=serialize_log(lines, execution_id))


_ONE = "/lm/executions/{executionId}"
ENTRIES: Entries = (
    Entry("GET", "/lm/executions/$count", _count),
    Entry("GET", "/lm/executions", _list),
    Entry("POST", "/lm/executions", _create, missing=400, conflict=400),
    Entry("PATCH", "/lm/executions", _bulk, conflict=412),
    Entry("GET", _ONE, _get),
    Entry("PATCH", _ONE, _stop, conflict=412),
    Entry("DELETE", _ONE, _delete, conflict=412),
    Entry("GET", f"{_ONE}/logs", _logs),
)
