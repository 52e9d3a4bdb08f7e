"""``/lm/meta``: what this runtime can do."""

from __future__ import annotations

from launchpad_tui.aiapi.meta import API_VERSION, RuntimeMeta, serialize_meta
from launchpad_tui.server.api import files
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry

_META = RuntimeMeta("launchpad", API_VERSION, API_VERSION, schedules=True, bulk=True, files=True)


def _meta(_call: Call) -> Answer:
    description = "Workflow templates as processes of one machine"
    return Answer(data=serialize_meta(_META, description, files.LIMIT))


ENTRIES: Entries = (Entry("GET", "/lm/meta", _meta, tenant=True),)
