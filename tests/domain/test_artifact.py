from __future__ import annotations

import pytest

from launchpad_tui.domain.artifact import ArtifactUrl, parse_label, parse_url
from launchpad_tui.errors import InvalidInput


def test_a_url_is_a_store_and_a_path() -> None:
    assert parse_url("ai://default/e1/model/") == ArtifactUrl("default", "e1/model")
    assert str(ArtifactUrl("default", "e1/model")) == "ai://default/e1/model"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3://bucket/x",
        "ai://default",
        "ai://default/",
        "ai:///x",
        "ai://Default/x",
        "ai://default/a/../b",
        "ai://d/./x",
    ],
)
def test_an_invalid_url_is_rejected_with_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_url(text)
    assert caught.value.field == "url"
    assert "ai://default/models/churn" in caught.value.hint


def test_a_url_of_more_than_1024_characters_is_rejected() -> None:
    parse_url("ai://default/" + "x" * 1011)
    with pytest.raises(InvalidInput, match="too long"):
        parse_url("ai://default/" + "x" * 1012)


def test_labels_get_the_prefix() -> None:
    assert parse_label("stage=prod=2") == ("ext.ai.sap.com/stage", "prod=2")
    assert parse_label("ext.ai.sap.com/stage=") == ("ext.ai.sap.com/stage", "")


@pytest.mark.parametrize(
    "text", ["stage", "a b=c", "other.com/x=1", "=x", "k" * 300 + "=1", "k=" + "v" * 5001]
)
def test_invalid_labels_are_rejected(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_label(text)
    assert caught.value.field == "labels"
