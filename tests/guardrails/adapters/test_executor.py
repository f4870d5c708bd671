"""The executor keeps each job's faults to itself and leaves no process behind."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from guardrails.adapters.executor import ForkingExecutor
from guardrails.model.errors import BoundExceeded, CannotJudge

MEMORY = 8 << 30


def run(
    jobs: dict[str, Callable[[], object]],
    *,
    shorter: Mapping[str, float] | None = None,
    memory: int = MEMORY,
    alone: frozenset[str] = frozenset(),
) -> dict[str, object]:
    executor = ForkingExecutor(workers=2)
    bounds = {**dict.fromkeys(jobs, 30.0), **(shorter or {})}
    return dict(executor.run_all(jobs, seconds=bounds, memory_bytes=memory, alone=alone))


def hang() -> None:
    threading.Event().wait()


def hang_deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Event().wait()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat_memory() -> int:
    return len(bytearray(4 << 30))


def no_children_left() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_results_come_back_by_name() -> None:
    assert run({"one": lambda: 1, "two": lambda: ["x"] * 3}) == {"one": 1, "two": ["x"] * 3}


def test_a_large_result_does_not_block_the_pipe() -> None:
    assert len(str(run({"large": lambda: "x" * (3 << 20)})["large"])) == 3 << 20


@pytest.mark.parametrize("job", [hang, hang_deaf])
def test_a_job_that_hangs_is_ended_and_the_other_goes_on(
    job: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardrails.adapters.executor._GRACE_SECONDS", 0.2)
    monkeypatch.setattr("guardrails.adapters.executor._SHARED_SECONDS", 0.3)
    ended = run({"hangs": job, "works": lambda: "done"}, shorter={"hangs": 0.5})
    assert isinstance(ended["hangs"], BoundExceeded)
    assert ended["works"] == "done"
    assert no_children_left()


def test_short_jobs_share_a_child_and_long_ones_do_not() -> None:
    jobs: dict[str, Callable[[], object]] = dict.fromkeys(("a", "b", "c", "d"), os.getpid)
    bounds = {"a": 30.0, "b": 60.0, "c": 61.0, "d": 30.0}
    alone = frozenset({"d"})
    ended = ForkingExecutor(workers=2).run_all(jobs, seconds=bounds, memory_bytes=MEMORY, alone=alone)
    assert ended["a"] == ended["b"] != os.getpid()
    assert len(set(ended.values())) == 3


@pytest.mark.parametrize("broken", [die, hang, lambda: os._exit(0), lambda: lambda: None])
def test_what_breaks_a_shared_child_breaks_only_its_own_result(
    broken: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardrails.adapters.executor._SHARED_SECONDS", 0.3)
    ended = run({"first": os.getpid, "broken": broken, "last": os.getpid}, shorter={"broken": 1.0})
    assert isinstance(ended["broken"], CannotJudge)
    assert isinstance(ended["first"], int)
    assert isinstance(ended["last"], int)
    assert ended["first"] != ended["last"]
    assert no_children_left()


def test_a_killed_job_is_an_error_that_names_the_signal() -> None:
    ended = run({"dies": die, "works": lambda: "done"})
    assert isinstance(ended["dies"], CannotJudge)
    assert "SIGKILL" in str(ended["dies"])
    assert ended["works"] == "done"


def test_a_job_that_eats_memory_ends_without_a_report() -> None:
    assert isinstance(run({"eats": eat_memory}, memory=2 << 30)["eats"], CannotJudge)


def test_a_job_named_alone_has_nothing_beside_it() -> None:
    spans = run(dict.fromkeys(("a", "quiet", "b"), _busy_span), alone=frozenset({"quiet"}))
    quiet = spans["quiet"]
    assert isinstance(quiet, tuple)
    for other in (spans["a"], spans["b"]):
        assert isinstance(other, tuple)
        assert other[1] <= quiet[0] or quiet[1] <= other[0]


def _busy_span() -> tuple[float, float]:
    start = time.monotonic()
    sum(range(200_000))
    return start, time.monotonic()


def test_an_interrupt_ends_every_child() -> None:
    def interrupt_parent_and_hang() -> None:
        os.kill(os.getppid(), signal.SIGINT)
        threading.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        run({"one": interrupt_parent_and_hang, "two": hang})
    assert no_children_left()


def test_the_last_hook_runs_even_when_the_job_is_told_to_end(tmp_path: Path) -> None:
    mark = tmp_path / "cleaned"
    executor = ForkingExecutor(workers=1, at_end=mark.touch)
    ended = executor.run_all({"one": hang}, seconds={"one": 0.3}, memory_bytes=MEMORY, alone=frozenset())
    assert isinstance(ended["one"], BoundExceeded)
    assert mark.exists()
