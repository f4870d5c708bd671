"""`guardrails contract diff BASE HEAD`: what the second OpenAPI document breaks of the first.

Useful alone, without a policy or a repository. Documents are files or `ref:path` of the
repository here; nothing is ever fetched.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from guardrails.adapters.git.repository import Repository
from guardrails.adapters.git.revisions import resolve
from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference, Level
from guardrails.analysis.openapi.documents import Document, DocumentError, read_document
from guardrails.analysis.openapi.values import Json, canonical
from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError
from guardrails.report.content.printable import one_line, sentence

_WIDEST = 400


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    summary = "compare two OpenAPI documents; exit 1 when the second breaks the first"
    diff = actions.add_parser("diff", help=summary, description=summary)
    diff.add_argument("base", metavar="BASE", help="the document that made the promises: a file, or ref:path")
    diff.add_argument("head", metavar="HEAD", help="the document that should keep them: a file, or ref:path")
    diff.add_argument("--format", choices=["text", "json"], default="text", help="default: text")


def _run(parsed: Namespace) -> int:
    try:
        found = differences(_document(parsed.base), _document(parsed.head))
    except DocumentError as error:
        raise UsageError(str(error)) from error
    text = _as_json(found) if parsed.format == "json" else _as_text(found)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    return Exit.BLOCK if any(one.level is Level.BREAKING for one in found) else Exit.PASS


def _document(name: str) -> Document:
    """Return the document that the user names; raises UsageError and DocumentError."""
    if "://" in name:
        raise UsageError(
            f"{name!a} is an address, and nothing is fetched; save the document and name the file"
        )
    path = Path(name)
    if path.is_file():
        try:
            return read_document(path.read_bytes(), name)
        except OSError as error:
            raise UsageError(f"{name!a} cannot be read: {error.strerror}; name a readable file") from error
    reference, colon, inside = name.partition(":")
    if not colon:
        raise UsageError(f"{name!a} is no file; name a document, or ref:path for one that git holds")
    with Repository(Path()) as repository:
        content = repository.tree(resolve(repository, reference).tree).read(inside)
    if content is None:
        raise UsageError(
            f"{inside!a} is no file at {reference!a}; `git ls-tree -r {reference}` lists what is"
        )
    return read_document(content, name)


def _as_json(found: list[Difference]) -> str:
    return json.dumps({"findings": [_record(one) for one in found]}, indent=1, ensure_ascii=False) + "\n"


def _record(one: Difference) -> dict[str, Json]:
    proof = one.witness
    return {
        "level": one.level.value,
        "rule": one.rule,
        "method": one.method,
        "path": one.path,
        "pointer": one.pointer,
        "inner": one.inner,
        "direction": one.direction.value,
        "message": one.message,
        "witness": None if proof is None else asdict(proof),
    }


def _as_text(found: list[Difference]) -> str:
    lines = []
    for one in found:
        lines.append(one_line(f"{one.level.value}: {one.method} {one.path}: {one.message}"))
        if one.witness is not None:
            value = one.witness.text or canonical(one.witness.value)
            lines.append("    " + sentence(f"{one.witness.place}: {value}", _WIDEST))
            lines += ["    " + one_line(one.witness.curl)] if one.witness.curl else []
    counts = {level: sum(one.level is level for one in found) for level in Level}
    lines.append(", ".join(f"{number} {level.value}" for level, number in counts.items()))
    return "\n".join(lines) + "\n"


COMMAND = Command("contract", "compare OpenAPI documents, with a witness for each break", _configure, _run)
