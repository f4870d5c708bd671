"""What a boxed program sees of the host's files.

The list is the same for every rung: the system's programs and libraries, the few files of /etc
that the dynamic linker and name lookups need, and what the command names. Everything else,
the user's home and /run with its sockets above all, is absent.
"""

import os
import shutil
from pathlib import Path

import guardrails.payload
from guardrails.model.errors import BoxError
from guardrails.model.ports import Command
from guardrails.payload.confine.spec import Mount

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
STUBS = ("passwd", "group", "hosts", "nsswitch.conf")
IN_PLACE = (
    *(f"/etc/{name}" for name in STUBS),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/version"),
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_FREE_BYTES = 16 << 20
_SHARED = ("/", "/etc", "/home", "/root", "/srv", "/tmp", "/var", "/var/lib", "/var/tmp", *SYSTEM)  # noqa: S108
_TOO_MUCH = tuple(map(Path, _SHARED))
_FORBIDDEN = tuple(Path(place) for place in ("/proc", "/sys", "/dev", "/run", "/var/run"))


def payload_folder() -> Path:
    """Return the folder of the scripts that we send into the box."""
    return Path(guardrails.payload.__path__[0])


def checked(command: Command) -> Command:
    """Return `command` when every path it names may be shown in a box; raises BoxError."""
    paths = (command.directory, *command.readable, *command.writable)
    texts = (*command.argv, *command.environment, *command.environment.values(), *map(str, paths))
    if any("\0" in text for text in texts):
        raise BoxError("an argument, a variable or a path of the command holds a NUL character; remove it")
    for path in command.readable:
        if not is_system(path):
            _check_place(path)
    for path in command.writable:
        _check_place(path)
        _check_room(path)
    return command


def _check_place(path: Path) -> None:
    if not path.is_absolute() or ".." in path.parts:
        raise BoxError(f"{str(path)!r} cannot be shown in a box; name an absolute path without `..`")
    if not path.exists():
        raise BoxError(f"{str(path)!r} does not exist, so the box cannot show it; create it first")
    if _is_too_much(path) or _is_too_much(path.resolve()):
        raise BoxError(f"{str(path)!r} would open the host to the box; name the folder that is needed")


def _check_room(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < _FREE_BYTES:
        raise BoxError(f"only {free >> 20} MiB are free at {str(path)!r}; free some space, at least 16 MiB")


def _is_too_much(path: Path) -> bool:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path's own raises where the user has no name
    forbidden = any(path == place or place in path.parents for place in _FORBIDDEN)
    is_scratch = Path("/dev/shm") in path.parents  # noqa: S108 - some machines keep scratch folders there
    return path in _TOO_MUCH or path == home or path in home.parents or (forbidden and not is_scratch)


def is_system(path: Path) -> bool:
    """Whether every box shows `path` anyway."""
    return any(path == Path(root) or Path(root) in path.parents for root in SYSTEM)


def mounts(command: Command) -> list[Mount]:
    """Return the steps that build the view in a mount namespace, in order."""
    share = max(command.limits.memory_bytes // 4, 1 << 20)
    steps = [*_system(), *_etc(), Mount("proc", "/proc"), Mount("dev", "/dev")]
    steps += [Mount("tmpfs", place, str(share)) for place in ("/dev/shm", "/tmp")]  # noqa: S108 - the box's own
    steps += [Mount("dir", "/run"), Mount("dir", "/var"), Mount("link", "/var/tmp", "/tmp")]  # noqa: S108
    steps += _named(command)
    # /proc too: under root, the box's user owns /proc/sys, which no namespace holds back.
    return [*steps, *(Mount("seal", place) for place in ("/proc", "/dev", "/"))]


def _system() -> list[Mount]:
    steps = []
    for root in map(Path, SYSTEM):
        if root.is_symlink():
            steps.append(Mount("link", str(root), str(root.readlink())))
        elif root.is_dir():
            steps.append(Mount("ro", str(root), str(root)))
    return steps


def _etc() -> list[Mount]:
    stubs = [Mount("ro", f"/etc/{name}", str(payload_folder() / "confine" / "etc" / name)) for name in STUBS]
    return stubs + [Mount("ro", path, path) for path in SYSTEM_FILES if Path(path).exists()]


def _named(command: Command) -> list[Mount]:
    """Shallow paths first, so that a writable folder inside a readable one stays writable."""
    kinds = {path: "ro" for path in command.readable if not is_system(path)}
    kinds |= dict.fromkeys(command.writable, "rw")
    ordered = sorted(kinds, key=lambda path: (len(path.parts), path))
    return [Mount(kinds[path], str(path), str(path)) for path in ordered]


def rights(command: Command) -> list[Mount]:
    """Return what may be read, written and used where the host's files are seen in place."""
    steps = [Mount("ro", path, path) for path in (*SYSTEM, *SYSTEM_FILES, *IN_PLACE) if Path(path).exists()]
    steps += [Mount("use", path, path) for path in DEVICES]
    return steps + _named(command)
