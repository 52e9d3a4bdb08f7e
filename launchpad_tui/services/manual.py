"""The manual: Markdown files in ``launchpad_tui/docs``, one per topic."""

from __future__ import annotations

from typing import NamedTuple

from launchpad_tui.errors import NotFound

#: The names of the topics, in the order in which they are listed.
TOPICS = (
    "getting-started",
    "screens",
    "commands",
    "executables",
    "experiments",
    "versions",
    "reproduction",
    "metrics",
    "stores",
    "sap-ai-core",
    "slurm",
    "serve",
    "schedules",
    "settings",
    "troubleshooting",
    "architecture",
    "benchmarks",
    "changelog",
)
#: What each topic is about, in at most 50 characters, for lists.
ABOUT = {
    "getting-started": "Installation, the demo and the first own models",
    "screens": "Every screen, every key, and how to change keys",
    "commands": "The command line, with an example of each command",
    "executables": "Training code as workflow templates",
    "experiments": "Sweeps: many combinations of parameters",
    "versions": "Versions, aliases, notes, deletion and the trash",
    "reproduction": "Recorded code and environment, and running again",
    "metrics": "Logging, charts, boards and comparison",
    "stores": "The files of artifacts: kinds, import, transfers",
    "sap-ai-core": "Connecting to SAP AI Core, and working offline",
    "slurm": "Training on a Slurm cluster",
    "serve": "The AI API of this machine, for other programs",
    "schedules": "Executions at set times",
    "settings": "The settings, and the files that launchpad keeps",
    "troubleshooting": "Errors, the log, and what to do",
    "architecture": "How launchpad is built",
    "benchmarks": "Measured times and sizes",
    "changelog": "What changed in each version",
}


class Topic(NamedTuple):
    """A topic of the manual.

    Attributes:
        name: The name of its file without the ending.
        title: Its first heading.
        summary: The paragraph below the heading, on one line.
        text: The whole file, Markdown.
        about: What the topic is about, for lists.
    """

    name: str
    title: str
    summary: str
    text: str
    about: str


def topics() -> tuple[Topic, ...]:
    """Return all topics, in the order in which they are listed."""
    return tuple(map(_read, TOPICS))


def topic(name: str) -> Topic:
    """Return the topic with this name or unique prefix of a name.

    Raises:
        NotFound: No topic matches, or several topics have this prefix.
    """
    found = find_topic(name)
    if found is None:
        raise NotFound(
            f"The manual has no topic {name[:80]!r}",
            f"Topics: {', '.join(TOPICS)}.",
            "List the topics: launchpad help",
        )
    return found


def find_topic(name: str) -> Topic | None:
    """Return the topic with this name or unique prefix of a name; None if there is none."""
    name = name.strip().lower().removesuffix(".md")
    matching = [each for each in TOPICS if each == name] or [
        each for each in TOPICS if name and each.startswith(name)
    ]
    return _read(matching[0]) if len(matching) == 1 else None


def _read(name: str) -> Topic:
    from pathlib import Path

    import launchpad_tui

    path = Path(launchpad_tui.__file__).parent / "docs" / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    paragraphs = [part.strip() for part in text.split("\n\n")]
    title = paragraphs[0].removeprefix("# ")
    return Topic(name, title, " ".join(paragraphs[1].split()), text, ABOUT[name])
