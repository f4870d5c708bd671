"""The kinds below a definition with a discriminator, where each of them says that it is one (`allOf`)."""

from collections.abc import Mapping
from functools import cached_property

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.values import Json, listed, members, texts

SCHEMAS = "#/components/schemas/"


class Kinds:
    """The definitions of a document by what they say that they are."""

    def __init__(self, document: Document) -> None:
        """Take the document; its definitions are looked through when the first kind is asked for."""
        self._schemas = members(members(document.root.get("components")).get("schemas"))

    def of(self, schema: dict[str, Json]) -> dict[str, Json]:
        """Return references to the kinds below a definition, by the value that tells each apart."""
        mapping = members(members(schema.get("discriminator")).get("mapping"))
        found: dict[str, Json] = {
            value: {"$ref": name if "/" in name or name not in self._schemas else f"{SCHEMAS}{name}"}
            for value, name in mapping.items()
            if isinstance(name, str)
        }
        named = {str(members(one).get("$ref")) for one in found.values()}
        implied: dict[str, Json] = {
            name: {"$ref": f"{SCHEMAS}{name}"}
            for name in self._below(schema)
            if f"{SCHEMAS}{name}" not in named
        }
        return {**implied, **found}

    def _below(self, schema: dict[str, Json]) -> list[str]:
        found: list[str] = []
        left = [self._names[id(schema)]] if id(schema) in self._names else []
        while left:
            below = [one for one in self.children.get(left.pop(), ()) if one not in found]
            found += below
            left += below
        return found

    @cached_property
    def _names(self) -> dict[int, str]:
        return {id(one): name for name, one in self._schemas.items()}

    @cached_property
    def children(self) -> Mapping[str, list[str]]:
        """Return the names of the definitions that say they are one of another, by the name of that one."""
        found: dict[str, list[str]] = {}
        for name, one in self._schemas.items():
            references = [members(part).get("$ref") for part in listed(members(one).get("allOf"))]
            for reference in texts(references):
                if reference.startswith(SCHEMAS):
                    found.setdefault(reference.removeprefix(SCHEMAS), []).append(name)
        return found


def property_of(schema: Mapping[str, Json]) -> str | None:
    """Return the name of the property that tells kinds apart."""
    name = members(schema.get("discriminator")).get("propertyName")
    return name if isinstance(name, str) else None
