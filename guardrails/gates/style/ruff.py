"""Runs ruff on head's changed files in a folder that holds base's configuration and nothing of head's.

ruff sorts imports by which modules lie beside its configuration, so the folder also gets empty
stand-ins for those modules of the tree that the files import.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from guardrails.analysis.code.tree import Code
from guardrails.gates.style.issue import Issue, failed, line_of
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Cache, Laboratory, Tool, Tree

_FILES_A_RUN = 400
_FOUND = (0, 1)
_NEUTRAL = 'lint.select = []\nexclude = ["**"]\n'


@frozen
class Ruff:
    """ruff with base's configuration (files by path)."""

    laboratory: Laboratory
    tool: Tool
    configuration: Mapping[str, bytes]

    def issues(self, tree: Tree, paths: Iterable[str]) -> tuple[Issue, ...]:
        """Return what ruff finds in those files of `tree`; raises CannotJudge when it fails."""
        sources = tree.read_many(paths)
        if not sources:
            return ()
        folder = self.laboratory.scratch("ruff").resolve()
        root = folder / "tree"
        root.mkdir()
        _write(folder, "ruff.toml", _NEUTRAL.encode())
        for path, content in {**sources, **self.configuration}.items():
            _write(root, path, content)
        for path in _standins(tree, self.laboratory.cache, self.configuration, sources):
            place = root / path
            if not place.exists():
                _write(root, path, b"")
        names = sorted(sources)
        return tuple(
            issue
            for start in range(0, len(names), _FILES_A_RUN)
            for issue in self._run(root, names[start : start + _FILES_A_RUN], sources)
        )

    def _run(self, root: Path, names: list[str], sources: Mapping[str, bytes]) -> Iterator[Issue]:
        arguments = (
            "check",
            "--no-cache",
            "--no-fix",
            "--force-exclude",
            "--output-format",
            "json",
            "--",
            *names,
        )
        completed = self.laboratory.run_tool(self.tool, arguments, root)
        if completed.exit_code not in _FOUND or completed.stopped_by:
            raise failed(self.tool, "ruff", completed)
        if completed.stdout.strip() == b"[]":
            return
        import json  # noqa: PLC0415 - 1 ms that a clean change need not pay

        try:
            for one in json.loads(completed.stdout):
                path = Path(one["filename"]).relative_to(root).as_posix()
                line = int(one["location"]["row"])
                code = one["code"] or "invalid-syntax"
                snippet = line_of(sources[path], line) if not one["cell"] else str(one["message"])
                yield Issue(path, line, code, str(one["message"]), snippet)
        except (ValueError, KeyError, TypeError) as error:
            raise CannotJudge(
                f"ruff {self.tool.version} answered something unknown: {error!r}; reinstall guardrails-harness"
            ) from error


def unreadable(sources: Mapping[str, bytes]) -> tuple[Issue, ...]:
    """Return an issue for each file that is not UTF-8, which ruff leaves out."""
    found = []
    for path, source in sources.items():
        try:
            source.decode("utf-8")
        except UnicodeDecodeError:
            found.append(Issue(path, 0, "encoding", "the file is not UTF-8, so ruff cannot read it", "utf-8"))
    return tuple(found)


def _write(root: Path, path: str, content: bytes) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _standins(
    tree: Tree, cache: Cache, configuration: Iterable[str], judged: Iterable[str]
) -> frozenset[str]:
    """Return those modules of the tree that ruff would look for: what judged files import, and their packages."""
    code = Code(tree, cache)
    folders = _folders(code.modules.paths)
    sources = [path for path in judged if path in code.modules.paths]
    code.load(sources)
    wanted = {parent for path in judged for parent in _parents(path)}
    roots = {posixpath.dirname(path) for path in configuration}
    for one in (each for path in sources for each in code.facts(path).imports):
        inside = "/".join(filter(None, (*one.module.split("."), one.name)))
        for root in (*roots, *(posixpath.join(root, "src") for root in roots)):
            place = posixpath.join(root, inside)
            wanted |= {place, *_parents(place)}
    held = {name for place in wanted for name in (f"{place}.py", f"{place}/__init__.py")} & code.modules.paths
    bare = {f"{place}/.keep" for place in wanted & folders}
    return frozenset(held | bare)


def _folders(paths: Iterable[str]) -> frozenset[str]:
    """Return every folder above one of the paths, each looked at once."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


def _parents(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
