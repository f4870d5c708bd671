"""Finds the comments that speak to us, `# guardrails: ...`, and the statements that they stand at.

Comments are in no syntax tree, so a file that holds such a text is read by tokens as well.
"""

import io
import re
import tokenize
from collections.abc import Iterator

from guardrails.analysis.code.facts import Directive

_NAME = b"guardrails"
_SPOKEN = re.compile(r"#+\s*guardrails\b\s*[:=(\[-]", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_BLANK = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


def directives_in(source: bytes) -> tuple[Directive, ...]:
    """Return the comments of a file that begin with `guardrails:`, in order; text in strings is none."""
    if _NAME not in source.lower():
        return ()
    try:
        return tuple(_found(list(tokenize.tokenize(io.BytesIO(source).readline))))
    except (tokenize.TokenError, SyntaxError, ValueError, LookupError):
        # A newer Python's syntax: each comment stands for its own line alone.
        lines = source.decode("utf-8", "replace").splitlines()
        found = ((number, _SPOKEN.search(text), text) for number, text in enumerate(lines, 1))
        return tuple(
            Directive(text[match.start() :].rstrip(), number, number, number, _plain(text[: match.start()]))
            for number, match, text in found
            if match
        )


def _found(tokens: list[tokenize.TokenInfo]) -> Iterator[Directive]:
    spoken: list[tokenize.TokenInfo] = []
    first = last = 0
    words: list[str] = []
    for token in tokens:
        if token.type == tokenize.COMMENT and _SPOKEN.match(token.string):
            spoken.append(token)
        elif token.type not in _BLANK:
            first, last = first or token.start[0], token.end[0]
            words.append(token.string)
        if token.type in {tokenize.NEWLINE, tokenize.ENDMARKER}:
            code = _plain(" ".join(words))
            for one in spoken:
                yield Directive(one.string.rstrip(), one.start[0], first, last, code)
            spoken, words, first = [], [], 0


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
