"""Runs the command of a step on a node of the cluster.

``python node_step.py FOLDER`` is the job that the engine submits. FOLDER is on the shared folder
and has ``step.json``. In attempt N (0, and one more each time Slurm starts the job again), the
program writes into it:

- ``started-N.json``: the node, the ID of the job and how paths are mapped,
- ``out-N`` and ``err-N``: the output of the command,
- ``metrics-N``: the requests that the tracking endpoint acknowledged, one JSON object per line,
- ``usage.json``: the CPUs, memory and GPUs that the command uses,
- ``exit-N.json``: the exit code of a command that ended by itself,
- ``stopped-N.json``: the exit code of a command that ended because Slurm stopped the job.

The step never runs twice at the same time, and not again after it has an exit code:

- The file ``claim`` has the ID of the job that runs the step. Another job, which was submitted
  because an answer of the controller was lost, ends at once.
- The file ``alive`` changes while an attempt runs. A controller that lost its last state, or a node
  that only seemed to have failed, may start the job a second time, which then waits for the end of
  the first.

This file imports nothing of launchpad but the file next to it, and runs on Python 3.9 or later.
"""

from __future__ import annotations

import http.server
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = tuple[int, dict[str, Any] | None]

#: limits of a request, as of the endpoint on the submitting machine
_BODY_LIMIT = 32 * 1024 * 1024
_PATH = "/api/v1/metrics"
_ENTRIES = ("metrics", "tags", "customInfo")
#: the number of beats without a change after which an attempt has ended, and the content of the
#: file ``alive`` at its end
_QUIET_BEATS, _ENDED = 5, b"ended"
#: what the program that runs an image requires in addition: the node's programs, home folder,
#: caches, proxies and credentials of registries
_IMAGE_NODE = re.compile(
    r"SLURM|CUDA_VISIBLE_DEVICES|NVIDIA_|ROCR_|HIP_|ZE_|GPU_DEVICE|PMI|TMPDIR$|HOSTNAME$|"
    r"XDG_RUNTIME_DIR$|KRB5CCNAME$|PATH$|HOME$|USER$|APPTAINER|SINGULARITY|ENROOT|"
    r"(?i:https?_proxy$|no_proxy$)"
)
#: variables that belong to the node and not to the machine that submitted the job
_NODE = re.compile(
    r"SLURM|CUDA_VISIBLE_DEVICES|NVIDIA_|ROCR_|HIP_|ZE_|GPU_DEVICE|PMI|TMPDIR$|HOSTNAME$|"
    r"XDG_RUNTIME_DIR$|KRB5CCNAME$"
)


def main(folder: str) -> int:
    """Run the step in a folder; return the exit code of the job."""
    os.umask(0o077)
    with open(os.path.join(folder, "step.json"), encoding="utf-8") as file:
        step = json.load(file)
    job = os.environ.get("SLURM_JOB_ID", "")
    if not claim(folder, job):
        return 0
    wait_for_earlier(folder, step["beat"])
    ended = earlier_exit(folder)
    if ended is not None:
        return job_code(ended)
    if attempts(folder) and not step["requeue"]:
        sys.stderr.write("launchpad: Slurm started the job again, which requeue: no forbids\n")
        return 1
    return Run(folder, step, job, len(attempts(folder))).run()


def attempts(folder: str) -> list[str]:
    """Return the names of the files of the attempts that started."""
    return [name for name in os.listdir(folder) if re.fullmatch(r"started-\d+\.json", name)]


def wait_for_earlier(folder: str, beat: float) -> None:
    """Wait until no earlier attempt runs any more, if there was one.

    Args:
        beat: the seconds after which a running attempt changes the file ``alive``.
    """
    if not attempts(folder):
        return
    path, seen, quiet = os.path.join(folder, "alive"), None, 0
    while quiet < _QUIET_BEATS and earlier_exit(folder) is None:
        try:
            with open(path, "rb") as file:
                now = file.read()
        except OSError:
            now = b""
        quiet = quiet + 1 if now == seen else 0
        seen = now
        if now == _ENDED:
            return
        time.sleep(beat)


def claim(folder: str, job: str) -> bool:
    """Return whether this job runs the step: it is the first one, or it was started again."""
    path = os.path.join(folder, "claim")
    temporary = f"{path}-{job}-{uuid.uuid4().hex}"
    write(temporary, job.encode())
    try:
        # Unlike O_EXCL, the link is atomic together with its content.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
    with open(path, encoding="utf-8") as file:
        return file.read() == job


def earlier_exit(folder: str) -> int | None:
    """Return the exit code that an earlier attempt wrote; None if there is none."""
    for name in sorted(os.listdir(folder)):
        if re.fullmatch(r"exit-\d+\.json", name):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                return int(json.load(file)["code"])
    return None


def job_code(code: int) -> int:
    """Return the exit code of the job for that of a command, which is negative for a signal."""
    return code if code >= 0 else 128 - code


