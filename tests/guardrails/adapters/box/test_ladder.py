import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import guardrails
from guardrails.adapters.box import ladder
from guardrails.adapters.box.ladder import rung, strongest, why_not
from guardrails.adapters.box.probe import escapes
from guardrails.model.errors import BoxError, CannotJudge
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box
from tests.guardrails.adapters.box.attacker import command

_NOBODY = 65534


@pytest.fixture(autouse=True)
def _unproved() -> Iterator[None]:
    why_not.cache_clear()
    yield
    why_not.cache_clear()


def test_box_that_this_machine_can_give_holds(box: Box) -> None:
    assert escapes(box) == ()


def test_unconfined_program_is_seen_to_escape() -> None:
    found = escapes(rung(BoxLevel.NONE))
    assert {"reads outside", "writes outside", "reaches the network", "keeps privileges"} <= set(found)


def test_rung_that_does_not_hold_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {BoxLevel.BUBBLEWRAP: "uid map: permission denied", BoxLevel.UNSHARE: "", BoxLevel.LANDLOCK: ""}
    monkeypatch.setattr(ladder, "why_not", reasons.__getitem__)
    assert strongest(BoxLevel.LANDLOCK).level is BoxLevel.UNSHARE


def test_refusal_says_which_rung_failed_why_and_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "why_not", lambda level: f"no {level}")
    with pytest.raises(BoxError) as refusal:
        strongest(BoxLevel.UNSHARE)
    assert "bubblewrap: no bubblewrap; unshare: no unshare)" in str(refusal.value)
    assert "apt-get install bubblewrap" in str(refusal.value)
    assert "landlock:" not in str(refusal.value)


def test_unconfined_needs_the_explicit_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "why_not", lambda level: "forbidden")
    with pytest.raises(BoxError):
        strongest(BoxLevel.NONE)
    assert strongest(BoxLevel.BUBBLEWRAP, allow_unsandboxed=True).level is BoxLevel.NONE


def test_weaker_box_is_preferred_to_none(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {BoxLevel.BUBBLEWRAP: "absent", BoxLevel.UNSHARE: "forbidden", BoxLevel.LANDLOCK: ""}
    monkeypatch.setattr(ladder, "why_not", reasons.__getitem__)
    assert strongest(BoxLevel.BUBBLEWRAP, allow_unsandboxed=True).level is BoxLevel.LANDLOCK


def test_level_that_is_not_allowed_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "why_not", lambda level: "")
    allowed = (BoxLevel.LANDLOCK,)
    assert strongest(BoxLevel.LANDLOCK, box_levels_allowed=allowed).level is BoxLevel.LANDLOCK


def test_missing_bubblewrap_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt-get install bubblewrap" in why_not(BoxLevel.BUBBLEWRAP)


def test_bubblewrap_that_may_not_make_namespaces_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "bwrap: setting up uid map: Permission denied"
    (tmp_path / "bwrap").write_text(f"#!/bin/sh\necho '{refused}' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused in why_not(BoxLevel.BUBBLEWRAP)


def test_no_temporary_folder_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/absent")
    with pytest.raises(CannotJudge, match=r"/absent: cannot write: No such file.*set TMPDIR to a folder"):
        why_not(BoxLevel.UNSHARE)


def test_other_systems_are_told_to_use_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(BoxError, match="no box on darwin; run Guardrails in a Linux container"):
        strongest(BoxLevel.LANDLOCK, allow_unsandboxed=True)


def test_full_disk_is_said_before_the_program_runs(box: Box, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk], check=False).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(BoxError, match=r"only 4 MiB are free at .*free some space"):
            box.run(command("", writable=(disk,)))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_disk_filler_is_stopped_before_the_disk_is_full(box: Box, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=False).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    code = """
for number in range(60):
    open(str(number), "wb").write(bytes(1 << 20))
    time.sleep(0.005)
time.sleep(300)
"""
    try:
        assert box.run(command(code, writable=(disk,))).stopped_by == "disk"
    finally:
        subprocess.run(["umount", disk], check=True)


_UNPRIVILEGED = """
import json, os, sys, time
from pathlib import Path
from guardrails.adapters.box.ladder import rung, why_not
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Limits
level = BoxLevel(sys.argv[1])
scratch = Path(sys.argv[2])
argv = (sys.executable, "-I", "-S", "-c", "import os; open('made', 'w').write(str(os.getuid())); os.fork()")
limits = Limits(wall_seconds=20, processes=8)
done = rung(level).run(Command(argv, scratch, writable=(scratch,), limits=limits))
bomb = ("import os\\nwhile True:\\n    os.fork()\\n    try: os.setsid()\\n    except OSError: pass")
stopped = rung(level).run(Command((*argv[:4], bomb), scratch, writable=(scratch,), limits=limits)).stopped_by
mark = f"mark:{os.getpid()}"
process = rung(level).start(Command((*argv[:4], "import time, os; os.fork(); time.sleep(300)", mark), scratch,
                                    writable=(scratch,), limits=limits))
def marked():
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [place] if mark.encode() in place.read_bytes() else []
        except OSError:
            pass
    return found
end = time.monotonic() + 20
while len(marked()) < 2 and time.monotonic() < end:
    pass
seen = len(marked())
os.kill(process.host_pid, 9)
while marked() and time.monotonic() < end:
    pass
print(json.dumps([why_not(level), done.exit_code, stopped, seen >= 2, len(marked())]))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, with a copy of the package in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        package = Path(guardrails.__path__[0])
        for part in ("model", "payload", "adapters/box"):
            shutil.copytree(package / part, folder / "guardrails" / part)
        for part in ("__init__.py", "adapters/__init__.py", "adapters/scratch.py"):
            shutil.copy(package / part, folder / "guardrails" / part)
        yield folder


def test_box_holds_for_an_ordinary_user(box: Box, open_folder: Path) -> None:
    python = Path("/usr/bin/python3")
    version = "import sys; sys.exit(sys.version_info < (3, 11))"
    if os.geteuid() or not python.exists() or subprocess.run([python, "-c", version], check=False).returncode:
        pytest.skip("becoming another user needs root, and a Python 3.11 that every user may run")
    scratch = open_folder / "scratch"
    scratch.mkdir()
    os.chown(scratch, _NOBODY, _NOBODY)
    done = subprocess.run(
        [python, "-c", _UNPRIVILEGED, box.level, scratch],
        cwd=open_folder,
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=(),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(open_folder), "HOME": "/nonexistent"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == ["", 0, "processes", True, 0]
    assert (scratch / "made").stat().st_uid == _NOBODY
