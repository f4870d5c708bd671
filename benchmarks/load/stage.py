"""The service and its generator with a processor each, ahead of whatever else the machine does."""

import os
from contextlib import suppress
from pathlib import Path

FIRST_OF_ALL = -20
PROCESSORS = sorted(os.sched_getaffinity(0))
"""What this process may use before it is pinned: from then on it sees its own alone, and so does what it starts."""


def come_first() -> None:
    """Let this process and those that it starts come before all others, where that is allowed."""
    with suppress(OSError):
        os.setsid()
    with suppress(OSError):
        os.nice(FIRST_OF_ALL)
        # Linux groups processes by session, and niceness counts within a group alone.
        Path("/proc/self/autogroup").write_text(str(FIRST_OF_ALL), "ascii")


def pin(*processes: int) -> None:
    """Give these processes the first processor and this one the others, where there are two."""
    if len(PROCESSORS) > 1:
        for process in processes:
            for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208  names, not paths
                os.sched_setaffinity(int(thread), {PROCESSORS[0]})
        os.sched_setaffinity(0, set(PROCESSORS[1:]))


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that the threads of a process have used, to the nanosecond."""
    spent = 0.0
    for path in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):
            spent += int((path / "schedstat").read_text("ascii").split()[0]) / 1e9
    return spent
