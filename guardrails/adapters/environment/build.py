"""Builds a virtual environment from pins, once per content, in the user's cache folder.

It is built where it stays, because its scripts name their own place, under a lock on its folder.
Only the mark written last makes it count, so a build that was killed is begun anew. pip holds
the lock too: one that outlives us cannot write into the next builder's environment.
"""

import errno
import fcntl
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from guardrails.adapters.environment.lock import Pin
from guardrails.adapters.scratch import remove, room_in
from guardrails.adapters.tools import run_bounded
from guardrails.model.errors import EnvironmentFailure

SECONDS = 900.0
_MARK = "complete"
_PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
_INSTALL = ("install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps")


def built(pins: Sequence[Pin], digest: str, folder: Path, source: str) -> Path:
    """Return the Python of the environment that holds exactly `pins`; raises EnvironmentFailure."""
    place = folder / digest
    with room_in(folder):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        python = place / "venv" / "bin" / "python"
        if not ((place / _MARK).is_file() and python.exists()):
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ((place / _MARK).is_file() and python.exists()):
                with room_in(place):
                    _build(pins, place, source, lock)
    finally:
        os.close(lock)
    return python


def _build(pins: Sequence[Pin], place: Path, source: str, lock: int) -> None:
    for left in place.iterdir():
        remove(left) if left.is_dir() else left.unlink()
    venv, requirements = place / "venv", place / "requirements.txt"
    requirements.write_text("".join(pin.line() + "\n" for pin in pins))
    python = venv / "bin" / "python"
    # A pip of our own saves seconds, and keeps pip out of the environment.
    ours = importlib.util.find_spec("pip") is not None
    make = (sys.executable, "-I", "-m", "venv", *(["--without-pip"] if ours else []), str(venv))
    _run(make, place, f"{source}: no environment can be made", lock)
    if pins:
        pip = (sys.executable, *_PIP, "--python", str(python)) if ours else (str(python), *_PIP)
        argv = (*pip, *_INSTALL, "--requirement", str(requirements))
        _run(argv, place, f"{source}: its packages cannot be installed", lock)
    (place / _MARK).write_text("")


def _run(argv: tuple[str, ...], place: Path, what: str, lock: int) -> None:
    # The user's own pip settings (index, proxy, certificates) hold; PYTHON* could change what runs.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    answer = run_bounded(argv, place, environment, seconds=SECONDS, keep=(lock,))
    if answer.stopped_by:
        raise EnvironmentFailure(f"{what}: it hit the bound {answer.stopped_by}; try again, or use `python`")
    if answer.exit_code and os.strerror(errno.ENOSPC).encode() in answer.stdout + answer.stderr:
        raise EnvironmentFailure(
            f"{what}: {place}: the disk is full; free some space, or set XDG_CACHE_HOME to a folder on another disk"
        )
    if answer.exit_code:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()[-4:]
        raise EnvironmentFailure(
            f"{what}: {' '.join(said)[:600]!a}; every package needs a wheel for this Python and a hash;"
            " or name a ready interpreter in `environment.python`"
        )
