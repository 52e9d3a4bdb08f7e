"""Rendering of Markdown as lines of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.markdown import (
    heading_anchors,
    link_targets,
    plain_markdown,
    render_markdown,
)
from launchpad_tui.domain.text import cell_width, safe_text

PAGE = """\
<!-- a comment
over two lines -->
# Object *stores*

A paragraph over
two lines with `code`, **strong text** and a [link](stores.md#kinds).

- first
- second item that is
  continued
1. numbered

> a quote

```
launchpad stores list   --json
```

| Kind | Fields |
|---|:---:|
| `file` | root \\| more |
| s3 | |
"""


def test_blocks_become_lines() -> None:
    assert plain_markdown(PAGE, 40) == [
        "Object stores",
        "",
        "A paragraph over two lines with `code`,",
        "strong text and a link.",
        "",
        "- first",
        "- second item that is continued",
        "1. numbered",
        "",
        "  a quote",
        "",
        "  launchpad stores list   --json",
        "",
        "Kind    Fields",
        "------  -----------",
        "`file`  root | more",
        "s3",
    ]


def test_spans_have_roles() -> None:
    heading, _, paragraph, *_ = render_markdown("# Title\n\nA `key`, **strong**, [a](b.md)", 80)
    assert heading == [("Title", "heading")]
    assert paragraph == [
        ("A ", "text"),
        ("key", "code"),
        (", ", "text"),
        ("strong", "strong"),
        (", ", "text"),
        ("a", "link"),
    ]


def test_wide_tables_are_wrapped_in_their_cells() -> None:
    table = f"| Name | Meaning |\n|---|---|\n| one | {'many words ' * 10}|\n"
    lines = plain_markdown(table, 40)
    assert max(map(len, lines)) <= 40
    assert (
        " ".join(" ".join(line[4:].split()) for line in lines[2:]) == ("many words " * 10).strip()
    )


def test_tables_of_many_columns_become_lists_where_their_words_would_be_broken() -> None:
    table = (
        "| Kind | Title | Fields | Installation |\n|---|---|---|---|\n"
        "| s3 | Amazon S3 | secret_access_key, session_token_of_sts | |\n"
        "| oss | Alibaba OSS | credentials_file | pip install launchpad |\n"
    )
    assert plain_markdown(table, 100)[0].split() == ["Kind", "Title", "Fields", "Installation"]
    assert plain_markdown(table, 38) == [
        "s3",
        "  Title         Amazon S3",
        "  Fields        secret_access_key,",
        "                session_token_of_sts",
        "",
        "oss",
        "  Title         Alibaba OSS",
        "  Fields        credentials_file",
        "  Installation  pip install launchpad",
    ]


def test_columns_with_short_words_become_narrow_first() -> None:
    table = f"| Name | Meaning |\n|---|---|\n| a_name_of_one_long_word | {'short words ' * 5}|\n"
    assert plain_markdown(table, 44)[2].startswith("a_name_of_one_long_word  short words short")


def test_links_to_other_sites_show_their_address() -> None:
    assert plain_markdown("[docs](https://example.com/a)", 80) == ["docs (https://example.com/a)"]


def test_markup_in_code_is_not_markup() -> None:
    assert plain_markdown("`*.csv` and `a|b`\n\n```\n# no heading\n```", 80) == [
        "`*.csv` and `a|b`",
        "",
        "  # no heading",
    ]


def test_control_characters_are_visible() -> None:
    assert "\x1b" not in "".join(plain_markdown("a \x1b[31m b\n\n```\n\x1b[2J\n```", 80))


def test_links_and_anchors() -> None:
    page = "# One: two!\n\n[a](x.md) `[b](y.md)`\n\n```\n# Not one\n[c](z.md)\n```\n![p](p.svg)\n"
    assert link_targets(page) == ["x.md", "p.svg"]
    assert heading_anchors(page) == {"one-two"}


@given(st.text(alphabet="ab *`#|-[]()<>\n!.1漢\x1b", max_size=200), st.integers(0, 60))
def test_any_text_is_rendered_within_the_width(text: str, width: int) -> None:
    for line in render_markdown(text, width):
        joined = "".join(part for part, _ in line)
        assert joined == safe_text(joined)
        if not any(role == "code" for _, role in line) and "|" not in text:
            assert cell_width(joined) <= max(20, width)


@pytest.mark.parametrize("width", [20, 80, 200])
def test_the_words_of_a_paragraph_are_kept(width: int) -> None:
    text = " ".join(f"word{number}" for number in range(100))
    assert " ".join(plain_markdown(text, width)) == text
