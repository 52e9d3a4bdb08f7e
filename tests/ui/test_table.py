"""The table: paging, cursor and selection by ID, and writing changed cells only."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.geometry import Region

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import PagePart
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.database import Registry
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.columns import Cell, Column, place
from launchpad_tui.ui.widgets.rows import BLOCK, RowCache
from launchpad_tui.ui.widgets.table import VirtualTable
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.seeds import artifact, hostile, models

STYLE = Style(color="blue")


class Numbers:
    """A list of numbers that records the ranges and threads of reads."""

    def __init__(self, count: int, *, indexed: bool = True) -> None:
        self.size = count
        self.indexed = indexed
        self.read: list[tuple[int, int]] = []
        self.threads: set[str] = set()

    def count(self) -> int:
        return self.size

    def at_least(self, most: int) -> tuple[int, bool]:
        return (self.size, True) if self.size <= most or self.indexed else (most, False)

    def position(self, row_id: str) -> int | None:
        return int(row_id) if int(row_id) < self.size else None

    def reach_end(self, rows: int) -> bool:
        return True

    def prepare(self) -> None:
        """Do nothing: no jump takes long."""

    def cancel(self) -> None:
        """Do nothing: no call takes long."""

    def slice(self, start: int, stop: int) -> list[int]:
        self.read.append((start, stop))
        self.threads.add(threading.current_thread().name)
        return list(range(start, min(stop, self.size)))

    def part(self, start: int, stop: int, so_far: PagePart[int] | None = None) -> PagePart[int]:
        return PagePart(tuple(self.slice(start, stop)))


class SlowlyCounted(Numbers):
    """Numbers whose count is not known before an event is set."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.may_count = threading.Event()

    def at_least(self, most: int) -> tuple[int, bool]:
        self.may_count.wait(60)
        return super().at_least(most)


class EndIsFar(Numbers):
    """Numbers whose end is not reached before positions all over the list have been found."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.may_prepare = threading.Event()
        self.prepared = False

    def reach_end(self, rows: int) -> bool:
        assert rows > 0
        return self.prepared

    def prepare(self) -> None:
        self.may_prepare.wait(60)
        self.prepared = True


COLUMNS = (
    Column[int]("name", "Name", lambda n: f"row {n}", 12, 20, 1, sort="name"),
    Column[int]("square", "Square", lambda n: Cell(str(n * n), "dim"), 10, 12, 0, "right"),
)


class Sheet(LaunchpadScreen):
    """A screen with a table."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.source = source

    def body(self) -> Any:
        yield VirtualTable(COLUMNS, str, title="Numbers", empty="Nothing\nwrite some")

    async def load(self) -> None:
        self.query_one(VirtualTable).set_source(self.source)


@asynccontextmanager
async def table_that_loads(
    tmp_path: Path, source: Any, size: tuple[int, int] = (60, 24)
) -> AsyncIterator[tuple[Any, Sheet]]:
    home = Home.at(tmp_path).ensure()
    async with running(home, size=size) as pilot:
        sheet = Sheet(source)
        pilot.app.push_screen(sheet)
        yield pilot, sheet


@asynccontextmanager
async def table_of(
    tmp_path: Path, source: Any, size: tuple[int, int] = (60, 24)
) -> AsyncIterator[tuple[Any, Any]]:
    async with table_that_loads(tmp_path, source, size) as (pilot, sheet):
        await settled(pilot)
        yield pilot, sheet.query_one(VirtualTable)


async def test_the_cursor_announces_that_it_scrolls_the_list(tmp_path: Path) -> None:
    async with table_of(tmp_path, Numbers(100)) as (pilot, table):
        tops: list[int] = []
        table.scrolled_by_cursor = lambda: tops.append(table.top)
        await press(pilot, "down", "down")
        assert tops == []
        await press(pilot, "pagedown")
        assert len(tops) == 1
        assert tops[0] > 0


async def test_only_visible_rows_and_a_page_around_are_read_on_the_lane(tmp_path: Path) -> None:
    source = Numbers(100_000)
    async with table_of(tmp_path, source) as (pilot, table):
        assert "1–19 of 100,000" in screen_text(pilot)
        assert sum(stop - start for start, stop in source.read) <= 2 * BLOCK
        source.read.clear()
        await press(pilot, "end")
        assert "row 99999" in screen_text(pilot)
        assert "99,982–100,000 of" in screen_text(pilot)
        assert all(start >= 99_000 for start, _ in source.read)
        assert source.threads == {"lists"}
        assert table.row == 99_999


