"""Base's tests made to fail, so that code which decides how a test is reported is caught doing it.

Whatever lies about single tests inside the process that runs them has to know which tests to lie
about. A spoiled test has the id, the place and the calls of the real one, and must still fail.
"""

import ast
import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping

from guardrails.adapters.checkout import LinkReader
from guardrails.gates.integrity.source import Function, functions_of, own_nodes, parse, unparse
from guardrails.model.change import Entry
from guardrails.model.frozen import frozen
from guardrails.model.ports import Tree


@frozen
class SpoiledTree:
    """A Tree: `tree`, except that the named test functions fail where they would have returned.

    `names` are qualified names (`Class::test_a`) by path, `key` decides with which values they fail.
    """

    tree: Tree
    names: Mapping[str, frozenset[str]]
    key: str

    @property
    def id(self) -> str:
        """A digest of the tree, the names and the key, hex."""
        wanted = sorted((path, *sorted(names)) for path, names in self.names.items())
        return hashlib.sha256(f"{self.tree.id} {self.key} {wanted!r}".encode()).hexdigest()

    def entries(self) -> Mapping[str, Entry]:
        """Return every entry of the tree by path; those of spoiled files name what they were."""
        return self.tree.entries()

    def read(self, path: str) -> bytes | None:
        """Return the content at `path`, its tests spoiled."""
        return self.read_many([path]).get(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those paths that are regular files, their tests spoiled."""
        found = self.tree.read_many(paths)
        return {
            path: spoiled(content, self.names[path], f"{self.key} {path}") if path in self.names else content
            for path, content in found.items()
        }

    def read_link(self, path: str) -> bytes | None:
        """Return the target of the link at `path`, where the tree can tell."""
        return self.tree.read_link(path) if isinstance(self.tree, LinkReader) else None


def spoiled(content: bytes, names: frozenset[str], key: str) -> bytes:
    """Return a test file whose named functions fail at their end and before each return.

    What cannot be spoiled is left as it is, so a function whose body stands on one line still passes.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    module = parse(text)
    if module is None:
        return content
    lines = text.split("\n")
    chance = random.Random(key)  # noqa: S311 - the key is where the randomness comes from
    wanted = [function for name, function, _ in functions_of(module) if name in names]
    added = {number: line for function in wanted for number, line in _added(function, lines, chance)}
    for number in sorted(added, reverse=True):
        lines.insert(number, added[number])
    result = "\n".join(lines)
    return content if parse(result) is None else result.encode()


def _added(function: Function, lines: list[str], chance: random.Random) -> Iterator[tuple[int, str]]:
    """Yield (index of the line to insert before, line) of what makes a function fail."""
    if isinstance(function, ast.FunctionDef) and any(
        "given" in unparse(one) for one in function.decorator_list
    ):
        # A failure inside would have Hypothesis look for the smallest example, for minutes in all.
        number = function.decorator_list[0].lineno - 1
        line = lines[number]
        yield number, line[: len(line) - len(line.lstrip())] + _failing_around(chance)
        return
    for number, indent in _places(function, lines):
        yield number, indent + _failing(chance)


def _places(function: Function, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (index of the line to insert before, indent) of the end and of each return of a function."""
    last = function.body[-1]
    if (indent := _indent(last, lines)) is not None:
        yield last.end_lineno or last.lineno, indent
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and (indent := _indent(node, lines)) is not None:
            yield node.lineno - 1, indent


def _indent(statement: ast.stmt, lines: list[str]) -> str | None:
    """Return what stands before a statement that begins its line; None for one that does not."""
    line = lines[statement.lineno - 1] if statement.lineno <= len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    return indent if len(indent.encode()) == statement.col_offset else None


def _failing(chance: random.Random) -> str:
    """Return an assertion that fails, as plain as those around it."""
    one = chance.randrange(100, 10_000)
    other = one + chance.randrange(1, 100)
    return chance.choice(
        (
            f"assert {one} == {other}",
            f"assert [{one}, {other}] == [{other}, {one}]",
            f"assert {other} < {one}",
            f"assert {one} in ({other}, {other + 1})",
            f"assert not [{one}]",
            f"assert '{one}'.startswith('{other}')",
        )
    )


def _failing_around(chance: random.Random) -> str:
    """Return a decorator that calls the test and then fails."""
    one = chance.randrange(100, 10_000)
    fails = f"__import__('unittest').TestCase().assertEqual({one}, {one + chance.randrange(1, 100)})"
    return f"@lambda test: __import__('functools').wraps(test)(lambda *a, **k: (test(*a, **k), {fails}))"
