"""Finds comments that tell a tool to look away, in every dialect that we know of."""

import io
import re
from collections.abc import Iterator
from functools import cache

from guardrails.model.frozen import frozen

# What one of the dialects begins with, in small letters, for files that hold none of them.
_WORDS = (
    b"noqa",
    b"type:",
    b"mypy:",
    b"pyright:",
    b"pyre",
    b"ty:",
    b"pytype:",
    b"pylint:",
    b"ruff:",
    b"flake8",
    b"pragma:",
    b"nosec",
    b"nosemgrep",
    b"noinspection",
    b"lint-",
    b"guardrails:",
)
_ANY = (
    rb"(?i)noqa|type:\s*ignore|mypy:|pyright:|pyre-|pyrefly:|\bty:|pytype:|pylint:|ruff:|flake8[:=]|pragma:|nosec|nosemgrep|"
    rb"noinspection|lint-(?:ignore|fixme)|guardrails:"
)
_DIALECT = r"""\#\s*(
        (?:(?:ruff|flake8)\s*[:=]\s*)?noqa\b(?:\s*:\s*[A-Z][A-Z0-9, ]*)?
      | ruff:\s*(?:file-)?(?:ignore|disable)\b(?:\[[^\]]*\])?
      | type:\s*ignore\b(?:\[[^\]]*\])?
      | mypy:\s*[\w-]+
      | pyright:\s*(?:ignore\b(?:\[[^\]]*\])?|basic|off|report\w+\s*=\s*\w+)
      | pyre-(?:ignore(?:-all-errors)?|fixme|unsafe)\b(?:\[[^\]]*\])?
      | (?:pyrefly|ty):\s*ignore(?:-errors)?\b(?:\[[^\]]*\])?
      | pytype:\s*(?:disable|skip-file)\b[=\w-]*
      | pylint:\s*(?:disable|skip-file)\b[=\w, -]*
      | pragma:\s*no\s*(?:cover|branch|mutate|qa)\b
      | nosec\b(?:[: ]\s*B\d[\w, ]*)?
      | nosemgrep\b(?::\s*[\w.-]+)?
      | noinspection\s+\w+
      | lint-(?:ignore|fixme)\b(?::\s*[\w, ]+)?
      | guardrails:\s*allow\b(?:\[[^\]]*\])?
    )"""
_SPACES = re.compile(r"\s+")


@frozen
class Suppression:
    """One suppression: its line, its text without blanks that mean nothing, and the function around it."""

    line: int
    text: str
    symbol: str


def suppressions_in(source: bytes) -> tuple[Suppression, ...]:
    """Return every suppression in a Python file, in order; text in strings is not one."""
    folded = source.lower()
    if not any(word in folded for word in _WORDS) or not re.search(_ANY, source):
        return ()
    found = [
        (line, _SPACES.sub(" ", match.group(1)).strip())
        for line, text in _comments(source)
        for match in _dialect().finditer(text)
    ]
    if not found:
        return ()
    # Few files hold a suppression, and the others need no parser.
    from guardrails.analysis.code.build import facts_of  # noqa: PLC0415

    facts = facts_of(source)
    return tuple(Suppression(line, text, facts.scopes[facts.scope_at(line)].name) for line, text in found)


@cache
def _dialect() -> re.Pattern[str]:
    return re.compile(_DIALECT, re.IGNORECASE | re.VERBOSE)


def _comments(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield comments; where the file is no Python, every `#` to the end of its line."""
    import tokenize  # noqa: PLC0415 - as above

    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, ValueError):
        for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
            if "#" in line:
                yield number, line[line.index("#") :]
        return
    for token in tokens:
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
