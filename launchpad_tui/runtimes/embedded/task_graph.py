"""Runs the tasks of a DAG as soon as the tasks that they depend on have ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence

from launchpad_tui.runtimes.embedded.expression_syntax import Word
from launchpad_tui.runtimes.embedded.expressions import evaluate, nodes
from launchpad_tui.runtimes.embedded.run_results import (
    ERROR,
    FAILED,
    OMITTED,
    SKIPPED,
    SUCCEEDED,
    CallResult,
)
from launchpad_tui.runtimes.embedded.step_errors import StepFailed
from launchpad_tui.runtimes.embedded.template_model import Call
from launchpad_tui.runtimes.embedded.template_steps import depends_tree, task_word


class TaskGraph:
    """The tasks of a DAG.

    Args:
        tasks: the tasks, each after those that it depends on.
        run: runs a task; the arguments are the task and the results of the tasks that ended.
        fail_fast: whether no further tasks start after a failure that no other task handles.
        parallelism: the largest number of tasks that run at the same time.
    """

    def __init__(
        self,
        tasks: Sequence[Call],
        run: Callable[[Call, Mapping[str, CallResult]], CallResult],
        *,
        fail_fast: bool,
        parallelism: int,
    ) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._run = run
        self._fail_fast = fail_fast
        self._parallelism = max(1, parallelism)
        self._results: dict[str, CallResult] = {}
        #: the tasks whose failure another task expects
        self._handled = {
            name
            for task in tasks
            for name, results in _named_results(task).items()
            if results & {"Failed", "Errored", "AllFailed", "Omitted"}
        }

    def run(self) -> tuple[dict[str, CallResult], StepFailed | None]:
        """Run all tasks.

        Returns:
            The results by task, and the failure of the DAG; None if it succeeded.

        Raises:
            LaunchpadError: an error other than a failure of a task, after all running tasks ended.
        """
        ended: queue.SimpleQueue[tuple[str, CallResult | BaseException]] = queue.SimpleQueue()
        waiting = list(self._tasks.values())
        running, stopped = 0, False
        errors: list[BaseException] = []
        while True:
            waiting = self._decide(waiting)
            ready = [task for task in waiting if self._is_ready(task)]
            if not (stopped or errors):
                for task in ready[: self._parallelism - running]:
                    waiting.remove(task)
                    running += 1
                    self._start(task, ended)
            if not running:
                break
            name, result = ended.get()
            running -= 1
            if isinstance(result, BaseException):
                errors.append(result)
                continue
            self._results[name] = result
            unhandled = self._fails(name) and name not in self._handled
            stopped = stopped or (self._fail_fast and unhandled)
        if errors:
            raise errors[0]
        return self._results, self._failure()

    def _start(
        self, task: Call, ended: queue.SimpleQueue[tuple[str, CallResult | BaseException]]
    ) -> None:
        known = dict(self._results)

        def work() -> None:
            try:
                ended.put((task.name, self._run(task, known)))
            except BaseException as error:  # noqa: BLE001  raised by the waiting thread
                ended.put((task.name, error))

        threading.Thread(target=work, name=f"task-{task.name}").start()

    def _is_ready(self, task: Call) -> bool:
        return all(need in self._results for need in task.needs)

    def _decide(self, waiting: list[Call]) -> list[Call]:
        """Omit the tasks whose dependencies are not met, and return the others.

        Tasks are ordered, so that one pass also omits the tasks that depend on omitted ones.
        """
        left: list[Call] = []
        for task in waiting:
            if self._is_ready(task) and task.depends and not self._is_met(task):
                self._results[task.name] = CallResult(OMITTED, values={"status": OMITTED})
            else:
                left.append(task)
        return left

    def _is_met(self, task: Call) -> bool:
        return bool(evaluate(depends_tree(task.depends), {}, self._has_result))

    def _has_result(self, word: str) -> bool:
        name, _, wanted = task_word(word)
        result, parts = self._results[name], self._results[name].parts
        if not wanted:
            tolerated = result.failed and not self._fails(name)
            return result.status in {SUCCEEDED, SKIPPED} or tolerated
        if wanted == "AnySucceeded":
            return any(each.status == SUCCEEDED for each in parts)
        if wanted == "AllFailed":
            return bool(parts) and all(each.status == FAILED for each in parts)
        expected = {"Errored": ERROR, "Daemoned": "Daemoned"}.get(wanted, wanted)
        return result.status == expected

    def _fails(self, name: str) -> bool:
        """Return whether the failure of a task counts as a failure of the DAG."""
        result = self._results[name]
        return result.failed and result.status.lower() not in self._tasks[name].continues_on

    def _failure(self) -> StepFailed | None:
        """Return the failure of the DAG: that of a task on which no other one depends.

        A task that did not run takes over the failure of the tasks that it depends on.
        """
        failed: dict[str, StepFailed | None] = {}
        for name, task in self._tasks.items():
            result = self._results.get(name)
            if result is not None and result.status not in {OMITTED, SKIPPED}:
                failed[name] = result.error if self._fails(name) else None
            else:
                inherited = (failed[need] for need in task.needs)
                failed[name] = next((each for each in inherited if each is not None), None)
        needed = {need for task in self._tasks.values() for need in task.needs}
        leaves = (error for name, error in failed.items() if name not in needed)
        found = next((error for error in leaves if error is not None), None)
        if found is None and len(self._results) < len(self._tasks):
            # Tasks were not started because of a failure elsewhere.
            found = next((error for error in failed.values() if error is not None), None)
        return found


def _named_results(task: Call) -> dict[str, set[str]]:
    """Return the results of other tasks that a task names, by the name of the task."""
    found: dict[str, set[str]] = {}
    if task.depends:
        for each in nodes(depends_tree(task.depends)):
            if isinstance(each, Word):
                name, _, result = task_word(each.text)
                found.setdefault(name, set()).add(result)
    return found
