"""Facts of a file's bytes: parse, gather, resolve; what cannot be read says so instead of passing."""

import ast
import sys
import warnings

from guardrails.analysis.code.facts import (
    Call,
    Comparison,
    Facts,
    Flag,
    Import,
    Mark,
    Mention,
    Parameter,
    Scope,
)
from guardrails.analysis.code.gather import Gatherer
from guardrails.analysis.code.hooks import NO_HOOKS, Hooks
from guardrails.analysis.code.marks import marks_of
from guardrails.analysis.code.names import Names
from guardrails.analysis.code.scopes import RawCall, RawScope

LARGEST_SOURCE = 4 << 20
_DEEPEST = 20_000
_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__"})


Read = tuple[Facts, tuple[Mark, ...]]


def facts_of(source: bytes) -> Facts:
    """Return the facts of one file; `unparsable` names the reason when there are none."""
    return read_source(source)[0]


def read_source(source: bytes, hooks: Hooks = NO_HOOKS) -> Read:
    """Return the facts of one file and what the local rules mark in it, by one walk."""
    if len(source) > LARGEST_SOURCE:
        return _unread(f"it is larger than {LARGEST_SOURCE >> 20} MiB")
    try:
        module = _parsed(source)
    except (SyntaxError, ValueError, UnicodeError, LookupError) as error:
        return _of_newer_syntax(source, hooks, _reason(error))
    except (RecursionError, MemoryError):
        return _unread("it nests too deep")
    return _gathered(module, hooks)


def _unread(reason: str) -> Read:
    return Facts(unparsable=reason), ()


def _parsed(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # head's invalid escapes are for its own linter to report
        return ast.parse(source)


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno}: {error.msg}"
    return str(error) or type(error).__name__


def _of_newer_syntax(source: bytes, hooks: Hooks, reason: str) -> Read:
    # libcst costs 0.2 s to import, and only a file that this interpreter cannot read needs it.
    from guardrails.analysis.code.newer import downgraded  # noqa: PLC0415

    older = downgraded(source)
    if older is None:
        return _unread(reason)
    try:
        return _gathered(_parsed(older), hooks)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _unread(reason)


def _gathered(module: ast.Module, hooks: Hooks) -> Read:
    looks = hooks.load()
    gatherer = Gatherer(looks.keys())
    limit = sys.getrecursionlimit()
    try:
        # Frames of Python code do not use the C stack, so nesting that `ast` could parse can be walked.
        sys.setrecursionlimit(max(limit, _DEEPEST))
        gatherer.gather(module)
        resolved = _Resolved(gatherer)
        facts = resolved.facts()
        return facts, marks_of(gatherer.notes, looks, gatherer.scopes, gatherer, resolved.names)
    except RecursionError:
        return _unread("it nests too deep")
    finally:
        sys.setrecursionlimit(limit)


class _Resolved:
    def __init__(self, raw: Gatherer) -> None:
        self._raw = raw
        self.names = Names(raw.scopes)
        self._imported = {
            alias or (name or module.partition(".")[0]) for module, name, alias, *_ in raw.imports
        }

    def facts(self) -> Facts:
        raw = self._raw
        calls = tuple(call for one in raw.calls for call in self._calls(one))
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
        )

    def _calls(self, raw: RawCall) -> tuple[Call, ...]:
        paths, scope, line, flags, arguments, keywords = raw
        texts = tuple([self._text(scope, one) for one in arguments])
        named = tuple([(name, self._text(scope, value)) for name, value in keywords])
        found: dict[str, None] = {}
        for path in paths:
            if path:
                found.update(dict.fromkeys(self.names.meanings(scope, path) or (f"?{path}",)))
        calls = []
        for meaning in found or ("?",):
            name, _, passed = meaning.partition("~")
            extra = tuple((one, "...") for one in passed.split(",") if one)
            calls.append(Call(name, scope, line, flags, texts, (*named, *extra)))
        return tuple(calls)

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
            tuple(Parameter(name, self._annotation(outer, path)) for name, path in raw.parameters),
            self._annotation(outer, raw.returns),
            tuple(self.names.best(outer, path) for path in raw.bases if path),
        )

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
