"""A file's text beside its syntax tree, and edits that leave every other byte as it is.

`ast` tells where each node begins and ends, to the byte. A library that keeps whole concrete trees costs
a second of processor time for what is a word or two here.
"""

import ast
import re
from collections.abc import Iterable
from itertools import accumulate

from guardrails.model.frozen import frozen

_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_MARK = b"\xef\xbb\xbf"
_HEAD_LINES = 2


@frozen
class Edit:
    """What stands in place of the bytes from `begin` up to `end`."""

    begin: int
    end: int
    new: str


class Text:
    """The text of a file that this interpreter can parse; places are bytes of its UTF-8 form."""

    def __init__(self, source: bytes) -> None:
        """Read a file; raises SyntaxError, ValueError, LookupError or RecursionError for one that does not parse."""
        self._mark = _MARK if source.startswith(_MARK) else b""
        self._encoding = "utf-8" if self._mark else _encoding_of(source)
        text = source.removeprefix(self._mark).decode(self._encoding)
        self.tree = ast.parse(text)
        self.content = text.encode("utf-8")
        self.lines = self.content.splitlines(keepends=True)
        self._begins = [0, *accumulate(map(len, self.lines))]

    @property
    def newline(self) -> str:
        """How the first line ends."""
        first = self.lines[0] if self.lines else b""
        return first[len(first.rstrip(b"\r\n")) :].decode() or "\n"

    def line_begin(self, line: int) -> int:
        """Return where a line (from 1) begins; the end of the text for the one after the last."""
        return self._begins[min(line - 1, len(self.lines))]

    def begin(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node begins, parentheses around it left out."""
        return self.line_begin(node.lineno) + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node ends."""
        return self.line_begin(node.end_lineno or node.lineno) + (node.end_col_offset or 0)

    def between(self, begin: int, end: int) -> str:
        """Return a part of the text."""
        return self.content[begin:end].decode("utf-8", "replace")

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Return the file as the edits make it, in its own encoding; one that overlaps an earlier one is left out."""
        parts: list[bytes] = []
        place = 0
        for one in sorted(edits, key=lambda each: (each.begin, each.end)):
            if one.begin >= place:
                parts += [self.content[place : one.begin], one.new.encode("utf-8")]
                place = one.end
        made = b"".join([*parts, self.content[place:]])
        return self._mark + made.decode("utf-8").encode(self._encoding)


def _encoding_of(source: bytes) -> str:
    for line in source.split(b"\n", _HEAD_LINES)[:_HEAD_LINES]:
        if found := _COOKIE.match(line):
            return found[1].decode("ascii")
    return "utf-8"
