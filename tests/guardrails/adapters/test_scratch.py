import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from guardrails.adapters.scratch import RunFolder, remove
from guardrails.model.errors import CannotJudge


def test_a_folder_of_any_depth_and_mode_is_removed_without_following_links(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(precious)
    (folder / "locked").mkdir()
    (folder / "locked" / "file").write_text("")
    (folder / "locked").chmod(0)
    deep = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("directory", dir_fd=deep)
        below = os.open("directory", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    remove(folder)
    assert not folder.exists()
    assert (precious / "file").read_text() == "kept"
    precious.chmod(0o700)
    remove(tmp_path / "absent")


def test_a_folder_is_removed_while_something_still_writes_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for number in range(300):
        (folder / f"{number}").mkdir(parents=True)

    def write() -> None:
        with suppress(OSError):
            for number in range(1000):
                (folder / f"new-{number}").mkdir()

    thread = threading.Thread(target=write)
    thread.start()
    remove(folder)
    thread.join()
    assert not folder.exists()


def test_a_run_leaves_nothing_and_keeps_to_itself(tmp_path: Path) -> None:
    run, other = RunFolder(tmp_path), RunFolder(tmp_path)
    assert run.path != other.path
    first, second = run.fresh("a/../b"), run.fresh("a/../b")
    assert first.parent == second.parent == run.path
    assert run.path.stat().st_mode & 0o077 == 0
    run.discard(first)
    assert not first.exists() and second.exists()
    run.close()
    run.close()
    assert not second.exists()
    assert other.path.exists()
    other.close()


def test_a_child_removes_its_own_folders_and_not_its_parents(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    ours = run.fresh("ours")
    child = os.fork()
    if child == 0:
        try:
            run.fresh("theirs")
            run.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert list(run.path.iterdir()) == [ours]
    run.close()
    assert not ours.exists()


def test_folders_of_killed_runs_are_reaped_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from guardrails.adapters.scratch import RunFolder\n"
        f"run = RunFolder(Path({str(tmp_path)!r})); print(run.fresh('x'), flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        run = RunFolder(tmp_path)
        assert run.path.parent == theirs.parent.parent
        assert theirs.exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    late = RunFolder(tmp_path)
    assert late.path.exists() and run.path.exists()
    assert not theirs.exists()
    run.close()
    late.close()


def test_a_place_that_another_could_have_prepared_is_refused(tmp_path: Path) -> None:
    home = tmp_path / f"guardrails-{os.getuid()}"
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(CannotJudge, match="only you can write to; remove it, or set TMPDIR"):
        RunFolder(tmp_path).fresh("x")
    home.rmdir()
    home.symlink_to(tmp_path)
    with pytest.raises(CannotJudge, match="only you can write to"):
        RunFolder(tmp_path).fresh("x")
    with pytest.raises(CannotJudge, match="set TMPDIR"):
        RunFolder(tmp_path / "absent").fresh("x")
