"""A stored change: edits anchored to text, so that it survives honest changes around them.

Each file of `changes/` holds the task, the expected verdict, the rules that must be among its
reasons, and edits. An edit replaces whole lines that must stand exactly once in their file, at
whatever depth; a new file is given whole. From them and a commit comes the patch that is judged.
"""

import difflib
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from guardrails.model.verdict import Outcome

CHANGES = Path(__file__).parent / "changes"


class StaleChange(Exception):
    """A stored change no longer fits the code; the text names the file and the anchor that is gone."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the lines `find` by the lines `replace` in `path`, both as if they began at the margin."""

    path: str
    find: str
    replace: str

    def apply(self, text: str) -> str:
        """Return `text` after the edit; raises StaleChange unless the lines stand there exactly once."""
        wanted = textwrap.dedent(self.find).splitlines()
        lines = text.splitlines()
        found = [
            (at, depth) for at in range(len(lines)) if (depth := _depth_at(lines, at, wanted)) is not None
        ]
        if len(found) != 1:
            raise StaleChange(f"{wanted[0]!r} stands {len(found)} times in {self.path}")
        at, depth = found[0]
        new = textwrap.indent(textwrap.dedent(self.replace), depth).splitlines()
        return "\n".join([*lines[:at], *new, *lines[at + len(wanted) :]]) + "\n"


def _depth_at(lines: Sequence[str], at: int, wanted: Sequence[str]) -> str | None:
    """Return the indentation by which the lines at `at` are the wanted ones, or None."""
    here = lines[at : at + len(wanted)]
    if len(here) != len(wanted) or not here[0].endswith(wanted[0]):
        return None
    depth = here[0].removesuffix(wanted[0])
    expected = [depth + line if line else "" for line in wanted]
    return depth if not depth.strip() and here == expected else None


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One change: its task, what must be said about it, and its edits, new and deleted files."""

    name: str
    task: str
    expected: Outcome
    because: tuple[str, ...]
    edits: tuple[Edit, ...]
    new: Mapping[str, str]

    def files(self, root: Path, commit: str) -> Iterator[tuple[str, str | None, str]]:
        """Yield (path, text at `commit` or None, text after the change); raises StaleChange."""
        for path in dict.fromkeys(edit.path for edit in self.edits):
            before = _text_at(root, commit, path)
            if before is None:
                raise StaleChange(f"{path} does not exist any more")
            yield path, before, self._edited(path, before)
        for path, text in self.new.items():
            if _text_at(root, commit, path) is not None:
                raise StaleChange(f"{path} exists already")
            yield path, None, text

    def _edited(self, path: str, text: str) -> str:
        for edit in self.edits:
            if edit.path == path:
                text = edit.apply(text)
        return text

    def patch(self, root: Path, commit: str = "HEAD") -> str:
        """Return the change as a patch on top of `commit`; raises StaleChange where it no longer fits."""
        parts = []
        try:
            files = list(self.files(root, commit))
        except StaleChange as stale:
            raise StaleChange(f"{stale}; mend examples/changes/{self.name}.yaml") from None
        for path, before, after in files:
            old = f"a/{path}" if before is not None else "/dev/null"
            lines = difflib.unified_diff(
                (before or "").splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{path}"
            )
            mode = "" if before is not None else "new file mode 100644\n"
            parts.append(f"diff --git a/{path} b/{path}\n{mode}" + "".join(lines))
        return "".join(parts)


def stored_changes(folder: Path = CHANGES) -> tuple[StoredChange, ...]:
    """Return every stored change, in the order of their file names."""
    return tuple(_read(path) for path in sorted(folder.glob("*.yaml")))


def _read(path: Path) -> StoredChange:
    said = yaml.safe_load(path.read_text("utf-8"))
    return StoredChange(
        name=path.stem,
        task=said["task"].strip(),
        expected=Outcome(said["expected"]),
        because=tuple(said.get("because", ())),
        edits=tuple(Edit(**edit) for edit in said.get("edits", ())),
        new=said.get("new", {}),
    )


def _text_at(root: Path, commit: str, path: str) -> str | None:
    shown = subprocess.run(
        ["git", "-C", str(root), "show", f"{commit}:{path}"], capture_output=True, check=False
    )
    return shown.stdout.decode("utf-8") if shown.returncode == 0 else None
