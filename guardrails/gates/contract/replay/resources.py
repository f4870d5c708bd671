"""Which operation makes what another one needs: resources, told by paths, names and answers."""

from collections.abc import Iterator, Mapping

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json, listed, members
from guardrails.model.frozen import frozen

_IDS = ("id", "uuid", "key", "code", "slug", "name")
_SUFFIXES = ("_ids", "_id", "Ids", "Id", "_key", "_code", "-id", "_uuid")
_FOUND_IN_LISTS = 3
_MOST_ECHOES = 8
_MOMENTS = ("date-time", "date", "time")
_CURSORS = (
    "cursor",
    "token",
    "after",
    "from",
    "page",
    "page_token",
    "offset",
    "start",
    "marker",
    "continuation",
)


@frozen
class Source:
    """An operation whose answer holds ids of a resource, and where: a pointer for each."""

    operation: Operation
    pointers: tuple[str, ...]


class Resources:
    """The sources of each resource of one document."""

    def __init__(self, document: Document, operations: tuple[Operation, ...]) -> None:
        self._document = document
        self._operations = operations
        self._made: dict[str, list[Source]] = {}
        self._listed: dict[str, list[Source]] = {}
        for one in operations:
            name = collection_of(one.path)
            if one.method == "post" and not one.path.endswith("}"):
                self._made.setdefault(name, []).append(Source(one, (self._id_pointer(one, name),)))
            elif one.method == "get" and not one.path.endswith("}"):
                found = tuple(self._pointers_in_list(one))
                if found:
                    self._listed.setdefault(name, []).append(Source(one, found))

    def source(self, name: str, beside: str) -> Source | None:
        """Return what makes, else what lists, the resource; the one whose path is nearest to `beside`."""
        for known in (self._made, self._listed):
            for spelled in _spelled(name):
                if known.get(spelled):
                    return max(known[spelled], key=lambda one: _shared(one.operation.path, beside))
        return None

    def named(self, name: str, schema: Json) -> str:
        """Return the resource whose id a field or a parameter is, empty when nothing says so."""
        node = self._document.resolved(schema)
        branches = [*listed(node.get("anyOf")), *listed(node.get("oneOf"))]
        kinds = [node, *(self._document.resolved(one) for one in branches)]
        may_be = any(one.get("type") == "integer" or one.get("format") == "uuid" for one in kinds)
        is_known = may_be and any(self._made.get(one) for one in _spelled(name))
        return named_by(name) or (name if is_known else "")

    def items(self) -> list[tuple[Source, Operation]]:
        """Return what can be done to one of a resource besides reading it, each with what makes it."""
        return [
            (source, one)
            for source in self.makers()
            for one in self._operations
            if one.method != "get" and one.path.startswith(f"{source.operation.path}/{{")
        ]

    def echoes(
        self, operation: Operation, asked: Mapping[tuple[str, str], Json]
    ) -> list[tuple[str, str, str]]:
        """Return what an answer of the operation tells that its next request may repeat.

        Each is a place (`query` or `body`), a name there, and the pointer into the answer: cursors
        for the query, moments and amounts for the body.
        """
        told = dict(self._told(operation))
        found = [
            ("query", name, pointer)
            for place, name in asked
            if place == "query"
            for pointer in told
            if _goes_on(name.lower(), pointer.rpartition("/")[2].lower())
        ]
        for name, raw in members(_properties(self._document, asked.get(("body", ""), {}))).items():
            kind = _kind_of(self._document.resolved(raw))
            found += [("body", name, pointer) for pointer, one in told.items() if kind and one == kind]
        return found[:_MOST_ECHOES]

    def _told(self, operation: Operation) -> Iterator[tuple[str, str]]:
        """Yield pointer and kind of the members of an answer, those of objects in it included."""
        for name, raw in members(_properties(self._document, _answer(operation))).items():
            node = self._document.resolved(raw)
            yield f"/{name}", _kind_of(node)
            for inner, one in members(node.get("properties")).items():
                yield f"/{name}/{inner}", _kind_of(self._document.resolved(one))

    def makers(self) -> list[Source]:
        """Return every source that makes its resource."""
        return [one for found in self._made.values() for one in found]

    def pointers(self, operation: Operation) -> tuple[str, ...]:
        """Return where the answer of an operation holds ids."""
        sources = [*self._made.values(), *self._listed.values()]
        return next(
            (one.pointers for found in sources for one in found if one.operation is operation), ("/id",)
        )

    def is_made(self, operation: Operation) -> bool:
        """Whether something is posted to the very place that the operation reads."""
        place = operation.path.rpartition("/{")[0] if operation.path.endswith("}") else operation.path
        return any(one.operation.path == place for found in self._made.values() for one in found)

    def filling(self, operation: Operation) -> list[Source]:
        """Return what fills that which the operation reads: what is posted to its path, or below it."""
        place = operation.path.rpartition("/{")[0] if operation.path.endswith("}") else operation.path
        place = place.split(":", 1)[0]
        found = [
            source
            for sources in self._made.values()
            for source in sources
            if source.operation.path == place or source.operation.path.startswith(f"{place}/")
        ]
        return found or [
            source
            for sources in self._made.values()
            for source in sources
            if source.operation is not operation and place.startswith(f"{source.operation.path}/")
        ]

    def _id_pointer(self, operation: Operation, name: str) -> str:
        singular = name.removesuffix("s")
        properties = members(_properties(self._document, _answer(operation)))
        for candidate in ("id", f"{singular}_id", f"{singular}Id", *_IDS):
            if candidate in properties:
                return f"/{candidate}"
        return next((f"/{one}" for one in properties if one.lower().endswith("id")), "/id")

    def _pointers_in_list(self, operation: Operation) -> Iterator[str]:
        node = self._document.resolved(_answer(operation))
        lists = [("", node)] if node.get("type") == "array" else []
        lists += [
            (f"/{name}", self._document.resolved(one))
            for name, one in members(node.get("properties")).items()
            if self._document.resolved(one).get("type") == "array"
        ]
        for place, one in lists:
            properties = members(_properties(self._document, one.get("items")))
            found = next((name for name in _IDS if name in properties), "" if properties else "id")
            if found:
                yield from (f"{place}/{index}/{found}" for index in range(_FOUND_IN_LISTS))


