"""The kernel calls that Python's standard library does not offer, by ctypes.

Every function raises OSError with the call's name, so that a box that cannot be built says which
step failed.
"""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
PR_CAPBSET_DROP = 24
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
SIGKILL = 9
SIGTERM = 15
_CAPSET = {"x86_64": 126, "aarch64": 91}
_SECCOMP = {"x86_64": 317, "aarch64": 277}


def _failure(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, value: int = 0) -> None:
    """Call prctl(option, value); raises OSError."""
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise _failure(f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags`; raises OSError."""
    if _libc.unshare(flags) != 0:
        raise _failure("unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Call mount(2); raises OSError naming the target."""
    values = [os.fsencode(text) if text else None for text in (source, target, kind, data)]
    result = _libc.mount(values[0], values[1], values[2], ctypes.c_ulong(flags), values[3])
    if result != 0:
        raise _failure(f"mount {kind or source} on {target}")


def unmount_lazily(target: str) -> None:
    """Detach the mount at `target`; raises OSError."""
    detach = 2
    if _libc.umount2(os.fsencode(target), detach) != 0:
        raise _failure(f"umount {target}")


def syscall(name: str, number: int, *arguments: int | bytes | None) -> int:
    """Call the system call `number`; raises OSError under `name`."""
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *values))
    if result < 0:
        raise _failure(name)
    return result


def signal_process(pidfd: int, number: int) -> None:
    """Signal the process that `pidfd` names, which no reused process id can be; raises OSError."""
    pidfd_send_signal = 424
    syscall("pidfd_send_signal", pidfd_send_signal, pidfd, number, None, 0)


def drop_capabilities() -> None:
    """Give up every capability of this process, and of what it executes; raises OSError."""
    version_3 = 0x20080522
    header = version_3.to_bytes(4, "little") + bytes(4)
    syscall("capset", _CAPSET[os.uname().machine], header, bytes(24))


def attach_filter(program: bytes, *, listen: bool = False) -> int:
    """Install the seccomp `program` (packed sock_filter); return its listener's descriptor, else 0."""
    mode_filter, new_listener = 1, 8
    buffer = ctypes.create_string_buffer(program, len(program))
    header = (len(program) // 8).to_bytes(8, "little") + ctypes.addressof(buffer).to_bytes(8, "little")
    number = _SECCOMP[os.uname().machine]
    return syscall("seccomp", number, mode_filter, new_listener if listen else 0, header)


def default_signals() -> None:
    """Undo that Python ignores SIGPIPE and SIGXFSZ, which a program would inherit."""
    for number in (13, 25):
        _libc.signal(number, None)


def set_host_name(name: str) -> None:
    """Set the name of this UTS namespace; raises OSError."""
    if _libc.sethostname(name.encode(), len(name)) != 0:
        raise _failure("sethostname")


def set_mount_flags(target: str, flags: int, *, recursive: bool) -> None:
    """Add the MOUNT_ATTR `flags` to the mount at `target` (Linux 5.12); raises OSError."""
    mount_setattr, at_fdcwd, at_recursive = 442, -100, 0x8000
    attributes = flags.to_bytes(8, "little") + bytes(24)
    path = os.fsencode(target)
    syscall(
        "mount_setattr",
        mount_setattr,
        at_fdcwd,
        path,
        at_recursive if recursive else 0,
        attributes,
        len(attributes),
    )
