"""A strict reader of patches: every line of every hunk is accounted for, or the patch is refused.

Patches are hostile input. `git apply` decides what a patch does; this reader decides first what
it names, so that the two can be compared, and says where a damaged one is damaged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_MODE_LINES = {
    b"old mode ": "old_mode",
    b"new mode ": "new_mode",
    b"new file mode ": "new_mode",
    b"deleted file mode ": "old_mode",
}
_MODES = frozenset({"100644", "100755", "100664", "120000", "160000"})
# The next file's names, or the line that ends a mail.
_AFTER_HUNKS = re.compile(rb"--- |-- ?$")
_OTHER_HEADERS = (b"index ", b"similarity index ", b"dissimilarity index ")
_PREFIXES = frozenset({("a", "b"), ("i", "w"), ("c", "i"), ("c", "w"), ("o", "w"), ("b", "a"), ("w", "i")})
_ESCAPES = {
    "a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92,
}  # fmt: skip
_NULL = "/dev/null"


class PatchError(UsageError):
    """A patch that is not accepted; the text reads `patch:line: reason`."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"patch:{line}: {reason}")

    def __reduce__(self) -> tuple[type["PatchError"], tuple[int, str]]:
        return (PatchError, (self.line, self.reason))


@frozen
class Hunk:
    """One hunk: where it applies, and its lines with their marks; `line` is its own place in the patch."""

    line: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[bytes, ...]


@frozen
class FilePatch:
    """What a patch does to one file; a path is None where the file does not exist on that side.

    `strip` is how many leading folders of the names in the patch are not part of the path.
    """

    line: int
    old_path: str | None
    new_path: str | None
    old_mode: str | None = None
    new_mode: str | None = None
    is_rename: bool = False
    is_copy: bool = False
    is_binary: bool = False
    strip: int = 1
    hunks: tuple[Hunk, ...] = ()


def read_patch(data: bytes) -> tuple[FilePatch, ...]:
    """Return the file patches of a patch in their order; raises PatchError naming line and reason.

    Prose around them (mail headers, signatures) is skipped, as `git apply` does.
    """
    reader = _Reader(data.split(b"\n"))
    found: list[FilePatch] = []
    while reader.has_more:
        line = reader.line
        if line.startswith(b"diff --git "):
            found.append(_git_file(reader))
        elif line.startswith(b"--- ") and reader.following.startswith(b"+++ "):
            found.append(_plain_file(reader))
        elif line.startswith((b"@@ -", b"GIT binary patch")):
            raise reader.error("a change stands outside of any file's patch")
        else:
            reader.skip()
    if not found:
        raise PatchError(1, "there is no file patch in it, so nothing to judge")
    return tuple(found)


class _Reader:
    """The lines of a patch and the place that is being read."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.at = 0

    @property
    def has_more(self) -> bool:
        return self.at < len(self.lines)

    @property
    def line(self) -> bytes:
        """The line here without a carriage return; empty after the end."""
        return self.lines[self.at].rstrip(b"\r") if self.has_more else b""

    @property
    def following(self) -> bytes:
        return self.lines[self.at + 1] if self.at + 1 < len(self.lines) else b""

    def skip(self) -> None:
        self.at += 1

    def error(self, reason: str) -> PatchError:
        return PatchError(self.at + 1, reason)


@dataclass(slots=True)
class _Header:
    """The extended header lines of one file in git's format."""

    modes: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    is_deleted: bool = False


