"""The system call filter of the box, as classic BPF for x86_64 and aarch64.

A list of what is denied, because services, test runners and native wheels use too many calls to
list what is allowed; namespaces, capabilities and Landlock hold the rest. Numbers are those of
Linux's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import os

# name: (x86_64, aarch64); None where the architecture has no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "userfaultfd": (323, 282),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "msgget": (68, 186),
    "semget": (64, 190),
}
# These answer "no such call", because their callers then take another way that we can see into
# (clone3 hides its flags in memory, io_uring its operations) or count (memfd is nobody's memory).
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
}
# Where files stay the host's own (Landlock cannot hold these back), a change of mode, owner or
# time pretends to succeed: servers and copy functions fail without it, and it must not happen.
_PRETENDED: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
_UNSUPPORTED: dict[str, tuple[int | None, int | None]] = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
# Without namespaces these reach what the host's other processes of this user share or watch.
_HOST_WIDE: dict[str, tuple[int | None, int | None]] = {
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "inotify_add_watch": (254, 27),
}
# call: (x86_64, aarch64), index of the argument that names a process and must be 0 (oneself).
_ON_ANOTHER: dict[str, tuple[tuple[int, int], int]] = {
    "prlimit64": ((302, 261), 0),
    "sched_setaffinity": ((203, 122), 0),
    "sched_setscheduler": ((144, 119), 0),
    "sched_setparam": ((142, 118), 0),
    "sched_setattr": ((314, 274), 0),
    "setpriority": ((141, 140), 1),
    "ioprio_set": ((251, 30), 1),
}
_FORKS: dict[str, tuple[int | None, int | None]] = {"fork": (57, None), "vfork": (58, None)}
_CLONE = (56, 220)
_IOCTL = (16, 29)
_SOCKET = (41, 198)
_SOCKETPAIR = (53, 199)
_CONNECT = (42, 203)
_SENDTO = (44, 206)
_SHMGET = (29, 194)

_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET and TIME
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
# Requests of file systems (the letters f and X, and btrfs's 0x94) change what was only opened for
# reading: flags, labels, verity. Copying falls back when cloning, which is among them, is not there.
_FILE_REQUESTS = (0x6600, 0x5800, 0x9400)
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _SEQPACKET = 1, 5
_PAGE = 4096

_EPERM, _EACCES, _ENOTTY, _ENOSYS, _EAFNOSUPPORT, _ENOTSUP = 1, 13, 25, 38, 97, 95
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ASK = 0x7FC00000
_CLONE_THREAD = 0x00010000
_ERRNO = 0x00050000
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class UnsupportedArchitecture(OSError):
    """There is no system call table for this machine."""


class _Program:
    """Instructions of classic BPF; every helper leaves the call's number in the accumulator."""

    def __init__(self, column: int) -> None:
        self._column = column
        self._code = bytearray()

    def emit(self, code: int, value: int, yes: int = 0, no: int = 0) -> None:
        self._code += code.to_bytes(2, "little") + bytes((yes, no)) + value.to_bytes(4, "little")

    def load(self, offset: int) -> None:
        self.emit(0x20, offset)

    def load_argument(self, index: int, *, high: bool = False) -> None:
        self.load(16 + 8 * index + (4 if high else 0))

    def answer(self, value: int) -> None:
        self.emit(0x06, value)

    def deny(self, calls: dict[str, tuple[int | None, int | None]], number: int) -> None:
        """Answer each of `calls` with the error `number`."""
        self.answer_all(calls, _ERRNO | number)

    def answer_all(self, calls: dict[str, tuple[int | None, int | None]], value: int) -> None:
        """Answer each of `calls` with `value`."""
        for numbers in calls.values():
            nr = numbers[self._column]
            if nr is not None:
                self.emit(0x15, nr, 0, 1)
                self.answer(value)

    def on(self, numbers: tuple[int, int], body: "_Program") -> None:
        """Run `body`, which must answer in the end, when the call is this one."""
        length = len(body._code) // 8
        self.emit(0x15, numbers[self._column], 0, length)
        self._code += body._code

    def sub(self) -> "_Program":
        return _Program(self._column)

    def bytes(self) -> bytes:
        return bytes(self._code)


def births() -> bytes:
    """Return a filter that asks its listener about every new process, and about nothing else."""
    code = _opened()
    code.answer_all(_FORKS, _ASK)
    clone = code.sub()
    clone.load_argument(0)
    clone.emit(0x45, _CLONE_THREAD, 1, 0)
    clone.answer(_ASK)
    clone.answer(_ALLOW)
    code.on(_CLONE, clone)
    code.answer(_ALLOW)
    return code.bytes()


