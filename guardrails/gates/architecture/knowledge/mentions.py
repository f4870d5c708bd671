"""Who writes a name, in whatever file of the tree: the widest sense of use, for code that nobody seems to use."""

import re
from collections.abc import Collection, Iterable, Iterator

from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.module import Module
from guardrails.gates.architecture.settings import Settings

_TEXTS = (
    ".py", ".pyi", ".pyw", ".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".html", ".jinja", ".j2", ".md", ".rst",
    ".sh", ".env", ".tf", "Dockerfile", "Makefile", "Procfile",
)  # fmt: skip
_LARGEST = 1 << 20
"""Larger texts are data, which name no code."""
_AT_ONCE = 200
_TESTS = (*Settings().ignore, "test", "*/test", "testing", "*/testing")


def is_test(path: str) -> bool:
    """Whether a path is one of tests, by the names that test runners go by."""
    return matches(path, _TESTS)


def used_only_by_tests(module: Module, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield those names that a test writes and no other text of the tree, each with the first such test.

    The module itself counts where it writes a name more than once.
    """
    own = module.source
    left = {one for one in names if len(_found(own, [one])) <= 1}
    paths = [one for one in module.graph.code.tree.entries() if one.endswith(_TEXTS) and one != module.path]
    for _, content in _read(module, _nearest(module.path, (one for one in paths if not is_test(one)))):
        if not left:
            return
        left -= set(_found(content, left))
    tested: dict[str, str] = {}
    for path, content in _read(module, sorted(one for one in paths if is_test(one))):
        for name in set(_found(content, left)) if left else ():
            tested.setdefault(name, path)
    yield from sorted(tested.items())


def _found(content: bytes, names: Collection[str]) -> list[str]:
    pattern = rb"\b(?:" + b"|".join(re.escape(one.encode()) for one in sorted(names)) + rb")\b"
    return [one.decode() for one in re.findall(pattern, content)]


def _nearest(path: str, others: Iterable[str]) -> list[str]:
    """Return the files in the order in which users are likely: those that share most folders first."""
    folders = path.split("/")[:-1]

    def distance(other: str) -> tuple[int, str]:
        shared = 0
        for ours, theirs in zip(folders, other.split("/")[:-1], strict=False):
            if ours != theirs:
                break
            shared += 1
        return -shared, other

    return sorted(others, key=distance)


def _read(module: Module, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield files with their contents, read a few at once, so that whoever stops early reads no more."""
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        contents = module.graph.code.tree.read_many(some)
        yield from (
            (path, contents[path]) for path in some if path in contents and len(contents[path]) <= _LARGEST
        )
