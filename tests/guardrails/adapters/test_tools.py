import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from guardrails.adapters.tools import clean_environment, find_tool, run_bounded
from guardrails.model.errors import ToolMissing
from guardrails.model.ports import Completed
from tests.repos.memory import MemoryCache


def run(folder: Path, code: str, stdin: bytes = b"", **bounds: float) -> Completed:
    argv = [sys.executable, "-c", code]
    output_bytes = int(bounds.get("output_bytes", 1 << 20))
    seconds = bounds.get("seconds", 30.0)
    environment = clean_environment(folder)
    return run_bounded(argv, folder, environment, stdin=stdin, seconds=seconds, output_bytes=output_bytes)


def test_a_program_sees_only_a_clean_environment_and_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUFF_CONFIG", "/x")
    done = run(
        tmp_path,
        "import os, sys; print(sorted(os.environ)); sys.stderr.write(str(len(sys.stdin.read())))",
        b"x" * 300000,
    )
    assert "RUFF_CONFIG" not in done.stdout.decode()
    assert done == Completed(0, done.stdout, b"300000")


def test_a_program_that_reads_nothing_still_runs(tmp_path: Path) -> None:
    assert run(tmp_path, "print(1)", b"x" * 3000000) == Completed(0, b"1\n", b"")
    assert run(tmp_path, "import sys; sys.exit(3)").exit_code == 3


@pytest.mark.parametrize(
    ("code", "bound"),
    [
        ("while True: print('x' * 10000)", "output_bytes"),
        ("import time; time.sleep(60)", "wall_seconds"),
        ("import os, time; os.close(1); os.close(2); os.close(0); time.sleep(60)", "wall_seconds"),
        ("import os, time; os.fork() and os._exit(0); time.sleep(60)", "wall_seconds"),
    ],
)
def test_a_bound_ends_the_program_and_what_it_started(tmp_path: Path, code: str, bound: str) -> None:
    done = run(tmp_path, code, seconds=0.5 if bound == "wall_seconds" else 30.0)
    assert done.stopped_by == bound
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_ends_with_us(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from guardrails.adapters.tools import *\n"
        "inner = 'import os, time; os.write(%d, b\"%%d\" %% os.getpid()); time.sleep(600)' % int(sys.argv[1])\n"
        "run_bounded([sys.executable, '-c', inner], Path('/'), {}, keep=(int(sys.argv[1]),))"
    )
    read, write = os.pipe()
    with subprocess.Popen([sys.executable, "-c", code, str(write)], pass_fds=(write,)) as outer:
        os.close(write)
        inner = int(os.read(read, 20))
        outer.send_signal(signal.SIGKILL)
    assert os.read(read, 1) == b""
    os.close(read)
    assert inner > 0


def test_a_short_program_that_outlives_us_is_bounded_by_the_kernel(tmp_path: Path) -> None:
    said = "import resource, sys; sys.stdin.read(); print(*resource.getrlimit(resource.RLIMIT_CPU))"
    assert run(tmp_path, said, seconds=20.0).stdout == b"20 20\n"
    assert run(tmp_path, said, seconds=31.0).stdout != b"31 31\n"


def test_a_tool_is_found_with_its_version_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = MemoryCache()
    tool = find_tool("ruff", cache, tmp_path)
    assert tool.version.split(".")[0].isdigit()
    assert tool.source == "harness"
    assert len(cache.stored) == 1
    monkeypatch.setattr("guardrails.adapters.tools.run_bounded", None)
    assert find_tool("ruff", cache, tmp_path) == tool


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match=r"absent is not installed at .*reinstall"):
        find_tool("absent", MemoryCache(), tmp_path)
    with pytest.raises(ToolMissing, match="cannot be run: No such file"):
        run_bounded([str(tmp_path / "absent")], tmp_path, {})
