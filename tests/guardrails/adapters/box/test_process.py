import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box, Limits, Process
from tests.guardrails.adapters.box.attacker import LIMITS, command, is_alive, processes_with, until

_MIB = 1 << 20
_SLEEP = "time.sleep(300)"
# A daemon: forked twice, in a session of its own, deaf to signals, its output closed.
_DAEMON = """
import signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (1, 2, 15):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in range(3):
            os.close(descriptor)
        time.sleep(300)
    os._exit(0)
os.wait()
print("ready", flush=True)
"""


def _mark(tmp_path: Path) -> str:
    """An argument that only this test's processes carry."""
    return f"mark:{tmp_path}"


def _limits(**changed: Any) -> Limits:  # of the types of the fields
    return dataclasses.replace(LIMITS, **changed)


def test_output_and_exit_code_come_back(box: Box) -> None:
    code = 'print(input()); print("no", file=sys.stderr); sys.exit(3)'
    done = box.run(command(code, stdin=b"hello\n"))
    assert (done.exit_code, done.stdout, done.stderr, done.stopped_by) == (3, b"hello\n", b"no\n", "")


def test_large_input_and_output_do_not_block_each_other(box: Box) -> None:
    sent = b"x" * (8 * _MIB)
    done = box.run(
        command("sys.stdout.write(sys.stdin.read())", stdin=sent, limits=_limits(output_bytes=9 * _MIB))
    )
    assert done.stdout == sent


def test_death_by_signal_is_a_negative_exit_code(box: Box) -> None:
    assert box.run(command("os.kill(os.getpid(), 11)")).exit_code == -11


@pytest.mark.parametrize(
    ("bound", "code", "limits"),
    [
        ("wall", "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(300)", _limits(wall_seconds=0.3)),
        ("cpu", "while True: pass", _limits(cpu_seconds=1)),
        ("cpu", "while True:\n    if os.fork() == 0:\n        while time.process_time() < 0.1: pass\n"
                "        os._exit(0)\n    os.wait()", _limits(cpu_seconds=1)),
        ("memory", "kept = []\nwhile True: kept.append(bytearray(b'x' * 1000000))", _limits(memory_bytes=128 * _MIB)),
        ("memory", "import mmap\nkept = mmap.mmap(-1, 1 << 30)\nwhile True: kept.write(b'x' * 1000000)",
         _limits(memory_bytes=128 * _MIB)),
        ("memory", "pids = [os.fork() for _ in range(4)]\nkept = bytearray(b'x' * (50 << 20))\ntime.sleep(300)",
         _limits(memory_bytes=256 * _MIB)),
        ("output", "while True: os.write(1, os.urandom(4096))", LIMITS),
        ("output", "while True: os.write(2, b'x' * 4096)", LIMITS),
    ],
)  # fmt: skip
def test_bound_stops_the_program_and_is_named(box: Box, bound: str, code: str, limits: Limits) -> None:
    done = box.run(command(code, limits=limits))
    assert done.stopped_by == bound
    assert done.exit_code < 0
    assert len(done.stdout) + len(done.stderr) <= limits.output_bytes


@pytest.mark.parametrize(
    "bomb",
    [
        "while True: os.fork()",
        "while True:\n    os.fork()\n    try: os.setsid()\n    except OSError: pass",
        "if os.fork(): time.sleep(300)\nwhile True:\n    if os.fork(): os._exit(0)\n    os.fork()",
    ],
)
def test_fork_bomb_is_held_at_its_bound(box: Box, tmp_path: Path, bomb: str) -> None:
    most = 0

    def count() -> bool:
        nonlocal most
        most = max(most, len(processes_with(_mark(tmp_path))))
        return not process.is_running()

    process = box.start(command(bomb, _mark(tmp_path), limits=_limits(processes=20)))
    assert until(count)
    assert process.stop().stopped_by == "processes"
    assert most <= 40  # those that were let through while the keeper counted are few
    assert processes_with(_mark(tmp_path)) == []


def test_file_size_is_bounded(box: Box, scratch: Path) -> None:
    code = 'file = open("big", "wb")\nattempt(lambda: [file.write(b"x" * 100000) for _ in range(100)])'
    done = box.run(command(code, writable=(scratch,), limits=_limits(file_bytes=_MIB)))
    assert done.stdout == b"held EFBIG\n"
    assert (scratch / "big").stat().st_size <= _MIB


def test_private_temporary_folder_is_bounded(box: Box) -> None:
    if box.level is BoxLevel.LANDLOCK:
        return  # the folder is on the host's disk there, and the disk's reserve is what bounds it
    code = """
def fill():
    for number in range(1000):
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(1 << 20))
attempt(fill)
"""
    done = box.run(command(code, limits=_limits(memory_bytes=64 * _MIB)))
    assert done.stdout == b"held ENOSPC\n" or done.stopped_by == "memory"


def test_stop_lets_the_program_end_by_itself(box: Box, scratch: Path) -> None:
    code = """
import signal
signal.signal(15, lambda *_: (print("bye"), sys.exit(7)))
open("ready", "w")
time.sleep(300)
"""
    process = box.start(command(code, writable=(scratch,)))
    assert until((scratch / "ready").exists)
    assert process.is_running()
    done = process.stop()
    assert (done.exit_code, done.stdout, done.stopped_by) == (7, b"bye\n", "")
    assert process.stop() == done
    assert not process.is_running()


