"""Query parameters of ``/lm/metrics``."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.metric import Tag
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.metric_query import matches_tags, selected_attributes


def test_selected_attributes() -> None:
    everything = frozenset({"metrics", "tags", "customInfo"})
    assert (
        selected_attributes([])
        == selected_attributes(["*"])
        == selected_attributes(["tags,*"])
        == everything
    )
    assert selected_attributes(["metrics,custominfo"]) == {"metrics", "customInfo"}
    with pytest.raises(InvalidInput):
        selected_attributes(["labels"])


def test_tag_filters() -> None:
    tags = (Tag("a", "1"), Tag("b,c", "x=y"))
    assert matches_tags(tags, "a=1,b%2Cc=x%3Dy,a!=2,d!=1,a")
    assert not matches_tags(tags, "a=2")
    assert not matches_tags(tags, "a=1,a!=1")
    assert not matches_tags(tags, "d")
    with pytest.raises(InvalidInput):
        matches_tags(tags, "a," * 101)