def _spelled(name: str) -> tuple[str, ...]:
    return name, f"{name}s", f"{name}es", name.removesuffix("s"), f"{name[:-1]}ies"


def _goes_on(asked: str, told: str) -> bool:
    """Whether a member of an answer is what the next request says to go on: `next_cursor` for `cursor`."""
    return (asked in _CURSORS and told.startswith("next")) or (told.endswith(asked) and asked in _CURSORS)


def _kind_of(node: Mapping[str, Json]) -> str:
    """Return what makes values of two fields comparable: a moment's format, or that both are numbers."""
    form, kind = node.get("format"), node.get("type")
    return str(form) if form in _MOMENTS else "number" if kind in {"integer", "number"} else ""


def collection_of(path: str) -> str:
    """Return the last segment of a path that is no variable, its `:verb` left out."""
    segments = [one for one in path.split("/") if one and not one.startswith("{")]
    return segments[-1].split(":", 1)[0] if segments else ""


def resource_of(path: str, name: str) -> str:
    """Return the resource whose id a path variable is: the segment before it, else what its name says."""
    before = path.partition(f"{{{name}}}")[0].rstrip("/").rpartition("/")[2]
    return before if before and not before.startswith("{") else named_by(name) or name


def named_by(name: str) -> str:
    """Return the resource that a field's name says it is the id of, empty when it says nothing."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return ""


def _answer(operation: Operation) -> Json:
    responses: Mapping[str, dict[str, Json]] = operation.responses()
    good = next((one for status, one in sorted(responses.items()) if status.startswith("2")), {})
    contents = content_of(good)
    media = next((name for name in contents if "json" in name), "")
    return schema_of(contents[media]) if media else {}


def _properties(document: Document, schema: Json) -> Json:
    node = document.resolved(schema)
    found = dict(members(node.get("properties")))
    for part in (*listed(node.get("allOf")), *listed(node.get("anyOf"))):
        found |= members(document.resolved(part).get("properties"))
    return found


def _shared(one: str, other: str) -> int:
    """Return how many segments two paths begin with in common."""
    number = 0
    for first, second in zip(one.split("/"), other.split("/"), strict=False):
        if first != second and not (first.startswith("{") and second.startswith("{")):
            break
        number += 1
    return number
