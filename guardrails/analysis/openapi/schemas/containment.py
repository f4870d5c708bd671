"""Proves that all that one schema lets through another takes, by rules that are never wrong when they say yes.

A no only means that no rule proved it; a witness search decides then. One convention is built
in: a name that the source does not declare on an open object is not sent with a meaning, so a
target that newly declares it takes no message away.
"""

from collections.abc import Callable, Iterable

from guardrails.analysis.openapi.schemas.automata import within
from guardrails.analysis.openapi.schemas.evaluation import evaluates_no_more
from guardrails.analysis.openapi.schemas.normal import FALSE, Universe
from guardrails.analysis.openapi.schemas.sameness import Sameness
from guardrails.analysis.openapi.schemas.shapes import (
    Bound,
    Conjunction,
    Shape,
    TooManyShapes,
    apart,
    keyword_kind,
    leaves,
    shapes_of,
)
from guardrails.analysis.openapi.values import Json, Node, canonical, kind_of, listed, members, texts

_DEEPEST = 60
_MOST_PLACES = 64
_TEXT: Node = {"type": ["string"]}
_CONDITIONS = {"if": ("if", "then", "else"), "not": ("not",)}
_Key = tuple[tuple[int, ...], tuple[int, ...]]
Accepts = Callable[[Conjunction, Json], bool]


