"""The second rung: namespaces made by ourselves, where bubblewrap is not installed.

The view is built on a tmpfs that becomes the root; the host's root is then detached, so there is
no path back to it.
"""

import _socket
import fcntl
import os
import select
import stat

from guardrails.payload.confine import system
from guardrails.payload.confine.spec import Mount

_BASE = "/proc"  # a folder that is always there and that nothing is bound from
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_BIND, _REC, _PRIVATE = 0x1000, 0x4000, 0x40000
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_ROOT_BYTES = 8 << 20
_INODES = 65536
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_INNER_ID = 1000


def leave_namespaces() -> None:
    """Give this process, and its children a process id namespace, namespaces of their own."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        os.setgroups([])
    flags = system.CLONE_NEWUSER | system.CLONE_NEWNS | system.CLONE_NEWPID | system.CLONE_NEWNET
    system.unshare(flags | system.CLONE_NEWIPC | system.CLONE_NEWUTS | system.CLONE_NEWCGROUP)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_INNER_ID} {user} 1"),
        ("gid_map", f"{_INNER_ID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - see keeper
            file.write(text)
    system.prctl(system.PR_SET_PDEATHSIG, system.SIGKILL)  # changed credentials may have cleared it


def become_init(lifeline: int) -> None:
    """Make this first process of its namespace end with its parent, which holds `lifeline` open."""
    system.prctl(system.PR_SET_PDEATHSIG, system.SIGKILL)
    system.prctl(system.PR_SET_DUMPABLE, 0)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):
        os._exit(127)


def build(mounts: list[Mount]) -> None:
    """Replace the host's files with the view that `mounts` describe; raises OSError."""
    system.mount("", "/", "", _REC | _PRIVATE)
    system.mount(
        "tmpfs", _BASE, "tmpfs", _NOSUID | _NODEV, f"size={_ROOT_BYTES},nr_inodes={_INODES},mode=755"
    )
    for mount in mounts:
        _STEPS[mount.kind](mount)
    os.chdir(_BASE)
    system.syscall("pivot_root", _PIVOT_ROOT[os.uname().machine], b".", b".")
    system.unmount_lazily(".")
    os.chdir("/")
    system.set_host_name("box")
    _raise_loopback()


def _place(target: str, *, folder: bool) -> str:
    path = _BASE + target
    if folder:
        os.makedirs(path, exist_ok=True)  # noqa: PTH103
    elif not os.path.lexists(path):
        os.makedirs(path.rpartition("/")[0], exist_ok=True)  # noqa: PTH103
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    return path


def _bind(source: str, target: str, flags: int) -> None:
    place = _place(target, folder=stat.S_ISDIR(os.stat(source).st_mode))  # noqa: PTH116
    system.mount(source, place, "", _BIND | _REC)
    system.set_mount_flags(place, flags, recursive=True)


def _readable(mount: Mount) -> None:
    _bind(mount.source, mount.target, _RDONLY | _NOSUID | _NODEV)


def _writable(mount: Mount) -> None:
    _bind(mount.source, mount.target, _NOSUID | _NODEV)


def _tmpfs(mount: Mount) -> None:
    options = f"size={mount.source},nr_inodes={_INODES},mode=1777"
    system.mount("tmpfs", _place(mount.target, folder=True), "tmpfs", _NOSUID | _NODEV, options)


def _folder(mount: Mount) -> None:
    _place(mount.target, folder=True)


def _link(mount: Mount) -> None:
    _place(mount.target.rpartition("/")[0], folder=True)
    os.symlink(mount.source, _BASE + mount.target)  # noqa: PTH211


def _proc(mount: Mount) -> None:
    system.mount("proc", _place(mount.target, folder=True), "proc", _NOSUID | _NODEV | _NOEXEC)


def _devices(mount: Mount) -> None:
    for name in _DEVICES:
        _bind(f"/dev/{name}", f"{mount.target}/{name}", _NOSUID | _NOEXEC)
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"{_BASE}{mount.target}/{name}")  # noqa: PTH211


def _seal(mount: Mount) -> None:
    if mount.target != "/dev":  # which lies on the tmpfs of /
        system.set_mount_flags(_BASE + mount.target, _RDONLY | _NOSUID | _NODEV, recursive=False)


_STEPS = {
    "ro": _readable,
    "rw": _writable,
    "tmpfs": _tmpfs,
    "dir": _folder,
    "link": _link,
    "proc": _proc,
    "dev": _devices,
    "seal": _seal,
}


def _raise_loopback() -> None:
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    request = bytearray(40)
    request[:2] = b"lo"
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        fcntl.ioctl(control.fileno(), get_flags, request)
        request[16] |= up
        fcntl.ioctl(control.fileno(), set_flags, request)
    finally:
        control.close()
