"""JSON of applications, which synchronize workflow templates from Git repositories."""

from __future__ import annotations

from launchpad_tui.aiapi import lenient
from launchpad_tui.aiapi.values import JsonObject
from launchpad_tui.domain.repository import TemplateSource, without_credentials

#: the field with the synchronized resources, and its misspelled former name
_RESOURCES = ("syncResourcesStatus", "syncRessourcesStatus")


def parse_application_name(data: JsonObject) -> str:
    """Parse the name of an application in a list."""
    return lenient.required_text(data, "applicationName")


def parse_template_sources(data: JsonObject, application: str) -> dict[str, TemplateSource]:
    """Parse the status of an application.

    Returns:
        The source of each workflow template by its name, which is the ID of its executable.
    """
    source = lenient.child(data, "source")
    found = TemplateSource(
        application,
        without_credentials(lenient.text(source, "repoURL") or lenient.text(source, "repourl")),
        lenient.text(source, "path"),
        lenient.text(source, "revision"),
        lenient.timestamp(data, "syncFinishedAt"),
    )
    resources = next(filter(None, (lenient.objects(data, name) for name in _RESOURCES)), [])
    return {
        lenient.text(each, "name"): found
        for each in resources
        if lenient.text(each, "kind") == "WorkflowTemplate" and lenient.text(each, "name")
    }
