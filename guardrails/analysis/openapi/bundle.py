"""Joins the files that a document is written in into one document.

A reference to a file beside the document, inside its tree, is read once and kept under a name of
its own; a reference to a host or out of the tree is never followed, and named as a problem.
"""

import posixpath
from collections.abc import Callable
from urllib.parse import unquote

from guardrails.analysis.openapi.values import Json, Node, step

FILES = "x-guardrails-files"
_MOST_FILES = 4000
Files = Callable[[str], Json]
"""Return what the file of that path, relative to the document's tree, holds; None for none."""


class Bundle:
    """One document out of many files; `problems` are (pointer, sentence) of references not followed."""

    def __init__(self, path: str, files: Files) -> None:
        """Take the document's path in its tree and a reader of the tree's files."""
        self._path = posixpath.normpath(path)
        self._files = files
        self._read: dict[str, Json] = {}
        self._left: list[str] = []
        self.problems: list[tuple[str, str]] = []

    def joined(self, root: Node) -> Node:
        """Return the document with every file that it refers to, directly or not, inside."""
        made = self._rewritten(root, self._path, "")
        while self._left:
            path = self._left.pop()
            content = self._files(path)
            self._read[path] = self._rewritten(content, path, step("", FILES, path))
        found = made if isinstance(made, dict) else {}
        return {**found, FILES: self._read} if self._read else found

    def _rewritten(self, value: Json, path: str, pointer: str) -> Json:
        if isinstance(value, list):
            return [self._rewritten(one, path, f"{pointer}/{at}") for at, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        found = {
            name: self._rewritten(one, path, step(pointer, name))
            for name, one in value.items()
            if name != "$ref"
        }
        if isinstance(reference, str):
            found["$ref"] = self._reference(reference, path, pointer)
        elif reference is not None:
            found["$ref"] = self._rewritten(reference, path, step(pointer, "$ref"))
        return found

    def _reference(self, reference: str, path: str, pointer: str) -> str:
        file, _, inside = reference.partition("#")
        if not file:
            return reference if path == self._path else _kept_at(path, inside)
        if "://" in file or file.startswith("//"):
            return self._refused(reference, pointer, "names a host, and nothing is fetched")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(file)))
        if target.startswith(("/", "..")) or "\\" in target:
            return self._refused(reference, pointer, "leads out of the document's tree")
        if target == self._path:
            return f"#{inside}"
        if target not in self._read and not self._is_opened(target):
            return self._refused(reference, pointer, "names a file that is not there or cannot be read")
        return _kept_at(target, inside)

    def _is_opened(self, target: str) -> bool:
        """Whether the file can be read; if so it will be."""
        if len(self._read) >= _MOST_FILES or self._files(target) is None:
            return False
        self._read[target] = None
        self._left.append(target)
        return True

    def _refused(self, reference: str, pointer: str, why: str) -> str:
        self.problems.append((pointer, f"$ref {reference[:200]!a} {why}"))
        return reference


def _kept_at(path: str, inside: str) -> str:
    return f"#{step('', FILES, path).replace('%', '%25')}{inside.rstrip('/')}"
