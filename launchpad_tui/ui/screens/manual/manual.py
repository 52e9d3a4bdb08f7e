"""The manual: a list of its topics, and a screen to read one."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from launchpad_tui.domain.text import cell_width, pad
from launchpad_tui.services import manual
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from launchpad_tui.ui.widgets.lines import Lines
from launchpad_tui.ui.widgets.markdown_view import MarkdownView

#: the width below which the list shows titles only
_LEAST_WIDTH = 60


class TopicList(Lines):
    """The list of topics, one in each line: its title and, if there is room, what it is about."""

    with_cursor = True

    def __init__(self) -> None:
        super().__init__()
        self._topics: tuple[manual.Topic, ...] = ()

    def set_topics(self, topics: tuple[manual.Topic, ...]) -> None:
        """Show the topics."""
        self._topics = topics
        width = max(cell_width(topic.title) for topic in topics)
        wide = self.size.width >= _LEAST_WIDTH
        self.set_lines(
            [
                [(f"  {pad(topic.title, width)}", "strong"), (f"  {topic.about}", "dim")]
                if wide
                else [(f"  {topic.title}", "strong")]
                for topic in topics
            ]
        )

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the lines to the new width."""
        if self._topics:
            self.set_topics(self._topics)


class ManualScreen(LaunchpadScreen):
    """The list of the manual's topics."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("manual.open", "enter", "open", "Read the topic under the cursor", footer=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self._topics: tuple[manual.Topic, ...] = ()

    def title_text(self) -> str:
        """Return the title."""
        return "Manual"

    def body(self) -> ComposeResult:
        """Yield the list of topics."""
        yield TopicList()

    async def load(self) -> None:
        """Read the topics."""
        self._topics = await self.launchpad.files(manual.topics)
        self.query_one(TopicList).set_topics(self._topics)

    def do_open(self) -> None:
        """Open the topic under the cursor."""
        if self._topics:
            topic = self._topics[self.query_one(TopicList).cursor]
            self.launchpad.open("manual.topic", name=topic.name)


class TopicScreen(LaunchpadScreen):
    """The text of a topic of the manual.

    Args:
        name: the name of the topic, as ``launchpad help NAME`` accepts it.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("manual.search", "/", "search", "Search in the topic", footer=2),
        Action("manual.next", "]", "next topic", "Read the next topic", footer=4),
        Action("manual.previous", "[", "previous topic", "Read the previous topic", footer=5),
    )

    def __init__(self, name: str) -> None:
        super().__init__()
        self.topic_name = name
        self._title = name
        self._shown = ""

    def title_text(self) -> str:
        """Return the title of the topic."""
        return self._title

    def body(self) -> ComposeResult:
        """Yield the text."""
        yield MarkdownView()

    async def load(self) -> None:
        """Read the topic."""
        if self._shown == self.topic_name:
            return
        topic = await self.launchpad.files(manual.topic, self.topic_name)
        self._title, self._shown = topic.title, topic.name
        self.query_one(MarkdownView).set_text(topic.text)
        self.repaint_frame()

    async def do_search(self) -> None:
        """Ask for a text and find it."""
        view = self.query_one(MarkdownView)
        text = await self.launchpad.ask(
            PromptDialog(
                "Search in the topic",
                view.needle,
                "n and N move to the next and previous match.",
                verb="search",
            )
        )
        if text is not None:
            view.search(text)

    def why_not_next(self) -> str | None:
        """Return why there is no next topic."""
        return "This is the last topic" if self.topic_name == manual.TOPICS[-1] else None

    def why_not_previous(self) -> str | None:
        """Return why there is no previous topic."""
        return "This is the first topic" if self.topic_name == manual.TOPICS[0] else None

    def do_next(self) -> None:
        """Show the next topic."""
        self._step(1)

    def do_previous(self) -> None:
        """Show the previous topic."""
        self._step(-1)

    def _step(self, by: int) -> None:
        self.topic_name = manual.TOPICS[manual.TOPICS.index(self.topic_name) + by]
        self.reload()
