"""CPU seconds of whole commands, children included: the minimum over interleaved runs."""

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def cpu_seconds(
    commands: Mapping[str, Sequence[str]],
    rounds: int,
    directory: Path,
    environment: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Return the least CPU seconds (user and system) of each command, run `rounds` times in turn."""
    # Without byte code on disk every start would measure the compiler.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                command,
                cwd=directory,
                env={**clean, **(environment or {})},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            least[name] = min(least[name], spent)
    return least
