"""What a name stands for, as far as one file can tell.

Every way to say `time.sleep` that one file can spell ends as that text: an import under another
name, an assignment, a default argument, `getattr`, `functools.partial`, `importlib.import_module`,
`sys.modules`. A name that may stand for several things resolves to each of them.
"""

import builtins
import re
from collections.abc import Sequence

from guardrails.analysis.code.reading.scopes import RawScope

_TOKEN = re.compile(r"\.[^.(\[]+|\([^)]*\)|\[[^\]]*\]")
_ROOT = re.compile(r"[^.(\[]+")
_BUILTINS = frozenset(dir(builtins))
_IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__", "importlib.__import__"})
_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
# Calls that stand for their first argument, and what to write behind it.
_TRANSPARENT = {
    **dict.fromkeys(_PARTIALS, ""),
    "builtins.vars": ".__dict__",
    "typing.cast": "()",
    "contextlib.closing": "",
    "builtins.staticmethod": "",
    "fastapi.Depends": "()",
    "fastapi.Security": "()",
    "fastapi.params.Depends": "()",
    "fastapi.param_functions.Depends": "()",
}
MOST_MEANINGS = 4
MOST_HELD = 12
_TAKING = frozenset({".get", ".pop", ".setdefault", ".__getitem__"})


class Names:
    """The bindings of one file's scopes, asked by (scope, path)."""

    def __init__(self, scopes: Sequence[RawScope]) -> None:
        self._scopes = scopes
        self._known: dict[tuple[int, str], tuple[str, ...]] = {}
        self._roots: dict[tuple[int, str], tuple[str, ...]] = {}
        self._classes = {scope.name: scope for scope in scopes if scope.kind == "class"}
        self._positions = {id(scope): index for index, scope in enumerate(scopes)}

    def meanings(self, scope: int, path: str) -> tuple[str, ...]:
        """Return the resolved names that `path`, read in `scope`, may stand for; none when unknown."""
        key = (scope, path)
        known = self._known.get(key)
        if known is None:
            self._known[key] = ()  # a name bound to itself ends here
            known = self._known[key] = self._resolve(scope, path)
        return known

    def best(self, scope: int, path: str) -> str:
        """Return the one resolved name, or `?path` when the file does not tell."""
        found = self.meanings(scope, path)
        return found[0] if found else f"?{path}"

    def attribute(self, holder: str, name: str) -> tuple[str, ...]:
        """Return what the attribute `name` of instances of this file's class `holder` may be."""
        known = self._classes.get(holder)
        if known is None:
            return ()
        held = known.attributes.get(name)
        if held is None and name not in known.names:
            return ()
        found = [one for scope, path in held or () for one in self.meanings(scope, path)]
        if name in known.names:
            position = self._positions[id(known)]
            found += [one for path in known.names[name] for one in self.meanings(position, path)]
        return tuple(dict.fromkeys(found))[: MOST_HELD if name[-1:] == "]" else MOST_MEANINGS]

    def holder_of(self, scope: int, name: str) -> int | None:
        """Return the index of the scope that binds `name` as seen from `scope`; None for builtins."""
        current, first = scope, True
        while current >= 0:
            here = self._scopes[current]
            if name in here.globals:
                return 0
            if name in here.names and (first or here.kind != "class"):
                return current
            current, first = here.parent, False
        return None

    def _resolve(self, scope: int, path: str) -> tuple[str, ...]:
        if path.isidentifier():
            return self._root(scope, path)
        if path[:1] == "=":
            return (path[1:],)
        if "(" not in path and "[" not in path:
            return self._dotted(scope, path)
        root = _ROOT.match(path)
        if root is None:
            return ()
        tokens = _TOKEN.findall(path, root.end())
        held, at = self._held(scope, root.group(), tokens)
        values = held or self._root(scope, root.group())
        if "[*]" in tokens[at:]:
            return ()
        while at < len(tokens):
            token, at = tokens[at], at + 1
            taken = _taken(tokens, at) if token[0] == "." else 0
            kept = [one for value in values for one in self._item_held(value, token[1:])] if taken else []
            if kept:
                values, at = tuple(kept), at + taken
            elif len(values) == 1:
                values = self._step(scope, values[0], token)
            else:
                values = tuple([one for value in values for one in self._step(scope, value, token)])
            values = tuple(dict.fromkeys(values)) if len(values) > 1 else values
        return values[: MOST_HELD if held else MOST_MEANINGS]

    def _held(self, scope: int, root: str, tokens: Sequence[str]) -> tuple[tuple[str, ...], int]:
        """Return what a literal container of that name holds at the first tokens, and how many they are."""
        taken = _taken(tokens, 0)
        if not taken:
            return (), 0
        key = tokens[0] if tokens[0] not in {"[]", "[*]"} else ""
        found = (taken == 1 and key and self._root(scope, f"{root}{key}")) or self._root(scope, f"{root}[]")
        return found, taken if found else 0

    def _item_held(self, value: str, name: str) -> tuple[str, ...]:
        return self.attribute(value[1:].removesuffix("()"), f"{name}[]") if value[:1] == ":" else ()

    def _dotted(self, scope: int, path: str) -> tuple[str, ...]:
        root, _, rest = path.partition(".")
        values = self._root(scope, root)
        if not values:
            return values
        if len(values) == 1 and values[0][:1] != ":":
            return (f"{values[0]}.{rest}",)
        found: dict[str, None] = {}
        for value in values:
            if value[:1] == ":":
                held: tuple[str, ...] = (value,)
                for name in rest.split("."):
                    held = tuple([one for each in held for one in self._step(scope, each, f".{name}")])
                found.update(dict.fromkeys(held))
            else:
                found[f"{value}.{rest}"] = None
        return tuple(found)[:MOST_MEANINGS]

    def _root(self, scope: int, name: str) -> tuple[str, ...]:
        key = (scope, name)
        known = self._roots.get(key)
        if known is None:
            self._roots[key] = ()
            known = self._roots[key] = self._rooted(scope, name)
        return known

    def _rooted(self, scope: int, name: str) -> tuple[str, ...]:
        holder = self.holder_of(scope, name)
        if holder is None:
            return (f"builtins.{name}",) if name in _BUILTINS else ()
        if holder != scope:
            return self._root(holder, name)
        paths = self._scopes[holder].names.get(name, ())
        if len(paths) == 1:
            only = paths[0]
            if not only or only[:1] == "=":
                return (only[1:],) if only else ()
            return self.meanings(holder, only)[: MOST_HELD if only[-1:] == "]" else MOST_MEANINGS]
        found: dict[str, None] = {}
        for path in dict.fromkeys(paths):
            if path:
                found.update(dict.fromkeys(self.meanings(holder, path)))
        return tuple(found)[: MOST_HELD if name[-1:] == "]" else MOST_MEANINGS]

    def _step(self, scope: int, value: str, token: str) -> tuple[str, ...]:
        if token.startswith("."):
            if value.startswith(":"):
                return self.attribute(value[1:].removesuffix("()"), token[1:]) or (value + token,)
            return (value + token,)
        inside = token[1:-1].replace("/", ".")
        return self._item(value, inside) if token.startswith("[") else self._called(scope, value, inside)

    def _item(self, value: str, key: str) -> tuple[str, ...]:
        if value == "sys.modules" and key:
            return (key,)
        if value.endswith(".__dict__") and key:
            return (f"{value.removesuffix('.__dict__')}.{key}",)
        if value == "builtins.globals()" and key:
            return self.meanings(0, key)
        if value.startswith(":") and value[1:] in self._classes:
            return (value,)  # a generic class of this file, given its types
        return (f"{value}[]",)

    def _called(self, scope: int, value: str, inside: str) -> tuple[str, ...]:
        positional, _, keywords = inside.partition(";")
        first, _, second = positional.partition(",")
        if value in _IMPORTERS and first and not first.startswith("&"):
            return (first,)
        given = self.meanings(scope, first[1:]) if first.startswith("&") else ()
        if value == "builtins.getattr" and second:
            return tuple(f"{one}.{second}" for one in given)
        if value in _PARTIALS and keywords:
            return tuple(f"{one}~{keywords.replace('.', ',')}" for one in given)
        if given and value in _TRANSPARENT:
            return tuple(one + _TRANSPARENT[value] for one in given)
        return (value == "builtins.super" and self._parents(scope)) or (f"{value}()",)

    def _parents(self, scope: int) -> tuple[str, ...]:
        """Return instances of what the class around `scope` is derived from."""
        while scope >= 0 and self._scopes[scope].kind != "class":
            scope = self._scopes[scope].parent
        holder = self._scopes[max(scope, 0)]
        return tuple(
            f"{one}()" for path in holder.bases if path for one in self.meanings(max(holder.parent, 0), path)
        )


def _taken(tokens: Sequence[str], at: int) -> int:
    """Return how many tokens from `at` on take one thing out of a container: `[key]`, or `.get` and its call."""
    if at < len(tokens) and tokens[at][0] == "[":
        return 1
    return (
        2
        if tokens[at : at + 1]
        and tokens[at] in _TAKING
        and tokens[at + 1 : at + 2]
        and tokens[at + 1][0] == "("
        else 0
    )