def _git_file(reader: _Reader) -> FilePatch:
    """Read one file in git's format, from its `diff --git` line."""
    start, title = reader.at, reader.line.removeprefix(b"diff --git ")
    reader.skip()
    header = _header(reader)
    hunks: tuple[Hunk, ...] = ()
    is_binary = False
    if reader.line.startswith(b"--- ") and reader.following.startswith(b"+++ "):
        old, new = _names(reader)
        hunks = _hunks(reader)
    else:
        is_binary = _skip_binary(reader)
        old, new = _title_names(title, start) if len(header.names) < len(("from", "to")) else ("", "")
    old, new = (_NULL if header.is_new else old), (_NULL if header.is_deleted else new)
    if header.names:
        paths, strip = (header.names.get("from", old), header.names.get("to", new)), 1
    else:
        paths, strip = _stripped(old, new)
        if _NULL not in paths and paths[0] != paths[1]:
            raise PatchError(start + 1, "its names differ, though it says neither rename nor copy")
    found = _file(start + 1, paths, strip, hunks)
    verb = header.names.get("verb")
    return replace(
        found,
        old_mode=header.modes.get("old_mode"),
        new_mode=header.modes.get("new_mode"),
        is_rename=verb == "rename",
        is_copy=verb == "copy",
        is_binary=is_binary,
    )


def _plain_file(reader: _Reader) -> FilePatch:
    """Read one file that has no `diff --git` line, from its `---` line."""
    start = reader.at
    old, new = _names(reader)
    paths, strip = _stripped(old, new)
    return _file(start + 1, paths, strip, _hunks(reader))


def _header(reader: _Reader) -> _Header:
    """Read the lines between `diff --git` and the change itself."""
    header = _Header()
    while reader.has_more:
        line = reader.line
        mode = next((prefix for prefix in _MODE_LINES if line.startswith(prefix)), None)
        if mode is not None:
            header.modes[_MODE_LINES[mode]] = _mode(line.removeprefix(mode), reader)
            header.is_new |= mode.startswith(b"new file")
            header.is_deleted |= mode.startswith(b"deleted")
        elif line.startswith((b"rename from ", b"rename to ", b"copy from ", b"copy to ")):
            verb, side, name = line.split(b" ", 2)
            header.names["verb"] = verb.decode()
            header.names[side.decode()] = _unquoted(name, reader.at)
        elif not line.startswith(_OTHER_HEADERS):
            break
        reader.skip()
    return header


def _mode(text: bytes, reader: _Reader) -> str:
    mode = text.decode("ascii", "replace").strip()
    if mode not in _MODES:
        raise reader.error(f"{mode!r} is no mode that git knows")
    return mode


def _names(reader: _Reader) -> tuple[str, str]:
    """Read the `---` and `+++` lines; what follows a tab is a date."""
    names = []
    for _ in ("---", "+++"):
        names.append(_unquoted(reader.line[4:].split(b"\t")[0].rstrip(b" "), reader.at))
        reader.skip()
    return names[0], names[1]


def _hunks(reader: _Reader) -> tuple[Hunk, ...]:
    """Read the hunks of one file; raises PatchError for none, and for lines that no hunk counts."""
    hunks = []
    while reader.line.startswith(b"@@ "):
        hunks.append(_hunk(reader))
    if not hunks:
        raise reader.error("the file's names are not followed by a hunk (`@@ -line,count +line,count @@`)")
    # Context that no hunk counts changes nothing; a change that none counts would silently be dropped.
    while reader.line.startswith(b" "):
        reader.skip()
    if reader.line.startswith((b"+", b"-")) and not _AFTER_HUNKS.match(reader.line):
        raise reader.error(f"the hunk at line {hunks[-1].line} has more changes than it says")
    return tuple(hunks)


def _hunk(reader: _Reader) -> Hunk:
    match = _HUNK.match(reader.line)
    if match is None:
        raise reader.error("this is no hunk header; it reads `@@ -line,count +line,count @@`")
    old_start, new_start = int(match[1]), int(match[3])
    old_count, new_count = int(match[2] or 1), int(match[4] or 1)
    first = reader.at + 1
    end = _hunk_end(reader, first, old_count, new_count)
    hunk = Hunk(first, old_start, old_count, new_start, new_count, tuple(reader.lines[first:end]))
    reader.at = end
    return hunk


