"""What a box costs at start: CPU time of an empty Python in each rung beside one in none.

Rungs are interleaved in one run, so that the ratio is comparable on a busy machine. The CPU time is
that of all processes involved: the harness's own launch, the keeper, the rung, the program.
"""

import argparse
import functools
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guardrails.adapters.box.ladder import rung, why_not
from guardrails.adapters.box.probe import our_interpreter
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command

_PROGRAM = (sys.executable, "-I", "-c", "pass")


def _cpu_milliseconds(run: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * (children + time.process_time() - own)


def main() -> None:
    """Print milliseconds of CPU and the ratio to a plain start, by rung."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    command = Command(_PROGRAM, Path("/"), {}, our_interpreter())
    runs: dict[str, Callable[[], object]] = {"plain": lambda: subprocess.run(_PROGRAM, check=True)}
    for level in BoxLevel:
        reason = "" if level is BoxLevel.NONE else why_not(level)
        if reason:
            print(f"{level}: not here: {reason}")
        else:
            runs[str(level)] = functools.partial(rung(level).run, command)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(_cpu_milliseconds(run))
    plain = statistics.median(times["plain"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<12}{median:7.1f} ms CPU{median / plain:7.2f} x plain{median - plain:7.1f} ms more")


if __name__ == "__main__":
    main()
