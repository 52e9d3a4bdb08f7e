"""What the tests of Azure's and Google's stores have in common."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchpad_tui.stores.base import ObjectStore, SourceFile
from tests.stores.serving import Handler, listening


def calls(store: ObjectStore, source: Path) -> list[Callable[[], Any]]:
    """One of each kind; those from the fifth on write."""
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


def told(error: BaseException) -> str:
    """All that a log would write of an error."""
    texts = []
    each: BaseException | None = error
    while each is not None:
        texts += [str(each), repr(each)]
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n".join(texts)


@contextmanager
def answering(answer: Callable[[Handler], None]) -> Iterator[tuple[int, list[str]]]:
    """A server of nothing but this answer; gives its port, and what it was asked with all headers."""
    seen: list[str] = []
    lock = threading.Lock()

    class Own(Handler):
        def serve(self) -> None:
            with lock:
                seen.append(f"{self.command} {self.path}\n{self.headers}\n{self.body().decode()}")
            answer(self)

    with listening(Own) as port:
        yield port, seen
