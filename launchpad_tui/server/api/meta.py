"""The endpoint ``/lm/meta``: what this runtime can do."""

from __future__ import annotations

from launchpad_tui.aiapi.meta import API_VERSION, RuntimeMeta, serialize_meta
from launchpad_tui.server.api import authorization, files
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints

_META = RuntimeMeta("launchpad", API_VERSION, API_VERSION, schedules=True, bulk=True, files=True)


def _meta(_request: ApiRequest) -> ApiResponse:
    description = "Runs workflow templates as processes of this machine"
    return ApiResponse(data=serialize_meta(_META, description, files.LIMIT))


ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/meta", _meta, authorization.shared_by_all, tenant_wide=True),
)
