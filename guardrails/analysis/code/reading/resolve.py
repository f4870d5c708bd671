"""Turns what the pass wrote down into facts, once every name of the file is known."""

import ast
from collections.abc import Sequence

from guardrails.analysis.code.facts import (
    Block,
    Call,
    Comparison,
    Facts,
    Field,
    Flag,
    Handler,
    Import,
    Mention,
    Parameter,
    Raise,
    Scope,
)
from guardrails.analysis.code.reading.gather import Gatherer
from guardrails.analysis.code.reading.names import Names
from guardrails.analysis.code.reading.scopes import RawCall, RawHandler, RawRaise, RawScope

_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__"})


class Resolved:
    """The facts of one walked file. `names` answers what its names mean, `called` holds the resolved names
    of each of the walk's calls once there are facts."""

    def __init__(self, raw: Gatherer) -> None:
        self._raw = raw
        self.called: list[tuple[str, ...]] = []
        self.names = Names(raw.scopes)
        self._imported = {
            alias or (name or module.partition(".")[0]) for module, name, alias, *_ in raw.imports
        }

    def facts(self) -> Facts:
        """Return the facts."""
        raw = self._raw
        listed = [self._calls(one) for one in raw.calls]
        self.called = [tuple([call.name for call in one]) for one in listed]
        calls = tuple([call for one in listed for call in one])
        return Facts(
            imports=(*(Import(*one) for one in raw.imports), *self._dynamic_imports(calls)),
            scopes=tuple(self._scope(one) for one in raw.scopes),
            calls=calls,
            comparisons=tuple(
                Comparison(tuple(self._text(scope, one) for one in operands), operators, scope, line)
                for operands, operators, scope, line in raw.comparisons
            ),
            references=self._references(),
            subscripts=self._subscripts(),
            strings=tuple(Mention(text, scope, line) for (text, scope), line in raw.strings.items()),
            writes=self._writes(),
            exports=self._exports(),
            attributes=self._attributes(),
            blocks=tuple(Block(*one) for one in raw.blocks),
            raises=tuple(self._raise(one) for one in raw.raises),
            handlers=tuple(self._handler(one) for one in raw.handlers),
            fields=tuple(self._field(*one) for one in raw.fields),
        )

    def _calls(self, raw: RawCall) -> tuple[Call, ...]:
        paths, scope, line, flags, arguments, keywords, block = raw
        texts, named = self._given(scope, arguments, keywords)
        found: dict[str, None] = {}
        for path in paths:
            if path:
                found.update(dict.fromkeys(self.names.meanings(scope, path) or (f"?{path}",)))
        calls = []
        for meaning in found or ("?",):
            name, _, passed = meaning.partition("~")
            extra = tuple((one, "...") for one in passed.split(",") if one)
            calls.append(Call(name, scope, line, flags, texts, (*named, *extra), block))
        return tuple(calls)

    def _given(
        self, scope: int, arguments: Sequence[str], keywords: Sequence[tuple[str, str]]
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        texts = tuple([self._text(scope, one) for one in arguments])
        return texts, tuple([(name, self._text(scope, value)) for name, value in keywords])

    def _text(self, scope: int, text: str) -> str:
        if not text.startswith("&"):
            return text
        called = "()" if text.endswith("()") else ""
        return self.names.best(scope, text[1:].removesuffix("()")).lstrip("?") + called

    def _dynamic_imports(self, calls: tuple[Call, ...]) -> tuple[Import, ...]:
        found = []
        for call in calls:
            if call.name in _IMPORTING and call.arguments and call.arguments[0].startswith(("'", '"')):
                module = ast.literal_eval(call.arguments[0])
                found.append(Import(module, "", "", call.line, call.scope, call.flags | Flag.DYNAMIC))
        return tuple(found)

    def _scope(self, raw: RawScope) -> Scope:
        outer = max(raw.parent, 0)
        return Scope(
            raw.name,
            raw.kind,
            raw.parent,
            raw.line,
            raw.end,
            tuple(call for one in raw.decorators for call in self._calls(one)),
            tuple(
                Parameter(name, self._annotation(outer, path), self._text(outer, default))
                for name, path, default in raw.parameters
            ),
            self._annotation(outer, raw.returns),
            tuple(self.names.best(outer, path) for path in raw.bases if path),
        )

    def _raise(self, raw: RawRaise) -> Raise:
        paths, arguments, keywords, scope, line, block = raw
        path = next(iter(paths), "")
        name = self.names.best(scope, path) if path else "?" if paths else ""
        return Raise(name, *self._given(scope, arguments, keywords), scope, line, block)

    def _handler(self, raw: RawHandler) -> Handler:
        caught, scope, line, block, guarded, ends, value = raw
        kinds = [self.names.best(scope, path) if path else "?" for paths in caught for path in paths]
        return Handler(tuple(kinds), scope, line, block, guarded, ends, self._text(scope, value))

    def _field(self, name: str, written: str, kind: str, default: str, scope: int, line: int) -> Field:
        return Field(name, written, self._annotation(scope, kind), self._text(scope, default), scope, line)

    def _annotation(self, scope: int, path: str) -> str:
        return self.names.best(scope, path) if path and path != "..." else path

    def _references(self) -> tuple[Mention, ...]:
        named = {name for scope in self._raw.scopes for name, paths in scope.names.items() if any(paths)}
        return tuple(
            Mention(meaning, scope, line)
            for (path, scope), line in self._raw.references.items()
            if path.partition(".")[0].partition("(")[0] in named
            for meaning in self.names.meanings(scope, path)
            if not meaning.startswith("builtins.")
        )

    def _subscripts(self) -> tuple[Mention, ...]:
        return tuple(
            Mention(f"{meaning}[{key!r}]", scope, line)
            for (path, key, scope), line in self._raw.subscripts.items()
            for meaning in self.names.meanings(scope, path)
        )

    def _writes(self) -> tuple[Mention, ...]:
        found = []
        for (path, scope), line in self._raw.writes.items():
            root = path.partition(".")[0].partition("(")[0].partition("[")[0]
            if scope and self.names.holder_of(scope, root) == 0 and root not in self._imported:
                found.append(Mention(root, scope, line))
        return tuple(dict.fromkeys(found))

    def _exports(self) -> dict[str, tuple[str, ...]]:
        found = {name: self.names.meanings(0, name) for name in self._raw.scopes[0].names}
        return {name: meanings for name, meanings in found.items() if meanings}

    def _attributes(self) -> dict[str, dict[str, tuple[str, ...]]]:
        every = {}
        for scope in self._raw.scopes:
            if scope.kind == "class":
                names = dict.fromkeys([*scope.attributes, *scope.names])
                held = {name: self.names.attribute(scope.name, name) for name in names}
                every[scope.name] = {name: found for name, found in held.items() if found}
        return {name: held for name, held in every.items() if held}
