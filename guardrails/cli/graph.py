"""`guardrails graph`: the modules and layers of a tree as text, DOT or SVG, or one call chain."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError
from guardrails.tasks.graph.chain import chain_between
from guardrails.tasks.graph.dot import picture_as_dot
from guardrails.tasks.graph.survey import packages_of, survey
from guardrails.tasks.graph.svg import chain_as_svg, picture_as_svg
from guardrails.tasks.graph.text import chain_as_text, picture_as_text
from guardrails.tasks.graph.tree import opened_graph

_DRAWN = {"text": picture_as_text, "dot": picture_as_dot, "svg": picture_as_svg}


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "package", nargs="?", default="", metavar="PACKAGE", help="show its parts (default: all packages)"
    )
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )
    parser.add_argument("--ref", metavar="REF", help="the tree of this commit (default: the work tree)")
    parser.add_argument("--depth", type=int, default=1, metavar="N", help="names below PACKAGE (default: 1)")
    parser.add_argument("--format", choices=sorted(_DRAWN), default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write here instead of standard output")
    parser.add_argument("--from", dest="start", metavar="SYMBOL", help="where a call chain begins")
    parser.add_argument(
        "--to", dest="end", metavar="SYMBOL", help="where it ends; may be a library's function"
    )


def _run(parsed: Namespace) -> int:
    if bool(parsed.start) != bool(parsed.end):
        raise UsageError("a call chain needs both --from SYMBOL and --to SYMBOL")
    if parsed.start and parsed.format == "dot":
        raise UsageError("a call chain is drawn as text or svg; leave --format dot out")
    if parsed.depth < 1:
        raise UsageError(f"--depth {parsed.depth}: give 1 or more")
    with opened_graph(Path(parsed.repo), parsed.ref) as (graph, settings):
        if parsed.start:
            steps = chain_between(graph, parsed.start, parsed.end)
            draw = chain_as_svg if parsed.format == "svg" else chain_as_text
            return _written(draw(parsed.start, parsed.end, steps), parsed.output)
        packages = packages_of(graph, settings)
        package = parsed.package or (packages[0] if len(packages) == 1 else "")
        return _written(_DRAWN[parsed.format](survey(graph, settings, package, parsed.depth)), parsed.output)


def _written(text: str, output: str | None) -> int:
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        return Exit.PASS
    try:
        Path(output).write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}; name a file that can be written") from error
    return Exit.PASS


COMMAND = Command("graph", "draw who imports whom, or find a call chain", _configure, _run)
