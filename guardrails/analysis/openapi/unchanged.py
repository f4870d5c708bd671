"""Which operations two documents write alike, down to the last definition that they refer to.

Most of a large document does not change between two versions. Equal text is found at the speed
of writing JSON, so that nothing is normalised, proved or tried where there is nothing to find.
"""

import re
from collections.abc import Mapping, Set

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import METHODS, Operation
from guardrails.analysis.openapi.schemas.lost.kinds import SCHEMAS, Kinds
from guardrails.analysis.openapi.values import Json, members, written

_REFERENCE = re.compile(r'"\$(?:ref|dynamicRef)":"((?:[^"\\]|\\.)*)"')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_Children = Mapping[str, list[str]]
_SHARED = ("openapi", "security", "servers", "jsonSchemaDialect")


class Unchanged:
    """Tells which operations are written alike in both documents."""

    def __init__(self, base: Document, head: Document) -> None:
        """Take both documents; the definitions are compared at once."""
        self._is_comparable = base.version == head.version and all(
            written(base.root.get(name)) == written(head.root.get(name)) for name in _SHARED
        )
        texts = [_texts(document) for document in (base, head)] if self._is_comparable else [{}, {}]
        self._known = texts[0].keys() | texts[1].keys()
        kinds = [Kinds(document).children for document in (base, head)]
        self._alike = _alike_definitions(texts[0], texts[1], self._known, kinds)

    def holds(self, base: Operation, head: Operation) -> bool:
        """Whether the operations, their paths and all that they refer to are written alike."""
        if not self._is_comparable or base.path != head.path:
            return False
        text = written(base.raw)
        if text != written(head.raw):
            return False
        if base.security() and not self._is_alike(_SCHEMES):
            return False
        around = _around(base.item)
        return around == _around(head.item) and all(map(self._is_alike, _named(text + around, self._known)))

    def _is_alike(self, reference: str) -> bool:
        return reference in self._alike


_SCHEMES = "#/components/securitySchemes"


def _around(item: dict[str, Json]) -> str:
    return written({name: one for name, one in item.items() if name not in METHODS})


def _named(text: str, known: Set[str]) -> set[str]:
    """Return what a text refers to; a discriminator's mapping may do so without a reference, or by name alone."""
    found = set(_REFERENCE.findall(text))
    if '"mapping"' in text:
        strings = _STRING.findall(text[text.index('"mapping"') :])
        found |= known & {one if one.startswith("#/") else f"{SCHEMAS}{one}" for one in strings}
    return found


def _alike_definitions(
    before: Mapping[str, str], after: Mapping[str, str], known: Set[str], kinds: "list[_Children]"
) -> set[str]:
    """Return references to the definitions that are alike with all that they refer to, on both sides."""
    alike = {name for name, text in before.items() if after.get(name) == text}
    users: dict[str, list[str]] = {}
    for name in alike:
        for used in _named(before[name], known) | _kinds_of(name, before[name], kinds):
            users.setdefault(used, []).append(name)
    left = [name for name in users if name not in alike]
    while left:
        for user in users.get(left.pop(), ()):
            if user in alike:
                alike.discard(user)
                left.append(user)
    return alike


def _kinds_of(name: str, text: str, kinds: "list[_Children]") -> set[str]:
    """Return references to the definitions that a discriminator tells apart, in either document."""
    if '"discriminator"' not in text:
        return set()
    found: set[str] = set()
    left = [name.rpartition("/")[2]]
    while left:
        short = left.pop()
        below = {one for children in kinds for one in children.get(short, ())} - found
        found |= below
        left += below
    return {f"{SCHEMAS}{one}" for one in found}


def _texts(document: Document) -> dict[str, str]:
    components = members(document.root.get("components"))
    found = {
        f"#/components/{kind}/{name}": written(one)
        for kind, named in components.items()
        for name, one in members(named).items()
        if "/" not in name and "~" not in name and "%" not in name
    }
    return {**found, _SCHEMES: written(components.get("securitySchemes"))}
