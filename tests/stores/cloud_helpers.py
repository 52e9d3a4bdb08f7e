"""Helpers for the tests of the Azure and Google stores."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchpad_tui.stores.base import ObjectStore, SourceFile
from tests.stores.http_server import Handler, listening


def calls(store: ObjectStore, source: Path) -> list[Callable[[], Any]]:
    """Return one call of each operation; calls from the fifth on write."""
    return [
        store.check,
        lambda: list(store.list("a")),
        lambda: store.stat("a"),
        lambda: store.get("a", io.BytesIO()),
        lambda: store.put("a", source),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.copy("a", "b"),
        lambda: store.delete("a"),
        lambda: store.delete_prefix("a"),
    ]


def error_text(error: BaseException) -> str:
    """Return all text of an error and its causes that a log would contain."""
    texts = []
    each: BaseException | None = error
    while each is not None:
        texts += [str(each), repr(each)]
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n".join(texts)


@contextmanager
def responding(respond: Callable[[Handler], None]) -> Iterator[tuple[int, list[str]]]:
    """Run a server that gives one response; yield its port and the list of received requests."""
    seen: list[str] = []
    lock = threading.Lock()

    class Responding(Handler):
        def serve(self) -> None:
            with lock:
                seen.append(f"{self.command} {self.path}\n{self.headers}\n{self.body().decode()}")
            respond(self)

    with listening(Responding) as port:
        yield port, seen