async def test_rows_are_shown_and_moved_through_while_they_are_counted(tmp_path: Path) -> None:
    source = SlowlyCounted(100_000)
    async with running(Home.at(tmp_path).ensure(), size=(60, 24)) as pilot:
        sheet = Sheet(source)
        pilot.app.push_screen(sheet)
        while "row 18" not in screen_text(pilot):
            await pilot.pause(0.02)
        assert "of …" in screen_text(pilot)
        table: Any = sheet.query_one(VirtualTable)
        while table.cursor < 180:
            await pilot.press("pagedown")
        source.may_count.set()
        while "of 100,000" not in screen_text(pilot):
            await pilot.pause(0.02)
        assert table.cursor >= 180
        assert f"row {table.cursor}" in screen_text(pilot)


async def test_the_number_of_rows_may_end_with_a_plus_sign(tmp_path: Path) -> None:
    async with table_of(tmp_path, Numbers(30_000, indexed=False)) as (pilot, table):
        while "of 10,000+" not in screen_text(pilot):
            await pilot.pause(0.02)
        table.move_to(9_999)
        await settled(pilot)
        await press(pilot, *["pagedown"] * 8)
        assert table.row > 10_100
        await press(pilot, "end")
        while table.row != 29_999:
            await pilot.pause(0.02)
        assert "of 30,000" in screen_text(pilot)


@pytest.mark.parametrize("moved", [False, True])
async def test_the_cursor_moves_to_a_far_end_later_unless_it_is_moved(
    tmp_path: Path, moved: bool
) -> None:
    source = EndIsFar(100_000)
    async with running(Home.at(tmp_path).ensure(), size=(120, 24)) as pilot:
        sheet = Sheet(source)
        pilot.app.push_screen(sheet)
        while "of 100,000" not in screen_text(pilot):
            await pilot.pause(0.02)
        await pilot.press("G")
        while "The end of this order is not known yet" not in screen_text(pilot):
            await pilot.pause(0.02)
        table: Any = sheet.query_one(VirtualTable)
        assert table.cursor == 0
        assert (99_968, 100_032) not in source.read
        if moved:
            await pilot.press("down")
        source.may_prepare.set()
        while not source.prepared:
            await pilot.pause(0.02)
        await settled(pilot)
        assert table.cursor == (1 if moved else 99_999)
        await pilot.press("G")
        while table.cursor != 99_999:
            await pilot.pause(0.02)


async def test_a_list_that_ends_in_its_first_block_needs_no_count(tmp_path: Path) -> None:
    source = SlowlyCounted(20)
    async with table_that_loads(tmp_path, source) as (pilot, _):
        deadline = time.monotonic() + 60
        while "of 20" not in screen_text(pilot):
            assert time.monotonic() < deadline
            await pilot.pause(0.02)
        assert not source.may_count.is_set()
        source.may_count.set()


async def test_a_move_repaints_two_lines_and_an_edge_scrolls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with table_of(tmp_path, Numbers(1000)) as (pilot, table):
        regions: list[Region] = []
        refresh: Callable[..., Any] = table.refresh

        def seen(*found: Region, **kwargs: Any) -> Any:
            regions.extend(found)
            return refresh(*found, **kwargs)

        monkeypatch.setattr(table, "refresh", seen)
        await pilot.press("down")
        assert [region.y for region in regions] == [2, 3]
        for _ in range(table.rows_high - 2):
            await pilot.press("j")
        assert table.top == 0
        await pilot.press("down")
        assert table.top == 1
        await settled(pilot)
        assert f"row {table.cursor}" in screen_text(pilot)


async def test_painting_does_no_io(tmp_path: Path) -> None:
    source = Numbers(1000)
    async with table_of(tmp_path, source) as (_pilot, table):
        source.read.clear()
        table.cache = RowCache()
        table.cache.count = 1000
        assert "…" in table.paint_line(5, 60).text
        assert not source.read


async def test_rows_ranges_and_all_rows_can_be_selected(tmp_path: Path) -> None:
    async with table_of(tmp_path, Numbers(3000)) as (pilot, table):
        await press(pilot, "space", "down", "v", "down", "down", "v")
        assert table.target_ids == ("0", "2", "3", "4")
        await press(pilot, "ctrl+a")
        assert len(table.target_ids) == 3000
        await press(pilot, "ctrl+a")
        assert table.target_ids == ("4",)


