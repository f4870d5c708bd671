"""`guardrails baseline`: list what a tree already has, once, and let the list only shrink."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.tasks.baseline import rewritten, state_of


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write it: everything the first time, later without what is mended",
    )


def _run(parsed: Namespace) -> int:
    state = state_of(Path(parsed.repo))
    print(
        f"{len(state.listed)} listed, {len(state.found)} still found, {len(state.others)} found that are not listed"
    )
    if parsed.write:
        print(f"{state.place}: {len(rewritten(state))} written")
        return Exit.PASS
    for one in state.unmatched:
        print(f"unmatched: {state.told(one)}")
    if state.unmatched:
        print("next: guardrails baseline --write")
    return Exit.BLOCK if state.unmatched else Exit.PASS


COMMAND = Command(
    "baseline", "list what a tree already has, once; later the list only shrinks", _configure, _run
)
