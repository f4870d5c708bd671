"""Who reads the report on standard output: a person at a terminal of some width, or an agent."""

import os
import sys
from collections.abc import Mapping

_AGENT_VARIABLES = ("AI_AGENT", "AGENT", "CLAUDECODE", "CURSOR_AGENT", "GEMINI_CLI", "CODEX_SANDBOX")
_DEFAULT_WIDTH = 100


def default_format(environment: Mapping[str, str]) -> str:
    """Return `agent` when an agent runs us, else `terminal`; findings and exit code never depend on it."""
    return "agent" if any(environment.get(name) for name in _AGENT_VARIABLES) else "terminal"


def width_and_colour() -> tuple[int, bool]:
    """Return the columns of standard output, and whether it takes colour."""
    is_terminal = sys.stdout.isatty()
    width = os.get_terminal_size().columns if is_terminal else _DEFAULT_WIDTH
    return width, is_terminal and not os.environ.get("NO_COLOR")