def write(path: str, content: bytes) -> None:
    """Write a file so that it is on the disk of the file server when the function returns."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: str, data: object) -> None:
    """Replace a JSON file completely or not at all."""
    write(f"{path}.new", json.dumps(data).encode())
    os.rename(f"{path}.new", path)


class Run:
    """One attempt of a step."""

    def __init__(self, folder: str, step: dict[str, Any], job: str, attempt: int) -> None:
        self.folder = folder
        self.step = step
        self.job = job
        self.attempt = attempt
        self.node = socket.gethostname()
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.finished = threading.Event()

    def path(self, name: str) -> str:
        """Return the path of a file of this attempt."""
        return os.path.join(self.folder, f"{name}-{self.attempt}")

    def run(self) -> int:
        """Run the command; return the exit code of the job."""
        signal.signal(signal.SIGTERM, self.stop)
        view = self.has_view()
        node = os.environ.get("SLURMD_NODENAME") or self.node
        started = {"job": self.job, "node": node, "view": view, "at": time.time()}
        alive = threading.Thread(target=self.beat, daemon=True)
        alive.start()
        replace(self.path("started") + ".json", started)
        with StepEndpoint(self.step, self.path("metrics")) as url:
            code = self.execute(url, view)
        name = "stopped" if self.stopping else "exit"
        replace(self.path(name) + ".json", {"code": code, **started, "ended": time.time()})
        self.finished.set()
        alive.join()
        return job_code(code)

    def beat(self) -> None:
        """Change the file ``alive`` until the command has ended."""
        path, count = os.path.join(self.folder, "alive"), 0
        ended = False
        while not ended:
            ended = self.finished.is_set()
            count += 1
            try:
                write(path, _ENDED if ended else f"{self.attempt} {count}".encode())
            except OSError:
                # The file server does not respond; the command continues.
                pass
            self.finished.wait(self.step["beat"])

    def measure(self, pid: int) -> None:
        """Write what the command uses until it has ended."""
        sys.path.append(os.path.dirname(os.path.abspath(__file__)))
        usage = importlib.import_module("node_usage").Usage(pid)
        path = os.path.join(self.folder, "usage.json")
        while not self.finished.wait(self.step["measure"]):
            if self.process is None or self.process.poll() is not None:
                return
            try:
                with open(f"{path}.new", "w", encoding="utf-8") as file:
                    json.dump(usage.measure(), file)
                os.rename(f"{path}.new", path)
            except OSError:
                # The file server does not respond; the command continues.
                continue

    def execute(self, url: str, view: bool) -> int:
        """Run the command; return its exit code, or the negative number of a signal."""
        launch = self.step if view else self.step["rewritten"]
        if not view:
            link_nested(self.step["links"])
        node = _NODE if not self.step["image"] else _IMAGE_NODE
        env = {**launch["env"], **{k: v for k, v in os.environ.items() if node.match(k)}}
        env["AICORE_TRACKING_ENDPOINT"] = url
        command = [
            sys.executable,
            "-I",
            "-S",
            self.step["launcher"],
            str(os.getpid()),
            launch["plan"],
            *launch["argv"],
        ]
        with open(self.path("out"), "ab") as out, open(self.path("err"), "ab") as err:
            if self.stopping:
                return -signal.SIGTERM
            try:
                self.process = subprocess.Popen(
                    command,
                    env=env,
                    cwd=launch["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            except OSError as error:
                err.write(f"launchpad: the command cannot be started: {error}\n".encode())
                return 127
            measuring = threading.Thread(target=self.measure, args=(self.process.pid,), daemon=True)
            measuring.start()
            code = self.process.wait()
            for file in (out, err):
                os.fsync(file.fileno())
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass
        return code

    def stop(self, *_: object) -> None:
        """Pass SIGTERM on to the command, and SIGKILL after the grace period."""
        if self.stopping:
            return
        self.stopping = True
        if self.process is not None:
            self.kill(signal.SIGTERM)
        timer = threading.Timer(self.step["grace"], self.kill, [signal.SIGKILL])
        timer.daemon = True
        timer.start()

    def kill(self, number: int) -> None:
        """Send a signal to the process group of the command."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except OSError:
                pass

    def has_view(self) -> bool:
        """Return whether this node allows a private view of the file system."""
        if not self.step["mapped"]:
            return True
        if os.environ.get("LAUNCHPAD_SANDBOX") == "rewriting":
            return False
        with tempfile.TemporaryDirectory() as folder:
            for name in ("source", "stage"):
                os.mkdir(os.path.join(folder, name))
            write(os.path.join(folder, "source", "here"), b"")
            target = f"/{os.path.basename(folder)}"
            steps = [
                ["overlay", "/", "/", "", []],
                ["bind", target, os.path.join(folder, "source"), True],
            ]
            plan = {"steps": steps, "stage": os.path.join(folder, "stage"), "cwd": "/"}
            launcher = [sys.executable, "-I", "-S", self.step["launcher"], str(os.getpid())]
            test = ["/bin/sh", "-c", f"test -e {target}/here"]
            try:
                done = subprocess.run(
                    [*launcher, json.dumps(plan), *test],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    start_new_session=True,
                    timeout=30,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                return False
            return done.returncode == 0


def link_nested(links: list[list[str]]) -> None:
    """Create the links through which rewritten paths reach folders inside other folders."""
    for link, source in links:
        try:
            if os.path.islink(link):
                os.unlink(link)
            if not os.path.exists(link):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(source, link)
        except OSError:
            continue


class StepEndpoint(http.server.ThreadingHTTPServer):
    """The tracking endpoint of the step, on the loopback interface of the node.

    A request is acknowledged after it is on the shared folder, from where the supervisor records
    it, even if that is not running or cannot be reached at present.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, step: dict[str, Any], path: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.execution_id = step["env"]["AICORE_EXECUTION_ID"]
        self.limits = step["limits"]
        self.secret = uuid.uuid4().hex
        self.file = open(path, "ab")  # noqa: SIM115  closed at the end of the step
        self.lock = threading.Lock()
        self.logged: dict[str, list[Any]] = {name: [] for name in _ENTRIES}

    def __enter__(self) -> str:  # type: ignore[override]
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        return f"http://127.0.0.1:{self.server_port}/{self.secret}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        with self.lock:
            self.file.close()
        self.server_close()

    def append(self, entry: dict[str, Any]) -> None:
        """Write an entry; it is on the disk of the file server when the function returns."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self.lock:
            self.file.write(line)
            self.file.flush()
            os.fsync(self.file.fileno())
            body = entry.get("body")
            for name in _ENTRIES:
                if body is None:
                    self.logged[name] = []
                else:
                    self.logged[name] += body.get(name) or []


class Rejected(Exception):
    """A request that is not valid."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a training."""

    protocol_version = "HTTP/1.1"
    server_version = "launchpad"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: StepEndpoint

    def log_message(self, *_: object) -> None:
        """Log nothing: a line per request would fill the log of the training."""

    def do_PATCH(self) -> None:
        """Log metrics, tags and custom info: 204."""
        self.answer(self.patch)

    def do_GET(self) -> None:
        """Return what this attempt logged: 200."""
        self.answer(self.get)

    def do_DELETE(self) -> None:
        """Delete everything that was logged: 200."""
        self.answer(self.delete)

    def answer(self, method: Callable[[bytes], Answer]) -> None:
        """Send the result of a method, or its error."""
        try:
            body = self.body()
            path = urlsplit(self.path).path.rstrip("/")
            if path != f"/{self.server.secret}{_PATH}":
                raise Rejected(404, "This path does not exist.")
            status, data = method(body)
        except Rejected as error:
            status = error.status
            data = {"error": {"code": f"0{status}0000", "message": str(error)}}
        except OSError as error:
            status, data = 503, {"error": {"code": "05030000", "message": f"Not stored: {error}"}}
        payload = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        if data is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def body(self) -> bytes:
        """Return the body of the request."""
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            raise Rejected(413, f"The body has {length[:20]} bytes; the maximum is {_BODY_LIMIT}.")
        return self.rfile.read(int(length))

    def patch(self, body: bytes) -> Answer:
        """Store a request after checking what can be checked without the registry."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Rejected(400, f"The body is not valid JSON: {error}") from error
        if not isinstance(data, dict):
            raise Rejected(400, "The body is not a JSON object.")
        if data.get("executionId") != self.server.execution_id:
            raise Rejected(403, f"This endpoint belongs to execution {self.server.execution_id}.")
        check(data, self.server.limits)
        self.server.append({"at": time.time(), "body": data})
        return 204, None

    def get(self, _: bytes) -> Answer:
        """Return what this attempt logged."""
        with self.server.lock:
            logged = {name: list(found) for name, found in self.server.logged.items() if found}
        found = [{"executionId": self.server.execution_id, **logged}] if logged else []
        return 200, {"count": len(found), "resources": found}

    def delete(self, _: bytes) -> Answer:
        """Delete everything that the execution logged."""
        execution = self.server.execution_id
        if parse_qs(urlsplit(self.path).query).get("executionId") != [execution]:
            raise Rejected(404, "There are no metrics of this execution here.")
        self.server.append({"at": time.time(), "delete": True})
        return 200, {"id": execution, "message": "Metric Resource was successfully deleted"}


def check(data: dict[str, Any], limits: dict[str, int]) -> None:
    """Raise Rejected if entries have not the form that the AI API specifies.

    Args:
        limits: the numbers of entries that one request may have.
    """
    for name in _ENTRIES:
        entries = data.get(name) or []
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise Rejected(400, f"{name} is not a list of objects.")
        if len(entries) > limits[name]:
            raise Rejected(413, f"{name} has more than {limits[name]} entries.")
        for place, entry in enumerate(entries):
            if not isinstance(entry.get("name"), str) or not entry["name"]:
                raise Rejected(400, f"{name}[{place}].name is missing.")
            value = entry.get("value")
            if name != "metrics":
                if not isinstance(value, str):
                    raise Rejected(400, f"{name}[{place}].value is not a string.")
                continue
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number and str(value) not in {"NaN", "Infinity", "-Infinity", "None"}:
                raise Rejected(400, f"{name}[{place}].value is not a number.")
            step = entry.get("step")
            if step is not None and (not isinstance(step, int) or isinstance(step, bool)):
                raise Rejected(400, f"{name}[{place}].step is not a whole number.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