def _opened() -> _Program:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise UnsupportedArchitecture(0, f"no system call table for {machine}; x86_64 and aarch64 have one")
    column, audit = _ARCHITECTURES[machine]
    code = _Program(column)
    code.load(4)
    code.emit(0x15, audit, 1, 0)
    code.answer(_KILL)
    code.load(0)
    if machine == "x86_64":  # the x32 calls share the table's numbers with this bit set
        code.emit(0x35, 0x40000000, 0, 1)
        code.answer(_ERRNO | _ENOSYS)
    return code


def program(*, shared_files: bool) -> bytes:
    """Return the filter, packed; `shared_files` is for a rung without namespaces of its own."""
    code = _opened()
    code.deny(_DENIED, _EPERM)
    code.deny(_ABSENT, _ENOSYS)
    if shared_files:
        code.deny(_HOST_WIDE, _EPERM)
        code.deny(_PRETENDED, 0)
        code.deny(_UNSUPPORTED, _ENOTSUP)
    code.on(_CLONE, _clone(code.sub()))
    code.on(_IOCTL, _ioctl(code.sub(), shared_files=shared_files))
    code.on(_SHMGET, _shmget(code.sub(), shared_files=shared_files))
    if shared_files:
        for numbers, index in _ON_ANOTHER.values():
            code.on(numbers, _on_oneself(code.sub(), index))
        _close_sockets(code)
    else:
        code.on(_SOCKET, _families(code.sub(), (_UNIX, _INET, _INET6, _NETLINK)))
    code.answer(_ALLOW)
    return code.bytes()


def _clone(body: _Program) -> _Program:
    body.load_argument(0)
    body.emit(0x45, _NEW_NAMESPACES, 0, 1)
    body.answer(_ERRNO | _EPERM)
    body.answer(_ALLOW)
    return body


def _ioctl(body: _Program, *, shared_files: bool) -> _Program:
    body.load_argument(1)
    for request in _TERMINAL_INJECTION:
        body.emit(0x15, request, 0, 1)
        body.answer(_ERRNO | _EPERM)
    if shared_files:
        body.emit(0x54, 0xFF00)
        for letter in _FILE_REQUESTS:
            body.emit(0x15, letter, 0, 1)
            body.answer(_ERRNO | _ENOTTY)
    body.answer(_ALLOW)
    return body


def _shmget(body: _Program, *, shared_files: bool) -> _Program:
    """Allow a page (PostgreSQL's interlock) where the segment dies with the box, else nothing."""
    if not shared_files:
        body.load_argument(1, high=True)
        body.emit(0x15, 0, 0, 3)
        body.load_argument(1)
        body.emit(0x25, _PAGE, 1, 0)
        body.answer(_ALLOW)
    body.answer(_ERRNO | _EPERM)
    return body


def _families(body: _Program, families: tuple[int, ...]) -> _Program:
    body.load_argument(0)
    for family in families:
        body.emit(0x15, family, 0, 1)
        body.answer(_ALLOW)
    body.answer(_ERRNO | _EAFNOSUPPORT)
    return body


def _close_sockets(code: _Program) -> None:
    """Leave unix stream sockets that listen and accept, and no way to reach another's socket.

    Without a mount namespace the host's own sockets have reachable paths; a datagram socket can
    name one in memory that a filter cannot read, hence streams and packet sequences alone.
    """
    for call in (_SOCKET, _SOCKETPAIR):
        code.on(call, _unix_streams(code.sub()))
    refused = code.sub()
    refused.answer(_ERRNO | _EACCES)
    code.on(_CONNECT, refused)
    code.on(_SENDTO, _without_address(code.sub()))


def _unix_streams(body: _Program) -> _Program:
    body.load_argument(0)
    body.emit(0x15, _UNIX, 1, 0)
    body.answer(_ERRNO | _EAFNOSUPPORT)
    body.load_argument(1)
    body.emit(0x54, 0xF)
    for kind in (_STREAM, _SEQPACKET):
        body.emit(0x15, kind, 0, 1)
        body.answer(_ALLOW)
    body.answer(_ERRNO | _EAFNOSUPPORT)
    return body


def _on_oneself(body: _Program, index: int) -> _Program:
    body.load_argument(index)
    body.emit(0x15, 0, 1, 0)
    body.answer(_ERRNO | _EPERM)
    body.answer(_ALLOW)
    return body


def _without_address(body: _Program) -> _Program:
    for high in (False, True):
        body.load_argument(4, high=high)
        body.emit(0x15, 0, 1, 0)
        body.answer(_ERRNO | _EACCES)
    body.answer(_ALLOW)
    return body
