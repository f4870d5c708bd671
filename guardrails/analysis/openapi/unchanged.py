"""Which operations two documents write alike, down to the last definition that they refer to.

Most of a large document does not change between two versions. Equal text is found at the speed
of writing JSON, so that nothing is normalised, proved or tried where there is nothing to find.
"""

import re
from collections.abc import Mapping

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import METHODS, Operation
from guardrails.analysis.openapi.schemas.lost.kinds import Kinds
from guardrails.analysis.openapi.values import Json, members, written

_REFERENCE = re.compile(r'"\$(?:ref|dynamicRef)":"((?:[^"\\]|\\.)*)"')
_SHARED = ("openapi", "security", "servers", "jsonSchemaDialect")


class Unchanged:
    """Tells which operations are written alike in both documents."""

    def __init__(self, base: Document, head: Document) -> None:
        """Take both documents; the definitions are compared at once."""
        self._is_comparable = base.version == head.version and all(
            written(base.root.get(name)) == written(head.root.get(name)) for name in _SHARED
        )
        self._alike = _alike_definitions(base, head) if self._is_comparable else set()

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
        return around == _around(head.item) and all(map(self._is_alike, _named(text + around)))

    def _is_alike(self, reference: str) -> bool:
        return reference in self._alike


_SCHEMES = "#/components/securitySchemes"


def _around(item: dict[str, Json]) -> str:
    return written({name: one for name, one in item.items() if name not in METHODS})


def _named(text: str) -> set[str]:
    return set(_REFERENCE.findall(text))


def _alike_definitions(base: Document, head: Document) -> set[str]:
    """Return references to the definitions that are alike with all that they refer to, on both sides."""
    texts = [_texts(document) for document in (base, head)]
    alike = {name for name, text in texts[0].items() if texts[1].get(name) == text}
    users: dict[str, list[str]] = {}
    kinds = [Kinds(document).children for document in (base, head)]
    for name in alike:
        for used in _named(texts[0][name]) | _kinds_of(name, texts[0][name], kinds):
            users.setdefault(used, []).append(name)
    left = [name for name in users if name not in alike]
    while left:
        for user in users.get(left.pop(), ()):
            if user in alike:
                alike.discard(user)
                left.append(user)
    return alike


def _kinds_of(name: str, text: str, kinds: "list[Mapping[str, list[str]]]") -> set[str]:
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
    return {f"#/components/schemas/{one}" for one in found}


def _texts(document: Document) -> dict[str, str]:
    components = members(document.root.get("components"))
    found = {
        f"#/components/{kind}/{name}": written(one)
        for kind, named in components.items()
        for name, one in members(named).items()
        if "/" not in name and "~" not in name and "%" not in name
    }
    return {**found, _SCHEMES: written(components.get("securitySchemes"))}
