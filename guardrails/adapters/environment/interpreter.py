"""Describes an interpreter: what it is, and which folders must be readable to run it in a box."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from guardrails.adapters.tools import clean_environment, run_bounded
from guardrails.model.errors import EnvironmentFailure, ToolMissing
from guardrails.model.ports import Interpreter

OLDEST = (3, 9)
_SECONDS = 30.0
# Without `site`, so that no .pth file and no sitecustomize of the project runs outside the box.
_PROBE = (
    "import json, sys; print(json.dumps([sys.executable, sys.base_prefix, sys.base_exec_prefix,"
    " sys.version, sys.implementation.cache_tag, sys.platform]))"
)


def described(python: Path, source: str, home: Path) -> Interpreter:
    """Return the interpreter at `python`; raises EnvironmentFailure when it does not run or is too old."""
    executable, prefixes, version = _probed(python, home)
    links = list(_hops(executable))
    environment = executable.parent.parent
    folders = [environment] if (environment / "pyvenv.cfg").is_file() else []
    folders += [part for prefix in prefixes for part in _parts_of(prefix)]
    folders += [link.parent for link in links]
    digest = _digest(version, links[-1], folders)
    return Interpreter(executable, tuple(_without_nested(folders)), digest, source)


def _probed(python: Path, home: Path) -> tuple[Path, list[Path], str]:
    remedy = "correct `environment.python` in policies/guardrails.yaml, or make the environment there"
    try:
        answer = run_bounded(
            [str(python), "-I", "-S", "-c", _PROBE], home, clean_environment(home), seconds=_SECONDS
        )
    except ToolMissing:
        raise EnvironmentFailure(
            f"the interpreter {python} does not exist or cannot be run; {remedy}"
        ) from None
    try:
        executable, prefix, exec_prefix, *identity = map(str, json.loads(answer.stdout))
        version = tuple(int(part) for part in identity[0].split()[0].split(".")[:2])
    except (ValueError, IndexError):
        raise EnvironmentFailure(f"{python} does not behave as a Python interpreter; {remedy}") from None
    if version < OLDEST or not Path(executable).is_absolute():
        raise EnvironmentFailure(
            f"{python} is Python {identity[0].split()[0]}; at least 3.9 is needed; {remedy}"
        )
    return Path(executable), [Path(prefix), Path(exec_prefix)], "\n".join(identity)


def _hops(path: Path) -> Iterator[Path]:
    """Yield `path`, every link on the way, and the file it ends at."""
    for _ in range(40):
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / path.readlink()))
    raise EnvironmentFailure(f"{path} is a loop of links; make the environment anew")


def _parts_of(prefix: Path) -> list[Path]:
    """Return what of an installation must be readable; never a whole home or file system."""
    home = Path(os.environ.get("HOME") or "/root")
    if prefix == Path("/") or home.is_relative_to(prefix):
        return [part for name in ("bin", "lib", "lib64") if (part := prefix / name).is_dir()]
    return [prefix]


def _without_nested(folders: list[Path]) -> Iterator[Path]:
    kept: list[Path] = []
    for folder in sorted(set(folders), key=lambda one: len(one.parts)):
        if folder.is_dir() and not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
            yield folder


def _digest(version: str, binary: Path, folders: list[Path]) -> str:
    total = hashlib.sha256(version.encode())
    with binary.open("rb") as file:
        total.update(hashlib.file_digest(file, "sha256").digest())
    for record in sorted(_records(folders), key=lambda one: one.parent.name):
        total.update(os.fsencode(record.parent.name) + b"\0" + hashlib.sha256(record.read_bytes()).digest())
    return total.hexdigest()


def _records(folders: list[Path]) -> Iterator[Path]:
    """Yield the list of files that each installed distribution carries."""
    for folder in dict.fromkeys(folders):
        for kind in ("site-packages", "dist-packages"):
            yield from folder.glob(f"lib*/python*/{kind}/*.dist-info/RECORD")
