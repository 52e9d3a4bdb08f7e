"""Measure transfers to and from an S3 server, compared with boto3's own transfer functions.

    python -m tests.benchmarks.transfers [--size MB] [--objects N] [--keys MB] [--rounds N]

It measures speed, memory, the time to the first page of a large folder, and the time from key to
paint during transfers. The server is SeaweedFS on this machine (the extra ``test-s3``). Each
transfer runs in a separate process, so that none affects the caches or the memory of another.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.services.downloads import DownloadItem, fetch
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.s3_client import connect
from tests.benchmarks.terminal import Terminal
from tests.scenes.seeds import add_scenario
from tests.stores import seaweed

#: Bounds: the fraction of boto3's speed, and the memory in MB.
RATIO, MEMORY = 0.8, 150
#: Bound: seconds to the first page of a folder.
FIRST_PAGE = 1.0
#: Number of parallel transfers, and the bound for milliseconds from key to paint during them.
TRANSFERS, KEY = 10, 50


def _sdk_up(values: dict[str, str], file: Path) -> None:
    connect(values).upload_file(str(file), seaweed.BUCKET, f"{values['path_prefix']}/sdk")


def _ours_up(values: dict[str, str], file: Path) -> None:
    open_store(KINDS["s3"], values).put("ours", file)


def _sdk_down(values: dict[str, str], file: Path) -> None:
    target = file.with_name(f"sdk-{os.getpid()}")
    connect(values).download_file(seaweed.BUCKET, f"{values['path_prefix']}/sdk", str(target))
    target.unlink()


def _ours_down(values: dict[str, str], file: Path) -> None:
    store = open_store(KINDS["s3"], values)
    target = file.with_name(f"ours-{os.getpid()}")
    fetch(store, [DownloadItem(store.stat("ours"), target)], lambda _count, _path: None)
    target.unlink()


WORK: dict[str, Callable[[dict[str, str], Path], None]] = {
    "sdk up": _sdk_up,
    "ours up": _ours_up,
    "sdk down": _sdk_down,
    "ours down": _ours_down,
}


def _child(name: str, values: dict[str, str], file: Path) -> None:
    import boto3.s3.transfer  # noqa: F401  imported first, so that its import is not measured

    connect(values).head_bucket(Bucket=seaweed.BUCKET)
    started = time.perf_counter()
    WORK[name](values, file)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, peak]))


def _measure(name: str, values: dict[str, str], file: Path) -> tuple[float, float]:
    words = [
        sys.executable,
        "-m",
        "tests.benchmarks.transfers",
        "--child",
        name,
        json.dumps(values),
        str(file),
    ]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def transfers(server: seaweed.Server, size: int, rounds: int) -> None:
    """Measure the upload and the download of a file of ``size`` MiB."""
    values = server.values("benchmark")
    with tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as folder:
        file = Path(folder) / "source"
        block = os.urandom(1 << 20)
        with file.open("wb") as target:
            for number in range(size):
                target.write(number.to_bytes(4, "big") + block[4:])
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in WORK}
        for _ in range(rounds):
            for name in WORK:
                found[name].append(_measure(name, values, file))
    for way in ("up", "down"):
        sdk, ours = (
            statistics.median(each[0] for each in found[f"{who} {way}"]) for who in ("sdk", "ours")
        )
        memory = max(each[1] for each in found[f"ours {way}"])
        speeds = f"{size * 1.048576 / ours:6.0f} MB/s, boto3 {size * 1.048576 / sdk:6.0f} MB/s"
        ratio = sdk / ours
        print(
            f"{size} MB {way:4}: {speeds}, ratio {ratio:.2f} (at least {RATIO}): "
            f"{_holds(ratio >= RATIO)}"
        )
        print(f"{'':12}  memory {memory:.0f} MB (at most {MEMORY}): {_holds(memory <= MEMORY)}")


def folder(server: seaweed.Server, count: int) -> None:
    """Measure the first page of a folder with ``count`` objects."""
    values = server.values("large")
    client: Any = connect(values)
    exists = client.list_objects_v2(Bucket=seaweed.BUCKET, Prefix="large/folder/", MaxKeys=1).get(
        "KeyCount"
    )
    if not exists:
        with ThreadPoolExecutor(8) as pool:
            keys = (f"large/folder/object-{number:07}" for number in range(count))
            list(
                pool.map(
                    lambda key: client.put_object(Bucket=seaweed.BUCKET, Key=key, Body=b"x"), keys
                )
            )
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        page = open_store(KINDS["s3"], values).browse("folder", "", 500)
        seconds.append(time.perf_counter() - started)
        assert len(page.objects) == 500
        assert page.next
    slowest = max(seconds)
    print(
        f"first page of {count:,} objects: {slowest:.2f} s (at most {FIRST_PAGE:g}): "
        f"{_holds(slowest <= FIRST_PAGE)}"
    )


def keys(server: seaweed.Server, size: int) -> None:
    """Measure key to paint while ten models of ``size`` MiB are downloaded.

    Server and program share the cores of this machine.
    """
    values = server.values("keys")
    with tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as place:
        home = Home.at(Path(place) / "home").ensure()
        file = Path(place) / "source"
        file.write_bytes(os.urandom(size << 20))
        store = open_store(KINDS["s3"], values)
        desk = open_desk(home)
        add_scenario(desk.registry)
        desk.stores.add(DEFAULT_SCOPE, "lake", "s3", values)
        for number in range(TRANSFERS):
            store.put(f"model-{number}", file)
        found = desk.importing.propose(DEFAULT_SCOPE, "lake")
        desk.importing.register(DEFAULT_SCOPE, ArtifactKind.MODEL, "churn", found)
        desk.close()
        environment = {"LAUNCHPAD_HOME": str(home.root), "LAUNCHPAD_CREDENTIALS": "file"}
        command = (sys.executable, "-m", "launchpad_tui")
        terminal = Terminal(command, size=(120, 32), environment=environment)
        try:
            terminal.seen("model-0", 1.5)
            for key in ("\x01", "d"):
                terminal.react(key)
            terminal.press("\x7f")
            for key in f"{place}/got":
                terminal.press(key)
            terminal.press("\r")
            terminal.wait(f"{TRANSFERS} transfers")
            taken: list[float] = []
            while "transfer" in terminal.text() and len(taken) < 100:
                reaction = terminal.react(("down", "up")[len(taken) % 2], gap=0.05)
                if reaction.first_ms is not None:
                    taken.append(reaction.first_ms)
            at = terminal.text().splitlines()[0]
        finally:
            terminal.close()
    median, slow = statistics.median(taken), sorted(taken)[int(0.95 * len(taken))]
    print(
        f"key to paint while {TRANSFERS} models of {size} MB are downloaded: "
        f"median {median:.0f} ms, 95 of 100 keys in {slow:.0f} ms,"
    )
    print(
        f"  slowest {max(taken):.0f} ms of {len(taken)} (at most {KEY}): {_holds(slow <= KEY)}; "
        f"header at the end: {at[-40:]}"
    )


def _holds(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1024, metavar="MB")
    parser.add_argument("--objects", type=int, default=0, metavar="N")
    parser.add_argument("--keys", type=int, default=0, metavar="MB")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
    if options.child:
        name, values, file = options.child
        _child(name, json.loads(values), Path(file))
        return
    with tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as place:
        volumes = 50 + 4 * options.rounds * options.size // 64
        with seaweed.serve(Path(place), volumes) as server:
            if options.size:
                transfers(server, options.size, options.rounds)
            if options.objects:
                folder(server, options.objects)
            if options.keys:
                keys(server, options.keys)


if __name__ == "__main__":
    main()
