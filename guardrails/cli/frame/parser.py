"""The words of a command line as options: what argparse does for a command that is given any."""

import os
import sys
from argparse import ArgumentParser, HelpFormatter, Namespace
from collections.abc import Mapping, Sequence

from guardrails import __version__
from guardrails.cli.command import Command

_USUAL_COLUMNS = 80


def parsed_by(commands: Mapping[str, Command], words: Sequence[str]) -> Namespace:
    """Return the options in `words`, with the command's name as `command` and the words after it as `words`.

    Raises SystemExit as argparse does.
    """
    parser = ArgumentParser(
        prog="guardrails",
        description="Judge a change against the rules and promises of its base.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"guardrails {__version__}")
    choices = parser.add_subparsers(
        dest="command",
        metavar="COMMAND",
        required=True,
        prog=parser.prog,  # else argparse formats a whole usage, which costs every start-up 3 ms
    )
    for name, command in commands.items():
        about = command.summary
        command.configure(choices.add_parser(name, help=about, description=about, formatter_class=_Help))
    parsed = parser.parse_args(words)
    parsed.words = words[1:]
    return parsed


class _Help(HelpFormatter):
    """Lays help out as wide as the terminal; argparse asks shutil, which costs every start-up 3 ms."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        wide = int(columns) if columns.isdecimal() else 0
        if not wide and sys.stdout.isatty():
            wide = os.get_terminal_size(sys.stdout.fileno()).columns
        super().__init__(prog, width=(wide or _USUAL_COLUMNS) - 2)
