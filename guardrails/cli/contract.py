"""`guardrails contract diff|changelog|lint`: what one OpenAPI document breaks of another, and its own faults.

Useful alone, without a policy or a repository. Documents are files, files of a commit, or what
code derives in the box; nothing is ever fetched.
"""

import gc
import sys
from argparse import ArgumentParser, Namespace

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference, Level, Promise, as_promised
from guardrails.analysis.openapi.documents import Document, DocumentError
from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError
from guardrails.tasks.contract.shown import as_changelog, as_json, as_text, faults_as_json, faults_as_text
from guardrails.tasks.contract.sources import document_named

_NAMES = "a file, ref:path, ref:service, ref:module:app, or a service or module:app of the work tree"


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    summary = "compare two OpenAPI documents; exit 1 when the second breaks the first"
    diff = actions.add_parser("diff", help=summary, description=summary)
    _add_pair(diff)
    diff.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    summary = "write what changes for clients between two OpenAPI documents, as Markdown"
    _add_pair(actions.add_parser("changelog", help=summary, description=summary))
    summary = "name the faults of an OpenAPI document; exit 1 when there are any"
    lint = actions.add_parser("lint", help=summary, description=summary)
    lint.add_argument("document", metavar="DOC", help=_NAMES)
    lint.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    _add_box(lint)


def _add_pair(parser: ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help=f"the document that made the promises: {_NAMES}")
    parser.add_argument("head", metavar="HEAD", help="the document that should keep them, named alike")
    promises = [one.value for one in Promise]
    text = "what clients are promised: strict (generated clients; the default), tolerant, internal"
    parser.add_argument("--promise", choices=promises, default=Promise.STRICT.value, help=text)
    _add_box(parser)


def _add_box(parser: ArgumentParser) -> None:
    parser.add_argument("--allow-unsandboxed", action="store_true", help="derive from code without a box")


def _run(parsed: Namespace) -> int:
    try:
        return _lint(parsed) if parsed.action == "lint" else _compare(parsed)
    except DocumentError as error:
        raise UsageError(str(error)) from error


def _compare(parsed: Namespace) -> int:
    base, head = _named(parsed.base, parsed), _named(parsed.head, parsed)
    gc.freeze()  # two large documents, which no collection need walk again
    promise = Promise(parsed.promise)
    found = as_promised(differences(base, head), lambda _: promise)
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
