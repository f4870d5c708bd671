"""One who measures has the machine alone, across processes; nobody waits for a lock that cannot be made."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from guardrails.adapters.crowd import Crowd

HOLD = """
import sys
from pathlib import Path
from guardrails.adapters.crowd import Crowd
with getattr(Crowd(Path(sys.argv[1])), sys.argv[2])():
    print("held", flush=True)
    sys.stdin.read()
"""


def is_free(folder: Path, kind: int) -> bool:
    with (folder / "quiet.lock").open("w") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_those_who_judge_share_and_one_who_measures_does_not(tmp_path: Path) -> None:
    for how, shared in (("shared", True), ("alone", False)):
        command = [sys.executable, "-c", HOLD, str(tmp_path), how]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdin is not None
            assert holder.stdout.readline() == b"held\n"
            assert is_free(tmp_path, fcntl.LOCK_SH) is shared
            assert not is_free(tmp_path, fcntl.LOCK_EX)
            holder.stdin.close()
        assert is_free(tmp_path, fcntl.LOCK_EX)


def test_the_lock_is_given_back_though_a_forked_child_still_has_it(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with Crowd(tmp_path).alone():
        child = os.fork()
        if child == 0:
            os.read(reading, 1)
            os._exit(0)
    assert is_free(tmp_path, fcntl.LOCK_EX)
    os.write(writing, b"x")
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)


def test_a_folder_that_cannot_be_made_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Crowd(tmp_path / "file" / "folder").alone():
        assert not (tmp_path / "file" / "folder").exists()
