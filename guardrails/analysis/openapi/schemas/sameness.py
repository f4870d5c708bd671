"""Whether two schemas say the same as they are written, annotations left out and references followed."""

from guardrails.analysis.openapi.documents import Document, Missing
from guardrails.analysis.openapi.values import Json, canonical

SILENT = frozenset(
    (
        "title",
        "description",
        "example",
        "examples",
        "externalDocs",
        "xml",
        "default",
        "$comment",
        "deprecated",
    )
)
_NAMED = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "dependentRequired", "$defs", "definitions")
)
_DATA = frozenset(("enum", "const"))
_UNORDERED = frozenset(("required", "enum", "type"))


class Sameness:
    """Equality of schemas of two documents, assumed for pairs that are being compared."""

    def __init__(self, one: Document, other: Document) -> None:
        self._one = one
        self._other = other
        self._equal: set[tuple[int, int]] = set()
        self._trail: list[tuple[int, int]] = []
        self._unequal: set[tuple[int, int]] = set()
        self._kept: list[tuple[Json, Json]] = []

    def of(self, one: Json, other: Json) -> bool:
        """Whether two schemas, one of each document, are the same."""
        if not isinstance(one, dict) or not isinstance(other, dict):
            return isinstance(one, bool) == isinstance(other, bool) and canonical(one) == canonical(other)
        one, other = _followed(self._one, one), _followed(self._other, other)
        key = (id(one), id(other))
        if key in self._equal:
            return True
        if key in self._unequal:
            return False
        mark = len(self._trail)
        self._trail.append(key)
        self._equal.add(key)
        self._kept.append((one, other))
        if self._members(one, other):
            return True
        self._equal.difference_update(self._trail[mark:])
        del self._trail[mark:]
        self._unequal.add(key)  # what was assumed could only have made them more alike
        return False

    def _members(self, one: dict[str, Json], other: dict[str, Json]) -> bool:
        first, second = _spoken(one), _spoken(other)
        return first.keys() == second.keys() and all(
            self._keyword(name, first[name], second[name]) for name in first
        )

    def _keyword(self, name: str, one: Json, other: Json) -> bool:
        if name in _NAMED and isinstance(one, dict) and isinstance(other, dict):
            return one.keys() == other.keys() and all(self._part(one[key], other[key]) for key in one)
        if name in _UNORDERED and isinstance(one, list) and isinstance(other, list):
            return sorted(map(canonical, one)) == sorted(map(canonical, other))
        return canonical(one) == canonical(other) if name in _DATA else self._part(one, other)

    def _part(self, one: Json, other: Json) -> bool:
        if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(map(self._part, one, other))
        return self.of(one, other)


def _spoken(node: dict[str, Json]) -> dict[str, Json]:
    return {name: one for name, one in node.items() if name not in SILENT and not name.startswith("x-")}


def _followed(document: Document, node: dict[str, Json]) -> dict[str, Json]:
    for _ in range(64):
        reference = node.get("$ref")
        if not isinstance(reference, str) or (document.version >= (3, 1) and len(_spoken(node)) > 1):
            return node
        found = document.at(reference)
        if isinstance(found, Missing) or not isinstance(found, dict):
            return node
        node = found
    return node