async def test_an_empty_list_shows_its_text(tmp_path: Path) -> None:
    async with table_of(tmp_path, Numbers(0)) as (pilot, table):
        assert "write some" in screen_text(pilot)
        await press(pilot, "down", "enter", "space", "y")
        assert table.row is None


async def test_clicks_and_the_wheel_move_the_cursor(tmp_path: Path) -> None:
    async with table_of(tmp_path, Numbers(500)) as (pilot, table):
        await pilot.click(table, offset=(5, 6))
        assert table.cursor == 4
        table.on_mouse_scroll_down(_Wheel())
        await settled(pilot)
        assert (table.top, table.cursor) == (3, 4)


class _Wheel:
    def stop(self) -> None:
        """Do nothing; Textual's event has this method."""


async def test_rows_added_by_another_process_keep_the_cursor_on_its_row(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    Registry(home.registry_path).close()
    async with running(home) as pilot:
        models(50)(home)
        for _ in range(40):
            await asyncio.sleep(0.05)
            await settled(pilot)
            if "of 50" in screen_text(pilot):
                break
        await press(pilot, "down", "down", "down")
        table: Any = pilot.app.screen.query_one(VirtualTable)
        before = table.row_id
        other = Registry(home.registry_path)
        artifacts.add(other, DEFAULT_SCOPE, artifact(900, "brand-new", minutes=-60))
        other.close()
        for _ in range(40):
            await asyncio.sleep(0.05)
            await settled(pilot)
            if "brand-new" in screen_text(pilot):
                break
        assert "brand-new" in screen_text(pilot)
        assert table.row_id == before
        assert table.cursor == 4


async def test_hostile_names_stay_in_their_columns(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    async with running(home):
        pass
    hostile(home)
    async with running(home, size=(108, 24)) as pilot:
        strips = pilot.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {108}
        text = screen_text(pilot)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold]markup[/bold]" in text


@pytest.mark.parametrize("width", [20, 40, 77, 117, 197])
def test_columns_never_overflow(width: int) -> None:
    columns = [
        Column[int](str(i), str(i), str, 8 + i, 20 + i, i % 3, priority=9 - i) for i in range(9)
    ]
    for scroll in range(9):
        placed, most = place(columns, width, scroll)
        assert placed[0].column is columns[0]
        assert placed[-1].start + placed[-1].width <= max(width, 8)
        assert 0 <= most < 9
    shown = {p.column.id for scroll in range(most + 1) for p in place(columns, width, scroll)[0]}
    assert width < 40 or shown == {column.id for column in columns}


@pytest.mark.parametrize("width", [32, 37, 72, 77, 120])
def test_column_of_the_order_is_in_view_until_it_is_scrolled_out(width: int) -> None:
    name = Column[str]("name", "Name", str, 14, 48, 4, priority=0)
    configuration = Column[str]("configuration", "Configuration", str, 12, 44, 3, priority=1)
    loss = Column[str]("loss", "val loss", str, 10, 24, 0, priority=1)
    accuracy = Column[str]("accuracy", "val accuracy", str, 14, 24, 0, priority=2)
    columns = (name, configuration, loss, accuracy)
    contents = {"name": 16, "configuration": 40}
    placed, most = place(columns, width, 0, contents, "accuracy")
    shown = [one.column.id for one in placed]
    assert "accuracy" in shown
    # The order of the columns stays the same.
    assert shown == [one.id for one in columns if one.id in shown]
    assert all(one.start + one.width <= width for one in placed)
    for scroll in range(most + 1):
        placed, _ = place(columns, width, scroll, contents, "accuracy")
        assert placed[-1].start + placed[-1].width <= width


def test_names_that_may_be_cut_leave_room_for_columns_of_the_same_priority() -> None:
    columns = [
        Column[str]("name", "Name", str, 14, 48, 4, priority=0),
        Column[str]("configuration", "Configuration", str, 13, 36, 2, priority=1, names=True),
        Column[str]("accuracy", "accuracy", str, 12, 14, 0, priority=1),
        Column[str]("age", "Age", str, 5, 5, 0, priority=1),
    ]
    contents = {"name": 28, "configuration": 80, "accuracy": 12, "age": 5}
    placed, _ = place(columns, 70, contents=contents)
    assert [one.column.id for one in placed] == ["name", "configuration", "accuracy", "age"]
    assert [one.width for one in placed] == [28, 19, 12, 5]
    # If only one of them fits, it is not the name.
    placed, _ = place(columns, 37, contents=contents | {"name": 18})
    assert [one.column.id for one in placed] == ["name", "accuracy"]


async def test_columns_are_as_wide_as_their_contents(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    models(20)(home)
    async with running(home, size=(60, 20)) as pilot:
        text = screen_text(pilot)
        # Neither is the name cut, nor does a column without any contents take room.
        assert "churn-model-000 v1" in text
        assert "Configuration" not in text
    name = Column[str]("name", "Name", str, 8, 40, 4, priority=0)
    empty = Column[str]("note", "Note", str, 12, 20, 2, priority=1)
    age = Column[str]("age", "Age", str, 6, 6, 0, priority=1)
    placed, _ = place((name, empty, age), 60, 0, {"name": 30, "note": 4})
    assert [(one.column.id, one.width) for one in placed] == [("name", 30), ("note", 4), ("age", 6)]
    # In a narrow table the second column is left out before the first one is cut much.
    placed, _ = place((name, empty, age), 30, 0, {"name": 20, "note": 20})
    assert [one.column.id for one in placed] == ["name", "age"]
    assert placed[0].width >= 20


async def test_the_status_line_shows_cut_texts_and_whole_messages(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    hostile(home)
    async with running(home, size=(40, 20)) as pilot:
        table = pilot.app.screen.query_one("#list", VirtualTable)
        await press(pilot, "down")
        assert "[bold]markup[/bold] [link=x] v1" in table.cut_text()
        assert "   [bold]markup[/bold] [link=x] v1" in screen_text(pilot)
        pilot.app.say("Downloaded 2 files of churn-model to /tmp/folder/of/models/churn-model")
        await settled(pilot)
        text = " ".join(screen_text(pilot).split())
        assert "Downloaded 2 files of churn-model to /tmp/folder/of/models/churn-model" in text
        pilot.app.say("")
        await settled(pilot)
        assert "   [bold]markup[/bold] [link=x] v1" in screen_text(pilot)


async def test_an_empty_list_has_no_more_columns(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    async with running(home, "schedules", size=(80, 24)) as pilot:
        assert "No execution schedules yet" in screen_text(pilot)
        assert "more columns" not in screen_text(pilot)


class Searched(Numbers):
    """Numbers of which some are found only after an event is set."""

    def __init__(self, parts: Sequence[PagePart[int]]) -> None:
        super().__init__(len(parts[-1].rows))
        self.parts = parts
        self.may_go_on = threading.Event()

    def part(self, start: int, stop: int, so_far: PagePart[int] | None = None) -> PagePart[int]:
        if so_far is None:
            return self.parts[0]
        self.may_go_on.wait(60)
        return self.parts[self.parts.index(so_far) + 1]


def at(number: int) -> tuple[None, int, int]:
    return (None, 0, number)


async def test_rows_are_shown_before_all_rows_have_been_searched(tmp_path: Path) -> None:
    first = PagePart((1, 2), (at(1), at(2)), at(5), 50, 200)
    source = Searched([first, PagePart((1, 2, 3), (), at(9), 120, 200), PagePart((1, 2, 3, 4))])
    async with running(Home.at(tmp_path).ensure(), size=(60, 24)) as pilot:
        sheet = Sheet(source)
        pilot.app.push_screen(sheet)
        while "searched 25%" not in screen_text(pilot):
            await pilot.pause(0.02)
        table: Any = sheet.query_one(VirtualTable)
        assert "row 2" in screen_text(pilot)
        assert "of …" in screen_text(pilot)
        await pilot.press("down", "down", "down")
        assert table.row == 2
        source.may_go_on.set()
        await settled(pilot)
        assert "of 4" in screen_text(pilot)
        assert "searched" not in screen_text(pilot)
        assert (table.row, table.cache.count) == (2, 4)


async def test_a_search_without_matches_so_far_is_not_an_empty_list(tmp_path: Path) -> None:
    source = Searched([PagePart((), (), at(5), 5_000), PagePart((), (), None, 9_000)])
    async with running(Home.at(tmp_path).ensure(), size=(60, 24)) as pilot:
        pilot.app.push_screen(Sheet(source))
        while "No matches so far, searched 5,000 rows" not in screen_text(pilot):
            await pilot.pause(0.02)
        assert "Nothing" not in screen_text(pilot)
        source.may_go_on.set()
        await settled(pilot)
        assert "Nothing" in screen_text(pilot)
        assert "Searching" not in screen_text(pilot)
