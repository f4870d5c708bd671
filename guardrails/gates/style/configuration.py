"""Reads which files of base configure ruff; head's configuration has no say."""

import posixpath
from collections.abc import Iterator, Mapping

from guardrails.model.digest import sha256
from guardrails.model.errors import CannotJudge
from guardrails.model.ports import Cache, Tree

PROJECT = "pyproject.toml"
_RUFF_FILES = frozenset({"ruff.toml", ".ruff.toml"})
_ENDINGS = ("ruff.toml", PROJECT)
_MOST_EXTENDED = 6


def ruff_configuration(base: Tree, cache: Cache) -> Mapping[str, bytes]:
    """Return base's files that configure ruff, by path, those that they extend included.

    Raises CannotJudge when one extends a file that is not in the tree.
    """
    named = [
        path
        for path in base.entries()
        if path.endswith(_ENDINGS) and posixpath.basename(path) in {*_RUFF_FILES, PROJECT}
    ]
    found = {
        path: content
        for path, content in base.read_many(named).items()
        if _extends(path, content, cache) is not None
    }
    if not found:
        return {}
    for path, content in list(found.items()):
        found.update(_extended(base, path, content, cache, depth=0))
    project = base.read(PROJECT)  # its requires-python sets what ruff takes the target to be
    return found if project is None else {PROJECT: project, **found}


def _extended(base: Tree, path: str, content: bytes, cache: Cache, depth: int) -> Iterator[tuple[str, bytes]]:
    extends = _extends(path, content, cache)
    if not extends:
        return
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), extends))
    held = base.read(target)
    if held is None or depth > _MOST_EXTENDED:
        raise CannotJudge(
            f"{path}: ruff's `extend` names {extends}, which is not in base; keep it in the repository"
        )
    yield target, held
    yield from _extended(base, target, held, cache, depth + 1)


def _extends(path: str, content: bytes, cache: Cache) -> str | None:
    """Return which file a file's ruff options extend, empty for none; None where it has no such options.

    Kept by content, since a parser of TOML costs every hook 6 ms.
    """
    is_project = posixpath.basename(path) == PROJECT
    key = f"ruff extends 1 {is_project} {sha256(content).hexdigest()}"
    stored = cache.get(key)
    if stored is None:
        options = section_of(content, "ruff") if is_project else toml_of(content)
        extends = (options or {}).get("extend")
        stored = b"-" if options is None else b"+" + (extends.encode() if isinstance(extends, str) else b"")
        cache.put(key, stored)
    return stored[1:].decode() if stored.startswith(b"+") else None


def section_of(content: bytes, tool: str) -> Mapping[str, object] | None:
    """Return the table of a tool in a pyproject.toml, None where it has none."""
    tools = toml_of(content).get("tool")
    found = tools.get(tool) if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None


def toml_of(content: bytes) -> Mapping[str, object]:
    """Return the data of a TOML file, nothing where it is none."""
    import tomllib  # noqa: PLC0415 - as in `_extends`

    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
