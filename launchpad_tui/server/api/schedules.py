"""``/lm/executionSchedules``."""

from __future__ import annotations

from launchpad_tui.aiapi.schedules import parse_schedule_request, serialize_schedule
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry


def _found(call: Call) -> list[Schedule]:
    configuration, status = (
        call.query.id("configurationId"),
        call.query.choice("status", ScheduleStatus),
    )
    newest_first = call.desk.schedules.list(
        call.scope, configuration_id=configuration, status=status
    )
    # Oldest first, as all lists: what is added while somebody reads page by page comes last.
    return newest_first[::-1]


def _list(call: Call) -> Answer:
    top, skip = call.query.page()
    return Answer(data=resource_list(map(serialize_schedule, _found(call)[skip : skip + top])))


def _count(call: Call) -> Answer:
    return Answer(text=str(len(_found(call))))


def _get(call: Call) -> Answer:
    return Answer(
        data=serialize_schedule(
            call.desk.schedules.get(call.scope, call.parts["executionScheduleId"])
        )
    )


def _create(call: Call) -> Answer:
    new = parse_schedule_request(call.body(), new=True)
    made = call.desk.schedules.create(
        call.scope, new.name, new.cron, new.configuration_id, new.start, new.end
    )
    return Answer(
        202,
        {"id": made.id, "message": "Execution Schedule created"},
        headers=call.created("/lm/executionSchedules", made.id),
    )


def _change(call: Call) -> Answer:
    body = call.body()
    schedule_id = call.desk.schedules.get(call.scope, call.parts["executionScheduleId"]).id
    changes = parse_schedule_request(body)
    try:
        call.desk.schedules.change(
            call.scope,
            schedule_id,
            cron=changes.cron or None,
            configuration_id=changes.configuration_id or None,
            status=changes.status,
            start=changes.start,
            end=changes.end,
        )
    except NotFound as error:
        raise InvalidInput(error.title, error.detail, field="configurationId") from error
    return Answer(202, {"id": schedule_id, "message": "Execution Schedule modified"})


def _delete(call: Call) -> Answer:
    schedule_id = call.parts["executionScheduleId"]
    call.desk.schedules.delete(call.scope, schedule_id)
    return Answer(202, {"id": schedule_id, "message": "Execution Schedule deleted"})


_ONE = "/lm/executionSchedules/{executionScheduleId}"
ENTRIES: Entries = (
    Entry("GET", "/lm/executionSchedules/$count", _count),
    Entry("GET", "/lm/executionSchedules", _list),
    Entry("POST", "/lm/executionSchedules", _create, missing=400, conflict=400),
    Entry("GET", _ONE, _get),
    Entry("PATCH", _ONE, _change, conflict=400),
    Entry("DELETE", _ONE, _delete),
)
