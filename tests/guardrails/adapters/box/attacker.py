"""Runs a hostile program in a box, as a gate would run the project's code."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from guardrails.adapters.box.probe import our_interpreter
from guardrails.model.ports import Box, Command, Limits

LIMITS = Limits(wall_seconds=30.0, cpu_seconds=20, memory_bytes=512 << 20, processes=40, output_bytes=1 << 20)

# What the attacks share, inside the box: `attempt` says whether an OSError held the program back.
_PRELUDE = """
import ctypes, errno, os, socket, subprocess, sys, time
def attempt(action):
    try:
        print("did", action())
    except OSError as error:
        print("held", errno.errorcode.get(error.errno, error))
def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result
"""


def command(
    code: str,
    *arguments: object,
    writable: tuple[Path, ...] = (),
    readable: tuple[Path, ...] = (),
    limits: Limits = LIMITS,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    inherit: tuple[int, ...] = (),
) -> Command:
    """Return the command that runs `code` after the prelude, in our own interpreter."""
    argv = (sys.executable, "-I", "-S", "-c", _PRELUDE + code, *map(str, arguments))
    place = writable[0] if writable else Path("/")
    visible = (*our_interpreter(), *readable)
    return Command(argv, place, environment or {}, visible, writable, stdin, limits, inherit)


def until(fact: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Poll `fact` until it holds; whether it did in time."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def is_alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def processes_with(mark: str) -> list[int]:
    """Return the processes that have `mark` among their arguments."""
    found = []
    for name in (path.name for path in Path("/proc").iterdir()):
        if name.isdigit() and int(name) != os.getpid():
            try:
                arguments = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mark.encode() in arguments and is_alive(int(name)):
                found.append(int(name))
    return found


def said(box: Box, code: str, *arguments: object, **options: Any) -> list[str]:
    """Return the lines that `code` printed in the box, where it must end well; options are `command`'s."""
    done = box.run(command(code, *arguments, **options))
    assert done.exit_code == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def is_held(line: str) -> bool:
    """Whether this line of `attempt` says that the box held."""
    return line.startswith("held ")
