"""``/lm/executions`` and their logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from launchpad_tui.domain.execution import Outcome, Status, TargetStatus
from launchpad_tui.domain.filters import ExecutionFilter
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError, InvalidInput
from launchpad_tui.server.api import fields, writing
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry
from launchpad_tui.server.api.errors import Refusal, refusal
from launchpad_tui.services.serving import log_lines

#: AI API: executions of a bulk request; lines of a log in one answer, and where nothing is said
_BULK, _LINES, _LINES_DEFAULT = 100, 5000, 1000
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
    return Answer(
        data=writing.resources(map(writing.execution if whole else writing.execution_status, found))
    )


def _count(call: Call) -> Answer:
    return Answer(text=str(call.desk.serving.count_executions(call.scope, _filter(call))))


def _get(call: Call) -> Answer:
    write = writing.execution_status if call.query.word("$select", "status") else writing.execution
    return Answer(data=write(call.desk.serving.execution(call.scope, call.parts["executionId"])))


def _create(call: Call) -> Answer:
    configuration = fields.text(call.body(), "configurationId")
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
    target = fields.text(call.body(), "targetStatus")
    if target != TargetStatus.STOPPED:
        raise InvalidInput(
            f"targetStatus cannot be {target[:40]!r}", hint="STOPPED only.", field="targetStatus"
        )
    return _changed(call, TargetStatus.STOPPED)


def _delete(call: Call) -> Answer:
    return _changed(call, TargetStatus.DELETED)


def _changed(call: Call, target: TargetStatus) -> Answer:
    outcome = _change(call, call.parts["executionId"], target)
    if outcome.error is not None:
        raise outcome.error
    return Answer(202, {"id": outcome.id, "message": _SAID[target]})


def _bulk(call: Call) -> Answer:
    wanted = _bulk_items(call)
    answers: list[writing.Json] = []
    for execution_id, target in wanted:
        outcome = _change(call, execution_id, target)
        if outcome.error is None:
            answers.append({"id": execution_id, "message": _SAID[target]})
        else:
            body = refusal(outcome.error, conflict=412).body(
                call.request_id, f"{call.path}/{execution_id}"
            )
            answers.append({"id": execution_id, **body})
    return Answer(202, {"executions": answers})


def _bulk_items(call: Call) -> Sequence[tuple[str, TargetStatus]]:
    found = fields.objects(call.body(), "executions", _BULK)
    if not found:
        raise InvalidInput("executions is empty", f"1 to {_BULK} are taken.", field="executions")
    items: list[tuple[str, TargetStatus]] = []
    for each in found:
        execution_id, target = fields.identity(each, "id"), fields.text(each, "targetStatus")
        if target not in {TargetStatus.STOPPED, TargetStatus.DELETED}:
            hint = "STOPPED or DELETED."
            raise InvalidInput(
                f"targetStatus cannot be {target[:40]!r}", hint=hint, field="targetStatus"
            )
        items.append((execution_id, TargetStatus(target)))
    if len(set(items)) < len(items):
        raise InvalidInput("executions has the same entry twice", field="executions")
    return items


def _logs(call: Call) -> Answer:
    at, query = now(), call.query
    start, end = query.moment("start", at - timedelta(hours=1)), query.moment("end", at)
    limit = query.number("$top", _LINES_DEFAULT, 1, _LINES)
    newest_first = query.word("$order", "asc", "desc") == "desc"
    execution_id = call.parts["executionId"]
    log = call.desk.executions.log(call.scope, execution_id)
    lines = log_lines(log, start, end, limit, newest_first)
    return Answer(
        data={"data": {"result": [writing.log_line(line, execution_id) for line in lines]}}
    )


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
