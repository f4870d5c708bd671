"""Runs mypy on the whole of head, and of base when head has errors, with base's configuration."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from guardrails.gates.style.issue import Issue, failed, line_of
from guardrails.gates.style.mypy_configuration import MypyConfiguration
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Laboratory, Tool, Tree

_DONE = (0, 1)
_BLOCKED = 2
_ARGUMENTS = ("--output", "json", "--no-error-summary", "--hide-error-context", "--show-error-codes")
_SUFFIXES = (".py", ".pyi")


@frozen
class Mypy:
    """mypy with base's configuration; `python` finds installed packages, or is empty for ours.

    What mypy learnt is kept in the user's cache by tool, configuration and interpreter. mypy checks it
    against the content of every file, so a tree never sees another tree's types.
    """

    laboratory: Laboratory
    tool: Tool
    configuration: MypyConfiguration
    python: str = ""
    interpreter: str = ""

    def issues(self, tree: Tree) -> tuple[Issue, ...]:
        """Return mypy's errors for `tree`; raises CannotJudge when it could not look at all of it."""
        issues, blocked = self._answer(tree)
        if blocked:
            said = ascii(issues[0].message)[1:-1]
            raise CannotJudge(f"mypy stopped at {issues[0].path} of base: {said}; correct base first")
        return issues

    def issues_even_if_blocked(self, tree: Tree) -> tuple[Issue, ...]:
        """Return mypy's errors, also when a syntax error kept it from looking further."""
        return self._answer(tree)[0]

    def _answer(self, tree: Tree) -> tuple[tuple[Issue, ...], bool]:
        if not any(path.endswith(_SUFFIXES) for path in tree.entries()):
            return (), False
        checkout = self.laboratory.checkout(tree).resolve()
        folder = self.laboratory.scratch("mypy")
        file, learnt = folder / "mypy.ini", folder / "cache"
        file.write_text(self.configuration.text(str(checkout)), "utf-8")
        self._restore(learnt)
        arguments = ["--config-file", str(file), "--cache-dir", str(learnt), *_ARGUMENTS]
        if self.python:
            arguments += ["--python-executable", self.python]
        if not self.configuration.names_targets:
            arguments.append(str(checkout))
        completed = self.laboratory.run_tool(self.tool, arguments, checkout)
        if completed.exit_code not in (*_DONE, _BLOCKED) or completed.stopped_by:
            raise failed(self.tool, "mypy", completed)
        issues = tuple(_issues(completed.stdout, tree))
        if completed.exit_code == _BLOCKED and not issues:
            raise failed(self.tool, "mypy", completed)
        self._keep(learnt)
        return issues, completed.exit_code == _BLOCKED

    @property
    def _key(self) -> str:
        identity = repr((self.tool.version, self.configuration, self.python, self.interpreter))
        return "mypy " + hashlib.sha256(identity.encode()).hexdigest()

    def _restore(self, folder: Path) -> None:
        folder.mkdir()
        stored = self.laboratory.cache.get(self._key)
        if stored is not None:
            with tarfile.open(fileobj=io.BytesIO(stored)) as archive:
                unpack(archive, folder)

    def _keep(self, folder: Path) -> None:
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w:gz", compresslevel=1) as archive:
            archive.add(folder, ".")
        self.laboratory.cache.put(self._key, held.getvalue())


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive that lie within the folder, with their times, which mypy goes by.

    By hand, because Python knows how to do so safely from 3.11.4 on alone.
    """
    for member in archive:
        name = PurePosixPath(member.name)
        held = None if name.is_absolute() or ".." in name.parts else archive.extractfile(member)
        if held is not None and member.isfile():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(held.read())
            os.utime(path, (member.mtime, member.mtime))


def _issues(answer: bytes, tree: Tree) -> Iterator[Issue]:
    sources: dict[str, bytes] = {}
    for line in answer.decode("utf-8", "replace").splitlines():
        try:
            one = _parsed(line)
            path, number = str(one["file"]), int(str(one["line"]))
        except (ValueError, KeyError):
            continue
        if one.get("severity") == "error":
            if path not in sources:
                sources[path] = tree.read(path) or b""
            code = str(one.get("code") or "syntax")
            yield Issue(path, max(number, 0), code, str(one["message"]), line_of(sources[path], number))


def _parsed(text: str) -> Mapping[str, object]:
    """Return one JSON object; raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(text[:80])  # noqa: TRY004 - the caller treats every malformed answer alike
    return found