class Proof:
    """Containment of source schemas in target schemas, what was proved once kept."""

    def __init__(self, source: Universe, target: Universe, accepted: Accepts) -> None:
        """Take both sides, and a function that tells whether target nodes accept a value."""
        self._source = source
        self._target = target
        self._accepted = accepted
        self._known: dict[_Key, bool] = {}
        self._trail: list[_Key] = []
        self._kept: list[tuple[Conjunction, Conjunction]] = []
        self._same: set[tuple[int, int]] = set()
        self._assumed: list[tuple[int, int]] = []
        self._unlike: set[tuple[int, int]] = set()
        self._written = Sameness(source.document, target.document)

    def holds(self, source: Conjunction, target: Conjunction, depth: int = 0) -> bool:
        """Whether every value that fits all `source` nodes provably fits all `target` nodes."""
        if not any(target):
            return True
        if any(node == FALSE for node in source):
            return True
        if depth > _DEEPEST:
            return False
        key = (tuple(map(id, source)), tuple(map(id, target)))
        if key in self._known:
            return self._known[key]
        mark = len(self._trail)
        self._trail.append(key)
        self._kept.append((source, target))
        self._known[key] = True  # assumed while it is being proved, as recursion needs
        found = self._is_same(source, target) or self._proved(source, target, depth)
        if not found:
            self._forget(mark)
        self._known[key] = found
        return found

    def _forget(self, mark: int) -> None:
        """Drop what was proved by help of an assumption that turned out wrong."""
        for key in self._trail[mark:]:
            if self._known.get(key):
                del self._known[key]
        del self._trail[mark:]

    def _is_same(self, source: Conjunction, target: Conjunction) -> bool:
        return all(any(self.same(one, other) for one in source) for other in target)

    def same(self, one: Json, other: Json) -> bool:
        """Whether two normalised schemas are equal, references followed on both sides."""
        if isinstance(one, dict) and isinstance(other, dict):
            return self._same_nodes(one, other)
        if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(map(self.same, one, other))
        if isinstance(one, str) and isinstance(other, str):
            return one == other
        return canonical(one) == canonical(other)

    def _same_nodes(self, one: Node, other: Node) -> bool:
        one, other = followed(self._source, one), followed(self._target, other)
        key = (id(one), id(other))
        if key in self._same:
            return True
        if key in self._unlike:
            return False
        if self._alike(one, other, key):
            return True
        self._unlike.add(key)
        return False

    def _alike(self, one: Node, other: Node, key: tuple[int, int]) -> bool:
        first, second = self._source.written(one), self._target.written(other)
        if first is not None and second is not None and self._written.of(first, second):
            self._same.add(key)
            self._assumed.append(key)
            return True
        if one.keys() != other.keys():
            return False
        mark = len(self._assumed)
        self._same.add(key)
        self._assumed.append(key)
        for name, value in one.items():
            if name == "$ref":
                equal = self.same(self._source.at(str(value)), self._target.at(str(other[name])))
            elif name in {"enum", "type"}:
                equal = self.same(value, other[name]) or sorted(map(canonical, listed(value))) == sorted(
                    map(canonical, listed(other[name]))
                )
            elif name in {"anyOf", "oneOf", "allOf"}:
                equal = self._same_sets(listed(value), listed(other[name]))
            else:
                equal = self.same(value, other[name])
            if not equal:
                self._same.difference_update(self._assumed[mark:])
                del self._assumed[mark:]
                return False
        return True

    def _same_sets(self, one: list[Json], other: list[Json]) -> bool:
        left = list(other)
        for part in one:
            found = next((index for index, two in enumerate(left) if self.same(part, two)), None)
            if found is None:
                return False
            del left[found]
        return not left

    def _proved(self, source: Conjunction, target: Conjunction, depth: int) -> bool:
        try:
            sources = shapes_of(self._source, source)
            targets = shapes_of(self._target, target)
        except TooManyShapes:
            return False
        return all(
            self._finite(shape, target)
            or all(any(self._fits(shape, kind, one, depth) for one in targets) for kind in shape.types())
            for shape in sources
            if not shape.is_empty()
        )

    def _finite(self, shape: Shape, target: Conjunction) -> bool:
        values = shape.values()
        values = shape.span() if values is None else values
        return values is not None and all(self._accepted(target, one) for one in values)

    def _fits(self, shape: Shape, kind: str, target: Shape, depth: int) -> bool:
        types = target.types()
        allowed = target.values()
        return (
            (kind in types or (kind == "integer" and "number" in types))
            and all(self._rest_holds(shape, kind, name, node) for name, node in target.rest)
            and (allowed is None or _all_listed(kind, shape, allowed))
            and self._keywords_fit(shape, kind, target, depth)
        )

    def _keywords_fit(self, shape: Shape, kind: str, target: Shape, depth: int) -> bool:
        if kind in {"integer", "number"}:
            return _numbers_fit(shape, kind, target)
        if kind == "string":
            return _strings_fit(shape, target)
        if kind == "array":
            return self._arrays_fit(shape, target, depth)
        return kind != "object" or self._objects_fit(shape, target, depth)

    def _rest_holds(self, shape: Shape, kind: str, name: str, node: Node) -> bool:
        about = keyword_kind(name)
        if about and about != kind:
            return True
        if any(own == name and self.same_rest(name, one, node) for own, one in shape.rest):
            return True
        if name == "propertyNames":
            named = tuple(members(one[own]) for own, one in shape.rest if own == name)
            return self.holds((*named, _TEXT), (members(node[name]),))
        if name == "not":
            return self._excluded(shape, kind, members(node["not"]))
        return False

    def same_rest(self, name: str, one: Node, other: Node) -> bool:
        """Whether the source's node says at least what the target's says by a keyword without a rule here."""
        if name == "if":
            return all(self.same(one.get(part), other.get(part)) for part in ("if", "then", "else"))
        if name.startswith("unevaluated"):
            sides = (self._source, one), (self._target, other)
            return self.same(one, other) or (
                self.holds((members(one[name]),), (members(other[name]),))
                and evaluates_no_more(name, *sides, self.same)
            )
        return self.same(one.get(name), other.get(name))

    def _excluded(self, shape: Shape, kind: str, node: Node) -> bool:
        """Whether no value of that kind in the shape fits `node`."""
        only = Shape((*shape.plain, {"type": [kind]}), shape.rest)
        try:
            return all(apart(only, one) for one in shapes_of(self._target, (node,)))
        except TooManyShapes:
            return False

    def _arrays_fit(self, shape: Shape, target: Shape, depth: int) -> bool:
        if shape.least("minItems") < target.least("minItems") or shape.most("maxItems") > target.most(
            "maxItems"
        ):
            return False
        if any("uniqueItems" in node for node in target.plain) and not (
            any("uniqueItems" in node for node in shape.plain) or shape.most("maxItems") <= 1
        ):
            return False
        last = max(shape.places(), target.places())
        places = range(int(min(last + 1, shape.most("maxItems"), _MOST_PLACES)))
        return last < _MOST_PLACES and all(
            self.holds(shape.of_index(place), target.of_index(place), depth + 1) for place in places
        )

    def _objects_fit(self, shape: Shape, target: Shape, depth: int) -> bool:
        if not target.required() <= shape.required() or not _dependencies_hold(shape, target):
            return False
        if not _counts_fit(shape, target) or not set(target.name_patterns()) <= set(shape.name_patterns()):
            return False
        return all(
            self._name_fits(shape, target, name, depth) for name in (*shape.names(), *target.names())
        ) and (self._others_fit(shape, target, depth))

    def _name_fits(self, shape: Shape, target: Shape, name: str, depth: int) -> bool:
        sent, taken = shape.of_name(name), target.of_name(name)
        unspoken = is_unspoken(shape, name) and not self._is_spoken_in_conditions(shape, name)
        return unspoken or self.holds(sent, taken, depth + 1)

    def _is_spoken_in_conditions(self, shape: Shape, name: str) -> bool:
        """Whether a condition, which the shape holds only as a whole, speaks of a property of that name."""
        parts = [
            members(one)
            for keyword, node in shape.rest
            for one in (
                *(node.get(part) for part in _CONDITIONS.get(keyword, ())),
                *(members(node["dependentSchemas"]).values() if keyword == "dependentSchemas" else ()),
            )
        ]
        return bool(parts) and not is_unspoken(Shape(leaves(self._source, parts)), name)

    def _others_fit(self, shape: Shape, target: Shape, depth: int) -> bool:
        patterns = all(
            self.holds(_of_pattern(shape, one), _of_pattern(target, one), depth + 1)
            for one in shape.name_patterns()
        )
        return patterns and self.holds(shape.of_others(), target.of_others(), depth + 1)


