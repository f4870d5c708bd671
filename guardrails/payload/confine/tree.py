"""What the processes of a box use, read from /proc by those outside it.

Times are nanoseconds of the scheduler (the process CPU clock of clock_gettime, which also counts
ended threads), not the 10 ms ticks that /proc/PID/stat prints; only the children that a process
has already reaped are known in ticks.
"""

import os
import time

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


def _text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except _GONE:
        return ""
    try:
        return os.read(descriptor, 65536).decode("ascii", "replace")
    except _GONE:
        return ""
    finally:
        os.close(descriptor)


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - pathlib costs the keeper 10 ms to import
    except _GONE:
        return []


def children(pid: int) -> list[int]:
    """Return the process ids of the direct children of `pid`."""
    return _children(pid, _threads(pid))


def _children(pid: int, threads: list[str]) -> list[int]:
    return [int(word) for thread in threads for word in _text(f"/proc/{pid}/task/{thread}/children").split()]


def descendants(pid: int, enough: int = 1 << 22) -> tuple[list[int], int]:
    """Return the process ids below `pid`, nearest first, and how many threads they have in all.

    The walk ends once it has found more than `enough`, since a fork bomb must not be counted out.
    """
    found: list[int] = []
    seen = {pid}
    tasks = 0
    waiting = children(pid)
    while waiting and len(found) <= enough:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        found.append(current)
        threads = _threads(current)
        tasks += len(threads)
        waiting += _children(current, threads)
    return found, tasks


def _stat(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def parent_of(pid: int) -> int:
    """Return the parent's process id; 0 when `pid` is gone."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def reaped_seconds(pid: int) -> float:
    """Return the CPU seconds of those children of `pid` that it has waited for."""
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) / _TICK if fields else 0.0


def cpu_seconds(pids: list[int]) -> float:
    """Return user plus system seconds of these processes and of the children they have reaped."""
    total = 0.0
    for pid in pids:
        try:
            total += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
        total += reaped_seconds(pid)
    return total


def memory_bytes(pids: list[int], enough: int) -> int:
    """Return the memory of these processes: an upper bound when it is below `enough`, else exact.

    The cheap sum of resident pages counts shared pages many times; only when it reaches `enough`
    are the proportional shares read, of anonymous and shared memory (a file's pages can be dropped).
    """
    total = 0
    for pid in pids:
        fields = _text(f"/proc/{pid}/statm").split()
        total += int(fields[1]) * _PAGE if fields else 0
    if total < enough:
        return total
    return sum(_proportional(pid) for pid in pids)


def available_bytes() -> int:
    """Return the memory that the whole machine still has to give."""
    _, found, rest = _text("/proc/meminfo").partition("MemAvailable:")
    return int(rest.split()[0]) * 1024 if found else 1 << 62


def _proportional(pid: int) -> int:
    lines = _text(f"/proc/{pid}/smaps_rollup") or _text(f"/proc/{pid}/status")
    names = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:", "RssAnon:", "RssShmem:", "VmSwap:")
    return sum(int(line.split()[1]) * 1024 for line in lines.splitlines() if line.startswith(names))
