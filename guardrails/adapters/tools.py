"""Runs programs of ours (ruff, mypy, an interpreter, pip) on data, outside any box.

They get a clean environment and an empty home, so that neither the user's nor the project's
configuration changes a verdict, and they end with us.
"""

import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from guardrails.model.digest import sha256
from guardrails.model.errors import ToolMissing
from guardrails.model.ports import Cache, Completed, Tool

SECONDS = 300.0
SHORT_SECONDS = 30.0
OUTPUT_BYTES = 64 << 20
_PIECE = 1 << 16
_DIE_WITH_PARENT = 1


def clean_environment(home: Path) -> dict[str, str]:
    """Return the whole environment of a program of ours, whose home is the empty folder `home`."""
    place = str(home)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": place,
        "XDG_CONFIG_HOME": place,
        "XDG_CACHE_HOME": place,
        "TMPDIR": place,
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
    }


def run_bounded(
    argv: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    stdin: bytes = b"",
    seconds: float = SECONDS,
    output_bytes: int = OUTPUT_BYTES,
    keep: tuple[int, ...] = (),
) -> Completed:
    """Run a program to its end or to a bound, and end everything it started.

    When we are killed it is killed too; one of at most SHORT_SECONDS may use up its bound in CPU time.
    Raises ToolMissing when it cannot be started. `keep` are descriptors that it inherits.
    """
    try:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=keep,
            start_new_session=True,
            preexec_fn=_dies_with_parent() if seconds > SHORT_SECONDS else None,  # noqa: PLW1509 - one system call
        )
    except OSError as error:
        raise ToolMissing(
            f"{argv[0]} cannot be run: {error.strerror}; install it or correct its path"
        ) from error
    if seconds <= SHORT_SECONDS:
        _bound_cpu(process.pid, seconds)
    try:
        stdout, stderr, stopped_by = _talk(process, stdin, time.monotonic() + seconds, output_bytes)
    finally:
        _end(process)
    return Completed(process.returncode, stdout, stderr, stopped_by)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the program and what it started, if any of it still runs, and let go of it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):
            if stream is not None:
                stream.close()


def _bound_cpu(pid: int, seconds: float) -> None:
    """Have the kernel end a short run that outlives us; asking it for more costs 12 CPU ms a run."""
    if sys.platform == "linux":
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))


def _dies_with_parent() -> Callable[[], None] | None:
    """Return what a child must call so that it is killed when we are; None where there is no such call."""
    if sys.platform != "linux":
        return None
    import ctypes  # noqa: PLC0415 - costs milliseconds that a run without tools need not pay

    control = ctypes.CDLL(None).prctl
    return lambda: control(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _talk(
    process: "subprocess.Popen[bytes]", stdin: bytes, deadline: float, output_bytes: int
) -> tuple[bytes, bytes, str]:
    """Feed and read the program until it closes its ends; return output, errors and the bound it hit."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    read = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = read.values()
    left = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        for descriptor in read:
            selector.register(descriptor, selectors.EVENT_READ)
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                return bytes(out), bytes(err), "wall_seconds"
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    left = _fed(process.stdin.fileno(), left)
                    if not left:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif piece := os.read(key.fd, _PIECE):
                    read[key.fd] += piece
                else:
                    selector.unregister(key.fd)
            if len(out) + len(err) > output_bytes:
                return bytes(out), bytes(err), "output_bytes"
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return bytes(out), bytes(err), "wall_seconds"
    return bytes(out), bytes(err), ""


def _fed(descriptor: int, left: memoryview) -> memoryview:
    """Write what fits; return what remains, nothing when the program reads no more."""
    try:
        return left[os.write(descriptor, left[:_PIECE]) :]
    except BlockingIOError:
        return left
    except OSError:
        return left[:0]


def find_tool(name: str, cache: Cache, home: Path) -> Tool:
    """Return the tool that is installed beside our interpreter; raises ToolMissing."""
    program = Path(sys.executable).parent / name
    try:
        found = program.stat()
    except OSError:
        raise ToolMissing(f"{name} is not installed at {program}; reinstall guardrails-harness") from None
    identity = f"{program} {found.st_size} {found.st_mtime_ns} {found.st_ino}"
    key = "tool-version " + sha256(identity.encode()).hexdigest()
    known = cache.get(key)
    if known is None:
        answer = run_bounded([str(program), "--version"], home, clean_environment(home), seconds=60)
        if answer.exit_code or answer.stopped_by:
            raise ToolMissing(f"{program} --version fails; reinstall guardrails-harness")
        known = answer.stdout.strip()[:200]
        cache.put(key, known)
    words = known.decode("utf-8", "replace").split()
    return Tool((str(program),), words[1] if len(words) > 1 else "unknown", "harness")
