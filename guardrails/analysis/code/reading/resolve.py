"""Turns what the pass wrote down into facts, once every name of the file is known."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from guardrails.analysis.code.facts import Flag, Rows
from guardrails.analysis.code.reading.gather import Gatherer
from guardrails.analysis.code.reading.names import MOST_MEANINGS, Names
from guardrails.analysis.code.reading.scopes import FUNCTIONS, RawCall, RawHandler, RawRaise, RawScope

_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__"})


Row = tuple[Any, ...]


class Resolved:
    """The facts of one walked file. `names` answers what its names mean, `called` holds the resolved names
    of each of the walk's calls once there are facts."""

    def __init__(self, raw: Gatherer) -> None:
        self._raw = raw
        self.called: list[tuple[str, ...]] = []
        self.names = Names(raw.scopes)
        self._texts: dict[tuple[int, str], str] = {}
        self._imported = {
            alias or (name or module.partition(".")[0]) for module, name, alias, *_ in raw.imports
        }

    def rows(self) -> Rows:
        """Return the facts, each record as a plain tuple of its fields."""
        raw = self._raw
        listed = [self._calls(one) for one in raw.calls]
        self.called = [tuple([call[0] for call in one]) for one in listed]
        calls = [call for one in listed for call in one]
        text = self._text
        return [
            [*raw.imports, *self._dynamic_imports(calls)],
            [self._scope(one) for one in raw.scopes],
            calls,
            [
                (tuple([text(scope, one) for one in operands]), operators, scope, line)
                for operands, operators, scope, line in raw.comparisons
            ],
            self._references(),
            self._subscripts(),
            [(said, scope, line) for (said, scope), line in raw.strings.items()],
            self._writes(),
            raw.blocks,
            [self._raise(one) for one in raw.raises],
            [self._handler(one) for one in raw.handlers],
            [self._field(*one) for one in raw.fields],
            [],
            list(dict.fromkeys(self._unsaid())),
            self._exports(),
            self._attributes(),
            "",
            self._gives(),
        ]

    def _calls(self, raw: RawCall) -> list[Row]:
        paths, scope, line, flags, arguments, keywords, block = raw
        if arguments or keywords:
            arguments, keywords = self._given(scope, arguments, keywords)
        meanings = self.names.meanings
        if len(paths) == 1 and paths[0]:
            named = meanings(scope, paths[0]) or (_unknown(paths[0]),)
            if len(named) == 1 and "~" not in named[0]:  # as nearly every call is
                return [(named[0], scope, line, flags, arguments, keywords, block)]
            found: Iterable[str] = named
        else:
            every = [one for path in paths if path for one in meanings(scope, path) or (_unknown(path),)]
            found = dict.fromkeys(every) or ("?",)
        calls = []
        for name in found:
            given = keywords
            if "~" in name:
                name, _, passed = name.partition("~")  # noqa: PLW2901 - what stands behind it is no name
                given = (*keywords, *[(one, "...") for one in passed.split(",") if one])
            calls.append((name, scope, line, flags, arguments, given, block))
        return calls

    def _unsaid(self) -> Iterator[Row]:
        """Yield the calls that `with`, `for` and brackets make, and those of own properties."""
        meanings = self.names.meanings
        for (path, method, scope), (line, flags, block) in self._raw.unsaid.items():
            for meaning in meanings(scope, path):
                if meaning[:9] != "builtins.":
                    yield (f"{meaning}.{method}", scope, line, flags, (), (), block)
        properties = {f":{one.name}" for one in self._raw.scopes if _is_property(one)}
        last = {name.rpartition(".")[2] for name in properties}
        for (path, scope), line in self._raw.references.items() if last else ():
            if not last.isdisjoint(path.split(".")):
                for meaning in meanings(scope, path):
                    if meaning in properties:
                        yield (meaning, scope, line, 0, (), (), 0)

    def _given(
        self, scope: int, arguments: Sequence[str], keywords: Sequence[tuple[str, str]]
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        text = self._text
        texts = tuple([text(scope, one) if one[:1] == "&" else one for one in arguments])
        if not keywords:
            return texts, ()
        return texts, tuple([(name, text(scope, one) if one[:1] == "&" else one) for name, one in keywords])

    def _text(self, scope: int, text: str) -> str:
        if text[:1] != "&":
            return text
        key = (scope, text)
        known = self._texts.get(key)
        if known is None:
            called = "()" if text.endswith("()") else ""
            known = self.names.best(scope, text[1:].removesuffix("()")).lstrip("?") + called
            self._texts[key] = known
        return known

    def _dynamic_imports(self, calls: Sequence[Row]) -> list[Row]:
        found = []
        for name, scope, line, flags, arguments, *_ in calls:
            if name in _IMPORTING and arguments and arguments[0].startswith(("'", '"')):
                module = ast.literal_eval(arguments[0])
                found.append((module, "", "", line, scope, flags | Flag.DYNAMIC))
        return found

    def _scope(self, raw: RawScope) -> Row:
        outer = max(raw.parent, 0)
        return (
            raw.name,
            raw.kind,
            raw.parent,
            raw.line,
            raw.end,
            [call for one in raw.decorators for call in self._calls(one)],
            [
                (name, self._annotation(outer, path), self._text(outer, default))
                for name, path, default in raw.parameters
            ],
            self._annotation(outer, raw.returns),
            tuple([self.names.best(outer, path) for path in raw.bases if path]),
        )

    def _raise(self, raw: RawRaise) -> Row:
        paths, arguments, keywords, scope, line, block = raw
        path = next(iter(paths), "")
        name = self.names.best(scope, path) if path else "?" if paths else ""
        return (name, *self._given(scope, arguments, keywords), scope, line, block)

    def _handler(self, raw: RawHandler) -> Row:
        caught, scope, line, block, guarded, ends, value = raw
        kinds = [self.names.best(scope, path) if path else "?" for paths in caught for path in paths]
        return (tuple(kinds), scope, line, block, guarded, ends, self._text(scope, value))

    def _field(self, name: str, written: str, kind: str, default: str, scope: int, line: int) -> Row:
        return (name, written, self._annotation(scope, kind), self._text(scope, default), scope, line)

    def _annotation(self, scope: int, path: str) -> str:
        return self.names.best(scope, path) if path and path != "..." else path

    def _references(self) -> list[Row]:
        named = {name for scope in self._raw.scopes for name, paths in scope.names.items() if any(paths)}
        meanings = self.names.meanings
        found = []
        for (path, scope), line in self._raw.references.items():
            if path in named or (
                ("." in path or "(" in path) and path.partition(".")[0].partition("(")[0] in named
            ):
                for meaning in meanings(scope, path):
                    if meaning[:9] != "builtins.":
                        found.append((meaning, scope, line))
        return found

    def _subscripts(self) -> list[Row]:
        return [
            (f"{meaning}[{key!r}]", scope, line)
            for (path, key, scope), line in self._raw.subscripts.items()
            for meaning in self.names.meanings(scope, path)
        ]

    def _writes(self) -> list[Row]:
        found = []
        for (path, scope), line in self._raw.writes.items():
            root = path.partition(".")[0].partition("(")[0].partition("[")[0]
            if scope and self.names.holder_of(scope, root) == 0 and root not in self._imported:
                found.append((root, scope, line))
        return list(dict.fromkeys(found))

    def _exports(self) -> dict[str, tuple[str, ...]]:
        found = {name: self.names.meanings(0, name) for name in self._raw.scopes[0].names}
        return {name: meanings for name, meanings in found.items() if meanings}

    def _gives(self) -> dict[str, tuple[str, ...]]:
        """Return what functions hand out, as far as it is made elsewhere: an instance, a client, a connection."""
        found: dict[str, tuple[str, ...]] = {}
        for index, scope in enumerate(self._raw.scopes):
            if scope.given and scope.kind in FUNCTIONS:
                paths = dict.fromkeys(path for path in scope.given if path)
                made = dict.fromkeys(one for path in paths for one in self.names.meanings(index, path))
                kept = tuple(one for one in made if "(" in one and not one.startswith("builtins."))
                if kept:
                    found[scope.name] = kept[:MOST_MEANINGS]
        return found

    def _attributes(self) -> dict[str, dict[str, tuple[str, ...]]]:
        every = {}
        for scope in self._raw.scopes:
            if scope.kind == "class":
                names = dict.fromkeys([*scope.attributes, *scope.names])
                held = {name: self.names.attribute(scope.name, name) for name in names}
                every[scope.name] = {name: found for name, found in held.items() if found}
        return {name: held for name, held in every.items() if held}


def _unknown(path: str) -> str:
    """Return a call's name where nothing tells what it is; what a loop takes from who knows where has none."""
    return "?" if "[*]" in path else f"?{path}"


def _is_property(scope: RawScope) -> bool:
    """Whether a function runs when its name is read."""
    return any(path.rpartition(".")[2].endswith("property") for call in scope.decorators for path in call[0])
