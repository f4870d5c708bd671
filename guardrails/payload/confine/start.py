"""How each rung starts the program: what happens between fork and exec.

A launch function runs in the forked child and never returns. A failure travels as an exception
to `start`, which sends its text through the verdict pipe.
"""

import _socket
import os
import resource

from guardrails.payload.confine import births, landlock, mounts, seccomp, system
from guardrails.payload.confine import spec as specs

_GIB = 1 << 30
_OPEN_FILES = 4096


class Started:
    """The keeper's direct child, and how many generations below it the program itself is."""

    __slots__ = ("births", "depth", "pid", "verdict")

    def __init__(self, pid: int, depth: int, verdict: int, births: int | None) -> None:
        self.pid = pid
        self.depth = depth
        self.verdict = verdict
        self.births = births


def start(spec: specs.Spec, stdout: int, stderr: int, temporary: str) -> Started:
    """Fork and confine the program; `verdict` then yields `E` and text, or what the rung says."""
    verdict, sink = os.pipe()
    keeper = os.getpid()
    ours, theirs = _socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            _in_child(keeper, stdout, stderr)
            births.ask_before_births(theirs)
            theirs.close()
            _launch(spec, sink, temporary)
        except BaseException as error:  # noqa: BLE001 - anything that goes on in this child is the keeper's
            os.write(sink, b"E" + str(error).encode("utf-8", "backslashreplace"))
        finally:
            os._exit(127)
    os.close(sink)
    theirs.close()
    listener = births.received_listener(ours)
    ours.close()
    return Started(pid, 2 if spec.rung in {specs.BUBBLEWRAP, specs.UNSHARE} else 0, verdict, listener)


def _launch(spec: specs.Spec, sink: int, temporary: str) -> None:
    if spec.rung == specs.BUBBLEWRAP:
        _bubblewrap(spec, sink)
    elif spec.rung == specs.UNSHARE:
        _unshare(spec, sink)
    elif spec.rung == specs.LANDLOCK:
        _landlock(spec, temporary)
    else:
        _execute(spec)


def _in_child(keeper: int, stdout: int, stderr: int) -> None:
    system.prctl(system.PR_SET_PDEATHSIG, system.SIGKILL)
    if os.getppid() != keeper:
        os._exit(127)
    os.setsid()  # the scheduler groups by session, so a busy box cannot starve its keeper
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.umask(0o022)
    system.default_signals()
    _prefer_for_out_of_memory()


def _prefer_for_out_of_memory() -> None:
    """Make the kernel take the box first when the machine runs out of memory."""
    descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"1000")
    finally:
        os.close(descriptor)


def apply_limits(bounds: specs.Bounds) -> None:
    """Set the limits that the kernel keeps per process; sums over the tree are the keeper's.

    Data and address space are wide, because threads and numeric libraries reserve what they never
    touch: they only stop what grows faster than the keeper looks.
    """
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: bounds.cpu_seconds + 1,
        resource.RLIMIT_FSIZE: bounds.file_bytes,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_DATA: 2 * bounds.memory_bytes + _GIB,
        resource.RLIMIT_AS: 4 * bounds.memory_bytes + 64 * _GIB,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (max(hard - 1, 0), hard))


def _execute(spec: specs.Spec) -> None:
    os.chdir(spec.directory)
    apply_limits(spec.bounds)
    os.execve(spec.argv[0], spec.argv, spec.environment)  # noqa: S606 - no shell is meant


def _execute_filtered(spec: specs.Spec, *, shared_files: bool) -> None:
    """Give up capabilities, take on the filter, and become the program."""
    os.chdir(spec.directory)
    apply_limits(spec.bounds)
    program = seccomp.program(shared_files=shared_files)
    system.drop_capabilities()
    system.attach_filter(program)
    os.execve(spec.argv[0], spec.argv, spec.environment)  # noqa: S606 - no shell is meant


def _landlock(spec: specs.Spec, temporary: str) -> None:
    kinds = {"ro": landlock.READ, "rw": landlock.WRITE, "use": landlock.USE}
    rights = {mount.source: kinds[mount.kind] for mount in spec.mounts}
    rights[temporary] = landlock.WRITE
    rights[f"/proc/{os.getpid()}"] = landlock.READ
    spec.environment.setdefault("TMPDIR", temporary)
    landlock.confine(rights)
    _execute_filtered(spec, shared_files=True)


def _unshare(spec: specs.Spec, sink: int) -> None:
    """Become the parent of a process id namespace's init, which is the program's parent."""
    mounts.leave_namespaces()
    lifeline, held = os.pipe()
    init = os.fork()
    if init:
        os.close(lifeline)
        os.waitpid(init, 0)
        os._exit(0)
    os.close(held)
    mounts.become_init(lifeline)
    mounts.build(spec.mounts)
    program = os.fork()
    if program == 0:
        _execute_filtered(spec, shared_files=False)
    _be_init(program, sink)


def _be_init(program: int, sink: int) -> None:
    """Reap until the program ends, say how it ended, and take the namespace along."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == program:
            os.write(sink, b"S%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)


def _memory_file(name: str, content: bytes) -> int:
    descriptor = os.memfd_create(name, 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _bubblewrap(spec: specs.Spec, sink: int) -> None:
    apply_limits(spec.bounds)
    os.set_inheritable(sink, True)  # noqa: FBT003 - the standard library's own signature
    options = [*_NAMESPACES, "--json-status-fd", str(sink), "--chdir", spec.directory]
    options += ["--seccomp", str(_memory_file("seccomp", seccomp.program(shared_files=False)))]
    for name, value in spec.environment.items():
        options += ["--setenv", name, value]
    for mount in spec.mounts:
        options += _mount_options(mount)
    arguments = _memory_file("arguments", b"\0".join(os.fsencode(option) for option in options))
    os.execve(spec.tool, [spec.tool, "--args", str(arguments), "--", *spec.argv], {})  # noqa: S606 - no shell is meant


_NAMESPACES = (
    *("--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--unshare-net"),
    *("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "box"),
    *("--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
)


def _mount_options(mount: specs.Mount) -> list[str]:
    if mount.kind == "tmpfs":
        return ["--perms", "1777", "--size", mount.source, "--tmpfs", mount.target]
    if mount.kind == "link":
        return ["--symlink", mount.source, mount.target]
    if mount.kind in {"ro", "rw"}:
        return ["--ro-bind" if mount.kind == "ro" else "--bind", mount.source, mount.target]
    return [
        {"dir": "--dir", "dev": "--dev", "proc": "--proc", "seal": "--remount-ro"}[mount.kind],
        mount.target,
    ]