def is_undeclared(shape: Shape, name: str) -> bool:
    """Whether the shape neither declares nor asks for a property of that name, nor says what it holds."""
    return not shape.declares(name) and not any(shape.of_name(name)) and name not in shape.asked_for()


def is_unspoken(shape: Shape, name: str) -> bool:
    """Whether the shape says nothing of a property of that name, not even in a rule about others."""
    return is_undeclared(shape, name) and name not in shape.mentioned()


def followed(universe: Universe, node: Node) -> Node:
    """Return what a node stands for that only refers to another one, or only wraps it."""
    for _ in range(_DEEPEST):
        if len(node) != 1:
            break
        reference, parts = node.get("$ref"), listed(node.get("allOf"))
        if isinstance(reference, str):
            node = universe.at(reference)
        elif len(parts) == 1:
            node = members(parts[0])
        else:
            break
    return node


def _of_pattern(shape: Shape, pattern: str) -> Conjunction:
    found: list[Node] = []
    for node in shape.plain:
        declared = members(node.get("patternProperties"))
        if pattern in declared:
            found.append(members(declared[pattern]))
        elif "additionalProperties" in node:
            found.append(members(node["additionalProperties"]))
    return tuple(found)


def _all_listed(kind: str, shape: Shape, allowed: list[Json]) -> bool:
    of_kind = [one for one in allowed if kind_of(one) == kind]
    full = {"null": 1, "boolean": 2}
    return kind in full and len(of_kind) == full[kind] and shape.values() is None


def _numbers_fit(shape: Shape, kind: str, target: Shape) -> bool:
    own = shape.numbers("multipleOf") + ([1] if kind == "integer" else [])
    multiples = all(any(_divides(one, two) for two in own) for one in target.numbers("multipleOf"))
    return multiples and _above(shape.low(), target.low(), 1) and _above(shape.high(), target.high(), -1)


def _above(own: Bound, needed: Bound, sign: int) -> bool:
    if needed.value is None:
        return True
    if own.value is None:
        return False
    if own.value == needed.value:
        return own.exclusive or not needed.exclusive
    return sign * own.value > sign * needed.value


def _divides(one: int | float, other: int | float) -> bool:
    return float(other / one).is_integer() if one else False


def _strings_fit(shape: Shape, target: Shape) -> bool:
    lengths = shape.least("minLength") >= target.least("minLength") and (
        shape.most("maxLength") <= target.most("maxLength")
    )
    return lengths and all(
        any(one == wanted or within(one, wanted) for one in shape.patterns()) or within("", wanted)
        for wanted in target.patterns()
    )


def _dependencies_hold(shape: Shape, target: Shape) -> bool:
    own = {(name, needed) for name, needed in _dependencies(shape)}
    return all(
        (name, needed) in own or needed in shape.required() or _is_impossible(shape.of_name(name))
        for name, needed in _dependencies(target)
    )


def _dependencies(shape: Shape) -> Iterable[tuple[str, str]]:
    for node in shape.plain:
        for name, needed in members(node.get("dependentRequired")).items():
            yield from ((name, one) for one in texts(needed))


def _is_impossible(nodes: Conjunction) -> bool:
    return any(node == FALSE for node in nodes)


def _counts_fit(shape: Shape, target: Shape) -> bool:
    fewest = max(shape.least("minProperties"), len(shape.required()))
    most = shape.most("maxProperties")
    if _is_impossible(shape.of_others()) and not shape.name_patterns():
        most = min(most, sum(not _is_impossible(shape.of_name(name)) for name in shape.names()))
    return fewest >= target.least("minProperties") and most <= target.most("maxProperties")
