"""Runs the commands of a console block and compares what they print with what the document shows.

A line of `...` stands for any lines, `...` within a line for any text, and `# exit N` after a
command for the exit code that it must end with, 0 where nothing is said.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.repos.builder import isolated_environment

_EXIT = re.compile(r"\s+# exit (\d+)$")
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of a block, the exit code and the output that the document promises."""

    command: str
    exit_code: int
    output: tuple[str, ...]


def shown_in(lines: list[str]) -> Iterator[Shown]:
    """Yield the commands of a block; raises ValueError for output that no command stands above."""
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise ValueError("a console block starts with a line `$ command`")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        command = lines[start].removeprefix("$ ")
        code = _EXIT.search(command)
        output = tuple(lines[start + 1 : end])
        yield Shown(_EXIT.sub("", command), int(code[1]) if code else 0, output)


def run(shown: Shown, folder: Path, home: Path) -> tuple[int, str]:
    """Run the command as a user's shell would, in an environment of its own; return code and output."""
    environment = {
        name: value
        for name, value in isolated_environment().items()
        if name not in {"AI_AGENT", "AGENT", "CLAUDECODE", "CURSOR_AGENT", "GEMINI_CLI", "CODEX_SANDBOX"}
    }
    environment |= {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shown.command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8")


def matches(promised: tuple[str, ...], printed: str) -> bool:
    """Whether the output is what the document promises, its wildcards and trailing spaces aside."""
    pattern = ""
    for line in promised:
        if line.strip() == "...":
            pattern += "(?:.*\n)*?"
        else:
            pattern += "[^\n]*?".join(re.escape(part) for part in line.rstrip().split("...")) + "\n"
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None