def _hunk_end(reader: _Reader, first: int, old_left: int, new_left: int) -> int:
    """Return where a hunk's lines end; raises PatchError unless both counts come out exactly."""
    lines, at = reader.lines, first
    while old_left > 0 or new_left > 0:
        mark = lines[at][:1] if at < len(lines) else b"end"
        if mark == b"+":
            new_left -= 1
        elif mark == b"-":
            old_left -= 1
        elif mark in {b" ", b""} and not (mark == b"" and at == len(lines) - 1):
            old_left -= 1
            new_left -= 1
        elif mark != b"\\":
            break
        at += 1
    if old_left or new_left:
        raise PatchError(
            at + 1, f"the hunk at line {first} ends here, {max(old_left, 0)} old and {max(new_left, 0)} new"
            " lines short of what it says"
        )  # fmt: skip
    return at + 1 if at < len(lines) and lines[at][:1] == b"\\" else at


def _skip_binary(reader: _Reader) -> bool:
    """Pass over a binary change, if one stands here; whether one did."""
    if reader.line.startswith(b"Binary files ") and reader.line.endswith(b" differ"):
        reader.skip()
        return True
    if not reader.line.startswith(b"GIT binary patch"):
        return False
    reader.skip()
    while reader.line.startswith((b"literal ", b"delta ")):
        reader.skip()
        while reader.line:
            reader.skip()
        reader.skip()
    return True


def _title_names(title: bytes, at: int) -> tuple[str, str]:
    """Return both names of a `diff --git` line that nothing else repeats; they differ in their prefix alone."""
    if title.startswith(b'"'):
        end = re.match(rb'"(?:[^"\\]|\\.)*"', title)
        parts = (title[: end.end()], title[end.end() + 1 :]) if end else (title, b"")
    else:
        middle = len(title) // 2
        parts = (title[:middle], title[middle + 1 :])
    old, new = (_unquoted(part, at) for part in parts)
    if old.partition("/")[2] != new.partition("/")[2] or not old:
        raise PatchError(at + 1, "the names in `diff --git` cannot be told apart; add `---` and `+++` lines")
    return old, new


def _unquoted(name: bytes, at: int) -> str:
    """Return a name as it is, C-quoting undone."""
    if not name.startswith(b'"'):
        return name.decode("utf-8", "surrogateescape")
    if not re.fullmatch(rb'"(?:[^"\\]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*"', name):
        raise PatchError(at + 1, f"the quoted name {ascii(name)[1:]} is malformed")
    raw = re.sub(rb"\\([0-3][0-7]{2}|.)", lambda match: _unescaped(match[1]), name[1:-1])
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(escape: bytes) -> bytes:
    code = int(escape, 8) if escape.isdigit() else _ESCAPES[escape.decode()]
    return bytes([code])


def _stripped(old: str, new: str) -> tuple[tuple[str, str], int]:
    """Return both names without git's prefixes, where they have them, and how much was taken off."""
    (old_prefix, _, old_path), (new_prefix, _, new_path) = old.partition("/"), new.partition("/")
    if old == _NULL:
        prefixed = new_prefix in {"b", "w", "i"} and new_path != ""
        return ((old, new_path), 1) if prefixed else ((old, new), 0)
    if new == _NULL:
        prefixed = old_prefix in {"a", "i", "c", "o"} and old_path != ""
        return ((old_path, new), 1) if prefixed else ((old, new), 0)
    if (old_prefix, new_prefix) in _PREFIXES and old_path and new_path:
        return (old_path, new_path), 1
    return (old, new), 0


def _file(line: int, paths: Sequence[str], strip: int, hunks: tuple[Hunk, ...]) -> FilePatch:
    old, new = (None if path == _NULL else _inside(path, line) for path in paths)
    if old is None and new is None:
        raise PatchError(line, "both sides are /dev/null, so no file is named")
    return FilePatch(line, old, new, strip=strip, hunks=hunks)


def _inside(path: str, line: int) -> str:
    """Return the path; raises PatchError for one that leaves the repository or enters git's own folder."""
    parts = path.split("/")
    if "\0" in path or any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts):
        raise PatchError(line, f"{path!a} is no path inside the repository")
    return path
