"""A comment that excuses nothing goes; the code beside it stays."""

import io
import tokenize
from collections.abc import Iterator
from contextlib import suppress

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import Fix

_START = "guardrails:"


def _edits(text: Text, lines: frozenset[int]) -> Iterator[Edit]:
    for one in _comments(text):
        line = one.start[0]
        if line in lines and one.string.lstrip("# ").startswith(_START):
            before = text.lines[line - 1].decode("utf-8")[: one.start[1]]
            begin = text.line_begin(line)
            if not before.strip():
                yield Edit(begin, text.line_begin(line + 1), "")
            else:
                size = len(before.rstrip().encode("utf-8"))
                yield Edit(begin + size, begin + len(text.lines[line - 1].rstrip(b"\r\n")), "")


def _comments(text: Text) -> Iterator[tokenize.TokenInfo]:
    content = io.StringIO(text.content.decode("utf-8"), newline="")
    with suppress(tokenize.TokenError, SyntaxError):
        yield from (one for one in tokenize.generate_tokens(content.readline) if one.type == tokenize.COMMENT)


FIX = Fix("GR108", safe=True, says="remove the comment, which excuses nothing", edits=_edits)
