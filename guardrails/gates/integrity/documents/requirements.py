"""What a file asks an installer for: names, versions, hashes and where they come from.

Requirement files, `pyproject.toml` and TOML lock files become the same few facts, so that one
rule covers every way in which a dependency can arrive.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename

from guardrails.gates.integrity.source import parse
from guardrails.model.frozen import field, frozen

_LINE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)$")
_HASH = re.compile(r"--hash[= ](\S+)")
_REMOTE = re.compile(r"(git|hg|svn|bzr)\+|https?://|file:|ssh://")
_OPTION = re.compile(
    r"^(-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--no-index|-e|--editable)\b"
)
_FILE = re.compile(
    r"(^|/)(requirements|constraints)[^/]*\.(txt|in|lock)$|(^|/)requirements/[^/]+\.(txt|in|lock)$"
)
_LOCKS = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"})


@frozen
class Pin:
    """One requirement: normalised name, version specifier, hashes, and a source that is not the index."""

    name: str
    version: str
    hashes: frozenset[str] = frozenset()
    source: str = ""


@frozen
class Requirements:
    """Everything a file asks for: pins by name, and the options and addresses it adds."""

    pins: Mapping[str, Pin] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()


def states_requirements(path: str) -> bool:
    """Return whether a file of this name can bring dependencies."""
    return bool(_FILE.search(path)) or basename(path) in {
        *_LOCKS,
        "pyproject.toml",
        "Pipfile",
        "setup.cfg",
        "setup.py",
    }


def normalised(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_in(path: str, text: str) -> Requirements | None:
    """Return what a file asks for, or None when it cannot be parsed."""
    if not text.strip():
        return Requirements()
    readers = {"setup.py": _from_script, "setup.cfg": _from_setup}
    reader = _from_lines if _FILE.search(path) else readers.get(basename(path))
    if reader is not None:
        return reader(text)
    import tomllib  # noqa: PLC0415 - a commit without such a file stays quick

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    if basename(path) in _LOCKS:
        return _from_lock(document)
    return _from_project(document)


def _from_setup(text: str) -> Requirements:
    block = re.search(r"(?m)^install_requires\s*=(.*(?:\n[ \t]+.*)*)", text)
    return _from_lines(block.group(1) if block else "")


def _from_script(text: str) -> Requirements:
    module = parse(text)
    words = [one for one in ast.walk(module) if isinstance(one, ast.keyword)] if module else []
    wanted = [
        one.value for one in words if one.arg in {"install_requires", "extras_require", "setup_requires"}
    ]
    lines = [one.value for value in wanted for one in ast.walk(value) if isinstance(one, ast.Constant)]
    return _from_lines("\n".join(str(one) for one in lines))


def _from_lines(text: str) -> Requirements:
    lines = re.sub(r"\\\r?\n", " ", text).splitlines()
    bare = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in lines)
    kept = [line for line in bare if line]
    remote = (line for line in kept if line.startswith("-") and _REMOTE.search(line))
    options = frozenset((*remote, *(line for line in kept if _OPTION.match(line))))
    pins = {one.name: one for line in kept if not line.startswith("-") for one in _pin(line)}
    return Requirements(pins, options | _remote(pins.values()))


def _pin(line: str) -> Iterator[Pin]:
    match = _LINE.match(line)
    if _REMOTE.match(line):
        yield Pin(line, "", source=line)
    elif match:
        hashes = frozenset(_HASH.findall(line))
        rest = _HASH.sub("", match.group(3)).strip()
        source = rest if _REMOTE.search(rest) else ""
        yield Pin(normalised(match.group(1)), rest.split(";")[0].strip(), hashes, source)


def _remote(pins: Iterable[Pin]) -> frozenset[str]:
    return frozenset(one.source for one in pins if one.source)


def _from_lock(document: Mapping[str, object]) -> Requirements:
    packages = document.get("package", document.get("packages", []))
    pins: dict[str, Pin] = {}
    for one in packages if isinstance(packages, list) else []:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            name = normalised(str(one["name"]))
            hashes = frozenset(re.findall(r"sha\d+:[0-9a-f]{32,}", str(one)))
            source = str(one.get("source", ""))
            remote = source if re.search(r"'(git|url|path)'|git\+", source) else ""
            pins[name] = Pin(name, str(one.get("version", "")), hashes, remote)
    return Requirements(pins, _remote(pins.values()))


def _from_project(document: Mapping[str, object]) -> Requirements:
    lines: list[str] = []
    for table in ("project", "dependency-groups", "build-system"):
        _collect(document.get(table), lines, accept=table == "dependency-groups")
    tool = document.get("tool")
    sources: set[str] = set()
    pins = {one.name: one for line in lines for one in _pin(line)}
    if isinstance(tool, dict):
        for name, table in (*_tables(tool.get("poetry")), *_tables({"packages": document.get("packages")})):
            pins[normalised(name)] = Pin(normalised(name), table)
            sources |= {table} if _REMOTE.search(table) or "git" in table else set()
        sources |= {
            str(tool[key])
            for key in ("uv", "pip")
            if isinstance(tool.get(key), dict) and _REMOTE.search(str(tool[key]))
        }
    return Requirements(pins, frozenset(sources) | _remote(pins.values()))


def _collect(value: object, into: list[str], *, accept: bool) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            is_list = accept or key in {"dependencies", "requires"}
            _collect(inner, into, accept=is_list or key == "optional-dependencies")
    elif isinstance(value, list) and accept:
        into += [one for one in value if isinstance(one, str)]


def _tables(poetry: object) -> Iterator[tuple[str, str]]:
    if not isinstance(poetry, dict):
        return
    for key, value in poetry.items():
        if key in {"dependencies", "dev-dependencies", "packages"} and isinstance(value, dict):
            yield from ((str(name), str(pin)) for name, pin in value.items() if name != "python")
        elif isinstance(value, dict):
            yield from _tables(value)
