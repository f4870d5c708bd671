"""`guardrails fix`: mend what the rules find, or take a finished experiment's flag out of the code."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from guardrails.tasks.fix.tree import FileFix


def _configure(parser: "ArgumentParser") -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: what differs from HEAD)"
    )
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )
    parser.add_argument("--unsafe", action="store_true", help="apply also what changes how the code behaves")
    parser.add_argument("--diff", action="store_true", help="show what would change, and write nothing")
    parser.add_argument("--flag", metavar="NAME", help="take this flag out instead; needs --keep")
    parser.add_argument("--keep", metavar="VARIANT", help="the variant that stays; on or off for a switch")


def _run(parsed: "Namespace") -> int:
    if bool(parsed.flag) != bool(parsed.keep):
        raise UsageError("taking a flag out needs both --flag NAME and --keep VARIANT")
    if parsed.flag and parsed.unsafe:
        raise UsageError("--unsafe belongs to the fixes of rules; leave it out with --flag")
    if parsed.flag:
        return _flag(parsed)
    return _rules(Path(parsed.repo), parsed.paths, unsafe=parsed.unsafe, is_shown=parsed.diff)


def _bare() -> int:
    return _rules(Path(), (), unsafe=False, is_shown=False)


def _rules(repository: Path, paths: Sequence[str], *, unsafe: bool, is_shown: bool) -> int:
    from guardrails.tasks.fix.tree import fixes_in  # noqa: PLC0415 - each job pays for itself alone

    total = shown = left = 0
    for one in fixes_in(repository, paths):
        chosen = one.unsafe.after if unsafe else one.safe.after
        done = {**one.safe.done, **(one.unsafe.done if unsafe else {})}
        if is_shown:
            _show(one.name, one.safe.before, chosen)
        elif chosen != one.safe.before:
            _write(one.place, chosen)
        total += sum(done.values())
        if done:
            print(f"{one.name}: {_counted(done)}", file=sys.stderr if is_shown else sys.stdout)
        if one.unsafe.done and not unsafe:
            shown += sum(one.unsafe.done.values())
            _show(one.name, one.safe.after, one.unsafe.after)
        left += _told_of_what_is_left(one)
    more = (
        f"; {shown} more would change how the code behaves: read the diff, then give --unsafe"
        if shown
        else ""
    )
    more += f"; {left} left to you" if left else ""
    verb = "can be mended" if is_shown else "mended"
    print(f"{total} {verb}{more}", file=sys.stderr if is_shown else sys.stdout)
    return Exit.PASS


def _told_of_what_is_left(one: "FileFix") -> int:
    """Say what no fix mends and why, on standard error, and return how many that are."""
    left = sorted(one.left())
    for line, rule, why in left:
        says = f"{one.name}:{line}: {rule} is left: {why}; `guardrails explain {rule}` tells what to do"
        print(says, file=sys.stderr)
    return len(left)


def _flag(parsed: "Namespace") -> int:
    from guardrails.tasks.flag.tree import without_flag_in  # noqa: PLC0415 - libcst takes 0.2 s to load

    done = list(without_flag_in(Path(parsed.repo), parsed.flag, parsed.keep, parsed.paths))
    for one in done:
        if one.after != one.before:
            if parsed.diff:
                _show(one.name, one.before, one.after)
            else:
                _write(one.place, one.after)
                print(f"{one.name}: rewritten")
    for one in done:
        for line in one.left:
            print(f"{one.name}:{line}: still names {parsed.flag}", file=sys.stderr)
    if not done:
        raise UsageError(f"--flag {parsed.flag}: no Python file of the work tree names it")
    return Exit.PASS


def _counted(done: Mapping[str, int]) -> str:
    return ", ".join(f"{number} x {rule}" for rule, number in sorted(done.items()))


def _show(name: str, before: bytes, after: bytes) -> None:
    import difflib  # noqa: PLC0415 - most runs show nothing

    old, new = (
        text.decode("utf-8", "backslashreplace").splitlines(keepends=True) for text in (before, after)
    )
    sys.stdout.writelines(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))


def _write(place: Path, text: bytes) -> None:
    try:
        place.write_bytes(text)
    except OSError as error:
        raise UsageError(
            f"{place} cannot be written: {error.strerror}; the other files are as told above"
        ) from error


COMMAND = Command("fix", "mend what the rules find, or take a flag out of the code", _configure, _run, _bare)
