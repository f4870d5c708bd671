"""Interrupts and kills at many moments: an exit code that says so, and nothing left behind."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attacks.arena import Arena, children, command_line, descendants, until
from tests.attacks.shops import APP, SHOP, TESTED_POLICY, TESTED_SHOP, changed
from tests.repos.boxed import real_box

_ANSWER = "    await receive()\n"
_SLOW = APP.replace(
    _ANSWER, _ANSWER + '    if scope["path"] == "/items/2":\n        import time; time.sleep(99)\n'
)
_SLOW_TEST = "import time\n\n\ndef test_long():\n    time.sleep(99)\n"

Moment = Callable[["subprocess.Popen[bytes]", Arena], object]


def _run_folders(arena: Arena) -> list[Path]:
    shared = arena.folder / "tmp" / f"guardrails-{os.getuid()}"
    return list(shared.iterdir()) if shared.is_dir() else []


def _boxes(process: "subprocess.Popen[bytes]") -> list[int]:
    return [pid for pid in descendants(process.pid) if "confine" in command_line(pid)]


def _services(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the processes inside a box that run the project's code."""
    found = [pid for pid in descendants(process.pid) if "payload/serve.py" in command_line(pid)]
    return [pid for pid in found if "confine" not in command_line(pid) and "bwrap" not in command_line(pid)]


def _gates(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the forked gates that run a box: they have the harness' own command line."""
    own = command_line(process.pid)
    found = [pid for pid in children(process.pid) if own and command_line(pid) == own]
    return [pid for pid in found if any("confine" in command_line(one) for one in children(pid))]


MOMENTS: dict[str, Moment] = {
    "a process appears": lambda process, arena: children(process.pid),
    "the run folder appears": lambda process, arena: _run_folders(arena),
    "a checkout appears": lambda process, arena: [
        one for run in _run_folders(arena) for one in run.glob("checkouts/*")
    ],
    "a box starts": lambda process, arena: _boxes(process),
    "a gate starts": lambda process, arena: _gates(process),
    "a service starts": lambda process, arena: _services(process),
    "two boxes run": lambda process, arena: len(_services(process)) > 1 or len(_boxes(process)) > 1,
}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """A change whose service never answers and whose tests never end."""
    real_box()
    base = {
        **SHOP,
        "shop/app.py": _SLOW,
        "tests/test_slow.py": _SLOW_TEST,
        "policies/guardrails.yaml": SHOP["policies/guardrails.yaml"] + "    tests: [tests]\n",
    }
    return changed(tmp_path_factory.mktemp("i"), base)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_run_says_so_and_leaves_nothing(slow: Arena, moment: str, number: signal.Signals) -> None:
    with slow.started("review", "--base", "main") as process:
        until(lambda: MOMENTS[moment](process, slow) or process.poll() is not None)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err == b"guardrails: interrupted; nothing was judged\n"
    assert slow.leftovers() == []


def test_second_interrupt_during_the_cleanup_changes_nothing(slow: Arena) -> None:
    with slow.started("review", "--base", "main") as process:
        until(lambda: _services(process) or process.poll() is not None)
        for _ in range(20):
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in {130, -signal.SIGINT}
    assert b"Traceback" not in err
    assert slow.run("doctor").code == 0


def test_interrupt_of_the_whole_group_says_so_once(slow: Arena) -> None:
    """A terminal sends its interrupt to every process of the group."""
    with slow.started("review", "--base", "main") as process:
        until(lambda: _services(process) or process.poll() is not None)
        for pid in [*_gates(process), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"guardrails: interrupted; nothing was judged\n"
    assert slow.leftovers() == []


@pytest.mark.parametrize("moment", ["a box starts", "a service starts", "a gate starts"])
def test_killed_run_leaves_no_process_and_the_next_run_clears_its_folder(slow: Arena, moment: str) -> None:
    with slow.started("review", "--base", "main") as process:
        until(lambda: MOMENTS[moment](process, slow) or process.poll() is not None)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert slow.run("doctor").code == 0


def _killed(arena: Arena, victims: Callable[["subprocess.Popen[bytes]"], list[int]]) -> tuple[int, str, str]:
    with arena.started("review", "--base", "main", "--gate", "golden", "--format", "json") as process:
        until(lambda: victims(process) or process.poll() is not None)
        for pid in victims(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert arena.leftovers() == []
    return process.returncode, out.decode(), err.decode()


def test_killed_gate_is_undecided(slow: Arena) -> None:
    code, out, err = _killed(slow, _gates)
    assert code == 3
    assert "was killed by SIGKILL" in json.loads(out)["gates"][0]["reason"]
    assert err == ""


def test_killed_service_is_undecided(slow: Arena) -> None:
    code, out, err = _killed(slow, _services)
    assert code == 3
    assert "service shop" in out
    assert err == ""


def test_killed_keeper_of_the_box_is_undecided(slow: Arena) -> None:
    def keepers(process: "subprocess.Popen[bytes]") -> list[int]:
        inside = _services(process)
        return [pid for pid in _boxes(process) if inside and "confine" in command_line(pid)]

    code, out, err = _killed(slow, keepers)
    assert code == 3
    assert "keeper was killed" in json.loads(out)["gates"][0]["reason"]
    assert err == ""


def test_killed_test_run_is_undecided(place: Path) -> None:
    real_box()
    base = {**TESTED_SHOP, "tests/test_slow.py": _SLOW_TEST, "policies/guardrails.yaml": TESTED_POLICY}
    arena = changed(place, base)
    with arena.started("review", "--base", "main", "--gate", "integrity", "--format", "json") as process:

        def runs() -> list[int]:
            return [pid for pid in descendants(process.pid) if "payload/overlay.py" in command_line(pid)]

        until(lambda: runs() or process.poll() is not None)
        for pid in runs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 3
    assert b"GR527" in out
    assert err == b""
    assert arena.leftovers() == []


def test_killed_git_ends_undecided_unless_its_work_was_done(slow: Arena) -> None:
    undisturbed = slow.review("--base", "main", "--gate", "architecture").settled
    codes: list[int | None] = []
    while 3 not in codes and len(codes) < 40:
        with slow.started(
            "review", "--base", "main", "--gate", "architecture", "--format", "json"
        ) as process:

            def gits() -> list[int]:
                return [pid for pid in children(process.pid) if command_line(pid).startswith("git ")]

            until(lambda: gits() or process.poll() is not None)
            killed = gits()
            for pid in killed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            out, err = process.communicate(timeout=60)
        assert err == b""
        codes.append(process.returncode)
        said = json.loads(out)
        if process.returncode == 3:
            assert "git" in said["findings"][0]["message"]
        else:  # it was killed after its last answer, so nothing was lost
            assert {name: value for name, value in said.items() if name != "measured"} == undisturbed
    assert set(codes) <= {0, 3}
    assert 3 in codes