def test_stop_ends_a_program_that_ignores_it(box: Box, tmp_path: Path) -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN)\nprint('deaf', flush=True)\n" + _SLEEP
    process = box.start(command(code, _mark(tmp_path)))
    assert until(lambda: bool(processes_with(_mark(tmp_path))))
    assert process.stop().exit_code < 0
    assert processes_with(_mark(tmp_path)) == []


def test_program_may_be_stopped_before_it_runs(box: Box) -> None:
    assert [box.start(command(_SLEEP)).stop().exit_code < 0 for _ in range(5)] == [True] * 5


@pytest.mark.parametrize("end", ["sys.exit(0)", _SLEEP])
def test_daemon_does_not_survive_the_program(box: Box, tmp_path: Path, end: str) -> None:
    process = box.start(command(_DAEMON + end, _mark(tmp_path), limits=_limits(wall_seconds=0.5)))
    assert until(lambda: not process.is_running())
    process.stop()
    assert processes_with(_mark(tmp_path)) == []


def test_time_of_ended_threads_and_children_is_counted(box: Box, scratch: Path) -> None:
    code = """
import threading
def spin():
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
thread = threading.Thread(target=spin)
thread.start()
thread.join()
if os.fork() == 0:
    spin()
    os._exit(0)
os.wait()
if os.fork() == 0:
    spin()
    open("spun", "w")
    time.sleep(300)
time.sleep(300)
"""
    process = box.start(command(code, writable=(scratch,)))
    assert until((scratch / "spun").exists)
    running = process.cpu_seconds()
    process.stop()
    assert 0.58 <= running < 1.5  # three times 0.2 s, the reaped child's in ticks of 10 ms
    assert process.cpu_seconds() >= running - 0.1  # a part that is lost is 0.2 s; ticks of 10 ms differ


_HARNESS = """
import sys
from pathlib import Path
from guardrails.adapters.box.ladder import rung
from guardrails.model.policy import BoxLevel
from tests.guardrails.adapters.box.attacker import command
process = rung(BoxLevel(sys.argv[1])).start(command(sys.argv[3], sys.argv[2]))
print(process.host_pid, flush=True)
process.wait()
"""


def _harness(box: Box, mark: str) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-c", _HARNESS, str(box.level), mark, _DAEMON + _SLEEP]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path.cwd())


def _boxed(mark: str, *outside: int) -> list[int]:
    return [pid for pid in processes_with(mark) if pid not in outside]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=str)
def test_nothing_survives_the_harness(box: Box, tmp_path: Path, number: signal.Signals) -> None:
    mark = _mark(tmp_path)
    with _harness(box, mark) as harness:
        assert harness.stdout is not None
        keeper = int(harness.stdout.readline())
        assert until(lambda: len(_boxed(mark, harness.pid)) >= 2)
        harness.send_signal(number)
        harness.wait()
        assert until(lambda: not _boxed(mark, harness.pid))
        assert until(lambda: not is_alive(keeper))


def test_nothing_survives_although_a_fork_of_the_harness_does(box: Box, tmp_path: Path) -> None:
    mark = _mark(tmp_path)
    program = _HARNESS.replace(
        "process.wait()", "if pid := os.fork(): print(pid, flush=True)\ntime.sleep(300)"
    )
    argv = [sys.executable, "-c", "import os, time" + program, str(box.level), mark, _DAEMON + _SLEEP]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path.cwd()) as harness:
        assert harness.stdout is not None
        harness.stdout.readline()
        fork = int(harness.stdout.readline())
        try:
            assert until(lambda: len(_boxed(mark, harness.pid, fork)) >= 2)
            harness.kill()
            assert until(lambda: not _boxed(mark, harness.pid, fork))
            assert is_alive(fork)
        finally:
            os.kill(fork, signal.SIGKILL)


def test_nothing_survives_a_killed_keeper(box: Box, tmp_path: Path) -> None:
    mark = _mark(tmp_path)
    process = box.start(command(_DAEMON + _SLEEP, mark))
    assert until(lambda: len(processes_with(mark)) >= 2)
    os.kill(process.host_pid, signal.SIGKILL)
    with pytest.raises(BoxError, match="killed before it could report; run again"):
        process.stop()
    assert until(lambda: not processes_with(mark))
    assert process.cpu_seconds() == 0.0


def test_interrupt_while_waiting_ends_everything(box: Box, tmp_path: Path) -> None:
    mark = _mark(tmp_path)

    def interrupt() -> None:
        until(lambda: bool(processes_with(mark)))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        box.run(command(_SLEEP, mark))
    thread.join()
    assert until(lambda: not processes_with(mark))


def test_process_started_by_a_thread_outlives_the_thread(box: Box) -> None:
    started: list[Process] = []
    thread = threading.Thread(
        target=lambda: started.append(box.start(command("time.sleep(0.2); print('fine')")))
    )
    thread.start()
    thread.join()
    assert until(lambda: not started[0].is_running())
    assert started[0].stop().stdout == b"fine\n"


def test_program_that_does_not_exist_is_named(box: Box) -> None:
    missing = command("")
    with pytest.raises(BoxError, match="'/absent/python' does not exist"):
        box.run(type(missing)(("/absent/python",), Path("/")))


def test_program_outside_the_view_fails_as_the_box(box: Box, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with pytest.raises(BoxError, match="could not run the program"):
        box.run(type(command(""))((str(program),), Path("/")))


def test_private_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = 'os.makedirs(os.path.join(os.environ.get("TMPDIR", "/tmp"), "a/b")); print(os.listdir("."))'
    assert box.run(command(code)).exit_code in {0, 1}
    assert list(tmp_path.iterdir()) == []
