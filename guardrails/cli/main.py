"""Find the command that was named, run it, and turn whatever happens into one of the exit codes.

Only the module of the named command is imported. No traceback ever reaches the user: an error
we raise on purpose is one line, anything else is our fault, ends in 3, and leaves a note to paste.
"""

import atexit
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from guardrails.cli.command import Command, Exit
from guardrails.cli.frame import image
from guardrails.model.errors import CannotJudge, UsageError

_NOT_COMMANDS = {"__init__", "command", "main"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; without `arguments` we are the process, and end it."""
    if arguments is None:
        _end(_guarded(sys.argv[1:]))
    return _guarded(arguments)


def _end(code: int) -> NoReturn:
    """End the process; Python's own end would take every module apart first, 9 CPU ms of a hook."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    atexit._run_exitfuncs()
    image.keep()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: a caller closed it before we began
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _guarded(words: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("guardrails: interrupted; nothing was judged", file=sys.stderr)
        return Exit.INTERRUPTED
    except UsageError as error:
        print(f"guardrails: {error}", file=sys.stderr)
        return Exit.USAGE
    except CannotJudge as error:
        print(f"guardrails: undecided: {error}", file=sys.stderr)
        return Exit.UNDECIDED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNDECIDED
    except Exception as error:  # noqa: BLE001 - the outermost handler: a crash is `undecided`
        from guardrails.cli.frame.crash import crash_note  # noqa: PLC0415 - needed only when we broke

        print(crash_note(error, words), file=sys.stderr)
        return Exit.UNDECIDED


def _interrupt(number: int, frame: object) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _run(words: Sequence[str]) -> int:
    names = command_names()
    chosen = words[0] if words and words[0] in names else None
    if chosen:
        command = load(chosen)
        if command.bare is not None and len(words) == 1:
            return command.bare()
        known = command.at_once(words[1:]) if command.at_once is not None else None
        if known is not None:
            return known
        return _parsed_and_run({chosen: command}, words)
    return _parsed_and_run({name: load(name) for name in names}, words)


def _parsed_and_run(commands: Mapping[str, Command], words: Sequence[str]) -> int:
    """Run the command that the words name, with its options; return its exit code."""
    from guardrails.cli.frame.parser import parsed_by  # noqa: PLC0415 - argparse costs 4 CPU ms, and a hook has no options

    try:
        parsed = parsed_by(commands, words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return commands[parsed.command].run(parsed)


def command_names() -> list[str]:
    """Return the commands that this folder holds, sorted."""
    folder = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would cost every start-up 5 ms
    stems = {name[:-3] for name in os.listdir(folder) if name.endswith(".py")}  # noqa: PTH208 - as above
    return sorted(stems - _NOT_COMMANDS)


def load(name: str) -> Command:
    """Return the command of that name."""
    command = import_module(f"guardrails.cli.{name}").COMMAND
    if not isinstance(command, Command):
        raise TypeError(f"guardrails/cli/{name}.py exports no Command")
    return command


if __name__ == "__main__":
    sys.exit(main())
