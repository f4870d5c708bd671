"""Reads the Markdown that users read: blocks with the comment above each, links, code spans and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "AGENTS.md",
    *sorted((ROOT / "guardrails" / "guide").rglob("*.md")),
)

_FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*(\w*)\s*$")
_COMMENT = re.compile(r"^<!-- ([a-z ]+): (.+) -->$")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it starts, its language, and the comment (word and value) right above it."""

    document: Path
    line: int
    language: str
    word: str
    value: str
    text: str

    @property
    def place(self) -> str:
        """The place as `path:line`, for a test's name and message."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def lines(self) -> list[str]:
        """The lines of the block."""
        return self.text.splitlines()


@dataclass(frozen=True, slots=True)
class Table:
    """A table under a `table of` comment: its name and its cells without the heading."""

    place: str
    name: str
    rows: tuple[tuple[str, ...], ...]


def blocks_of(document: Path) -> Iterator[Block]:
    """Yield the fenced blocks; raises ValueError for one that is not closed."""
    lines = document.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if not opened:
            at += 1
            continue
        indent, fence = len(opened[1]), opened[2]
        end = next((i for i in range(at + 1, len(lines)) if lines[i].strip() == fence), None)
        if end is None:
            raise ValueError(f"{document.name}:{at + 1}: the block is never closed")
        above = _COMMENT.match(lines[at - 1].strip()) if at else None
        word, value = (above[1], above[2]) if above else ("", "")
        text = "\n".join(line[indent:] for line in lines[at + 1 : end])
        yield Block(document, at + 1, opened[3], word, value, text)
        at = end + 1


def prose_of(document: Path) -> str:
    """Return the document without its fenced blocks."""
    lines, inside = [], False
    for line in document.read_text("utf-8").splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def links_of(document: Path) -> list[str]:
    """Return the targets of all links."""
    return _LINK.findall(prose_of(document))


def spans_of(document: Path) -> list[str]:
    """Return the code spans."""
    return _SPAN.findall(prose_of(document))


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that code hosts make of the headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables_of(document: Path) -> Iterator[Table]:
    """Yield the tables that a `table of` comment names."""
    lines = document.read_text("utf-8").splitlines()
    for at, line in enumerate(lines):
        named = _COMMENT.match(line)
        if named and named[1] == "table of":
            rows = []
            for row in lines[at + 3 :]:
                if not row.startswith("|"):
                    break
                rows.append(tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]))
            yield Table(f"{document.relative_to(ROOT)}:{at + 1}", named[2], tuple(rows))
