"""Values that a client gets by leaving a property out, where two documents name different ones."""

from collections.abc import Iterator

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.values import Json, canonical, equal, listed, members, step, texts

_DEEPEST = 8


class Defaults:
    """Finds the defaults of properties that one document names and another no longer names so."""

    def __init__(self, base: Document, head: Document) -> None:
        self._documents = (base, head)
        self._seen: set[tuple[int, int]] = set()

    def moved(self, base: Json, head: Json, pointer: str = "") -> Iterator[tuple[str, Json, Json]]:
        """Yield (place, base's default, head's default or None) of properties that may be left out."""
        sides = [document.resolved(one) for document, one in zip(self._documents, (base, head), strict=True)]
        key = (id(sides[0]), id(sides[1]))
        if key in self._seen or pointer.count("/") > _DEEPEST:
            return
        self._seen.add(key)
        before, needed = self._properties(0, base)
        after, _ = self._properties(1, head)
        for name, one in before.items():
            if name not in after:
                continue
            place = step(pointer, name)
            old, new = self._default(0, one), self._default(1, after[name])
            if name not in needed and old is not None and not equal(old, new):
                yield place, old, new
            yield from self.moved(one, after[name], place)
        if "items" in sides[0] and "items" in sides[1]:
            yield from self.moved(sides[0]["items"], sides[1]["items"], step(pointer, "0"))

    def _properties(self, side: int, schema: Json) -> tuple[dict[str, Json], set[str]]:
        """Return the properties that a schema and its parts declare for a client to send, and the required names."""
        found: dict[str, Json] = {}
        needed: set[str] = set()
        left, seen = [schema], set[int]()
        while left:
            one = self._documents[side].resolved(left.pop())
            if id(one) in seen:
                continue
            seen.add(id(one))
            found.update(members(one.get("properties")))
            needed.update(texts(one.get("required")))
            left += listed(one.get("allOf"))
        hidden = {name for name, one in found.items() if self._said(side, one, "readOnly") is True}
        return {name: one for name, one in found.items() if name not in hidden}, needed

    def _default(self, side: int, schema: Json) -> Json:
        return default_of(self._documents[side], schema)

    def _said(self, side: int, schema: Json, keyword: str) -> Json:
        return _said(self._documents[side], schema, keyword)


def default_of(document: Document, schema: Json) -> Json:
    """Return the default that a schema, what it refers to or one of its parts names; None for none."""
    left, seen = [schema], set[int]()
    while left:
        one = left.pop(0)
        found = _said(document, one, "default")
        inner = document.resolved(one)
        if found is not None or id(inner) in seen:
            return found
        seen.add(id(inner))
        left += listed(inner.get("allOf"))
    return None


def told(before: Json, after: Json) -> str:
    """Return what a default is now and what it was, as a sentence ends with it."""
    return f"{'none' if after is None else canonical(after)}, was {canonical(before)}"


def _said(document: Document, schema: Json, keyword: str) -> Json:
    """Return what a schema says by a keyword, beside a reference before behind it."""
    own = members(schema)
    return own[keyword] if keyword in own else document.resolved(schema).get(keyword)
