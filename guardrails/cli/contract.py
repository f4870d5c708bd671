"""`guardrails contract`: what a document breaks of another or of its consumers, its faults, and failures to keep.

Useful alone, without a policy or a repository. Documents are files, files of a commit, or what
code derives in the box; nothing is ever fetched.
"""

import gc
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.adapters.clock import SystemClock
from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference, Level, Promise, as_promised
from guardrails.analysis.openapi.documents import Document, DocumentError
from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError
from guardrails.report.content.printable import one_line
from guardrails.tasks.contract.shown import as_changelog, as_json, as_text, faults_as_json, faults_as_text
from guardrails.tasks.contract.sources import document_named

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_RARELY = 100_000  # of what a comparison makes, next to nothing is let go before its end
_NAMES = "a file, ref:path, ref:service, ref:module:app, or a service or module:app of the work tree"


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    summary = "compare two OpenAPI documents; exit 1 when the second breaks the first"
    diff = actions.add_parser("diff", help=summary, description=summary)
    _add_pair(diff)
    diff.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    diff.add_argument(
        "--no-witness",
        action="store_true",
        help="tell the levels alone, sooner: one break a slot, none shown",
    )
    summary = "write what changes for clients between two OpenAPI documents, as Markdown"
    _add_pair(actions.add_parser("changelog", help=summary, description=summary))
    summary = "name the faults of an OpenAPI document; exit 1 when there are any"
    lint = actions.add_parser("lint", help=summary, description=summary)
    lint.add_argument("document", metavar="DOC", help=_NAMES)
    lint.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    _add_box(lint)
    _add_consumers(actions)


def _add_pair(parser: ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help=f"the document that made the promises: {_NAMES}")
    parser.add_argument("head", metavar="HEAD", help="the document that should keep them, named alike")
    promises = [one.value for one in Promise]
    text = "what clients are promised: strict (generated clients; the default), tolerant, internal"
    parser.add_argument("--promise", choices=promises, default=Promise.STRICT.value, help=text)
    _add_box(parser)


def _add_box(parser: ArgumentParser) -> None:
    parser.add_argument("--allow-unsandboxed", action="store_true", help="derive from code without a box")


def _add_consumers(actions: "_SubParsersAction[ArgumentParser]") -> None:
    summary = "say which consumers a document fails; exit 1 when there are any"
    deploy = actions.add_parser("can-i-deploy", help=summary, description=summary)
    deploy.add_argument("document", metavar="DOC", help=_NAMES)
    deploy.add_argument(
        "consumers", metavar="FILE", nargs="+", help="a consumer file (YAML) or a pact (JSON)"
    )
    _add_box(deploy)
    summary = "keep the failures of a JSON report as files that every later change is asked again"
    keep = actions.add_parser("keep", help=summary, description=summary)
    keep.add_argument("report", metavar="REPORT", help="a report that was written with --format json")
    keep.add_argument("folder", metavar="FOLDER", help="where to write, such as contracts/NAME/failures")
    keep.add_argument("--finding", action="append", default=[], help="only that fingerprint; may be repeated")
    keep.add_argument("--pytest", action="store_true", help="as tests of a running service instead")


def _run(parsed: Namespace) -> int:
    act = {"lint": _lint, "can-i-deploy": _deploy, "keep": _keep}.get(parsed.action, _compare)
    try:
        return act(parsed)
    except DocumentError as error:
        raise UsageError(str(error)) from error


def _deploy(parsed: Namespace) -> int:
    from guardrails.analysis.consumers.reading import ConsumerError, consumer_in  # noqa: PLC0415 - rarely asked for
    from guardrails.tasks.contract.deploying import lacks  # noqa: PLC0415 - as above

    try:
        consumers = [consumer_in(name, Path(name).read_bytes()) for name in parsed.consumers]
    except (OSError, ConsumerError) as error:
        raise UsageError(str(error)) from error
    found = lacks(_named(parsed.document, parsed), consumers)
    lines = [f"{one.consumer}: {one.operation}: {one.sentence}" for one in found]
    failed = len({one.consumer for one in found})
    lines.append(
        f"{failed} of {len(consumers)} consumers would break"
        if found
        else "every consumer finds what it uses"
    )
    _write("".join(one_line(line) + "\n" for line in lines))
    return Exit.BLOCK if found else Exit.PASS


def _keep(parsed: Namespace) -> int:
    from guardrails.tasks.contract.keeping import kept_files  # noqa: PLC0415 - as above

    try:
        report = Path(parsed.report).read_bytes()
        files = kept_files(report, parsed.report, parsed.finding, as_tests=parsed.pytest)
        folder = Path(parsed.folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename!a}: {error.strerror}; name a report and a folder") from error
    _write("".join(f"kept: {name}\n" for name in sorted(files)))
    return Exit.PASS


def _compare(parsed: Namespace) -> int:
    base, head = _named(parsed.base, parsed), _named(parsed.head, parsed)
    gc.freeze()  # two large documents, which no collection need walk again
    gc.set_threshold(_RARELY)
    promise = Promise(parsed.promise)
    shown = parsed.action == "changelog" or not parsed.no_witness
    told = differences(base, head, shown=shown, today=SystemClock().today())
    found = as_promised(told, lambda _: promise)
    if parsed.action == "changelog":
        _write(as_changelog(found))
        return Exit.PASS
    _write(as_json(found) if parsed.format == "json" else as_text(found))
    return Exit.BLOCK if any(map(_breaks, found)) else Exit.PASS


def _breaks(one: Difference) -> bool:
    return one.level is Level.BREAKING


def _lint(parsed: Namespace) -> int:
    # Comparing documents needs no rules of lint, and their tables cost an import.
    from guardrails.analysis.openapi.lint.linting import faults_of  # noqa: PLC0415

    found = faults_of(_named(parsed.document, parsed))
    _write(faults_as_json(found) if parsed.format == "json" else faults_as_text(found))
    return Exit.BLOCK if found else Exit.PASS


def _named(name: str, parsed: Namespace) -> Document:
    return document_named(name, allow_unsandboxed=parsed.allow_unsandboxed)


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


COMMAND = Command(
    "contract", "compare and lint OpenAPI documents, with a witness for each break", _configure, _run
)
