"""Git repositories: their URLs, and the sources of workflow templates in them."""

from __future__ import annotations

import re
from datetime import datetime

from launchpad_tui.records import record

#: user name and password of a URL. Git accepts an ``@`` in both, so the last one ends them
_USER = re.compile(r"(?<=://)[^/\s]*@")
#: a password with a slash that should have been encoded
_USER_WITH_SLASH = re.compile(r"(?<=://)[^/@\s:]*:(?!\d+/)\S*@")
_QUERY = re.compile(r"(://[^?#\s]*)[?#]\S*")


@record
class TemplateSource:
    """The place from which a remote runtime reads a workflow template.

    Args:
        application: the name of the application that synchronizes the template.
        repository: the URL of the Git repository, without credentials.
        path: the folder in the repository.
        revision: the revision that was synchronized, a commit or the name of a branch.
        synced_at: when it was synchronized; None if the runtime does not return it.
    """

    application: str
    repository: str
    path: str
    revision: str
    synced_at: datetime | None


def without_credentials(url: str) -> str:
    """Return the URL of a repository without user name, password, query and fragment."""
    return _QUERY.sub(r"\1", _USER.sub("", _USER_WITH_SLASH.sub("", url)))
