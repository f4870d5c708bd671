"""Reads an OpenAPI document from bytes, as JSON or YAML, and follows its references.

YAML is read as JSON is: no dates, no `yes` for true, keys as strings. Aliases that expand
without measure are refused before anything walks them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from guardrails.analysis.openapi.bundle import Bundle
from guardrails.analysis.openapi.swagger2 import converted
from guardrails.analysis.openapi.values import Json, members
from guardrails.model.errors import CannotJudge

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 64 << 20
_MAX_VALUES = 8_000_000
_MAX_DEPTH = 200
_MAX_CHAIN = 64
_REFERENCE = "$ref"
_ANCHORS = (("$anchor", "#"), ("$dynamicAnchor", "#"), ("$id", ""))
_ELSEWHERE = re.compile(rb"""\$ref["']?\s*:\s*["']?\s*[^#"'\s]""")
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")
Files = Callable[[str], "bytes | None"]


class DocumentError(CannotJudge):
    """A file is no OpenAPI 3 document; the text says where and what to do."""


class Missing:
    """What a reference leads to when it leads nowhere."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document; `version` is the pair of numbers after `openapi:`.

    `problems` are (pointer, sentence) of references that were not followed.
    """

    root: dict[str, Json]
    version: tuple[int, int]
    name: str = "document"
    problems: tuple[tuple[str, str], ...] = ()
    _anchors: dict[str, Json] = field(default_factory=dict, repr=False, compare=False)

    def at(self, reference: str) -> "Json | Missing":
        """Return what a local reference leads to, MISSING for one that leads nowhere or elsewhere."""
        if reference in {"#", "#/"}:
            return self.root
        if not reference.startswith("#/"):
            return self._anchored(reference)
        place: Json = self.root
        for token in reference[2:].split("/"):
            name = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(place, dict) and name in place:
                place = place[name]
            elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
                place = place[int(name)]
            else:
                return MISSING
        return place

    def _anchored(self, reference: str) -> "Json | Missing":
        """Return the schema that bears an anchor or an identity of its own."""
        if not self._anchors:
            self._anchors[""] = None  # so that a document without any is searched once
            left: list[Json] = [self.root]
            while left:
                one = left.pop()
                if isinstance(one, list):
                    left += one
                elif isinstance(one, dict):
                    left += one.values()
                    named = [(mark, one.get(keyword)) for keyword, mark in _ANCHORS]
                    found = {mark + name: one for mark, name in named if isinstance(name, str)}
                    self._anchors.update(found)
        return self._anchors.get(reference, MISSING) if reference else MISSING

    def resolved(self, value: Json) -> dict[str, Json]:
        """Return the object that `value` is or refers to, empty when there is none."""
        for _ in range(_MAX_CHAIN):
            place = members(value)
            reference = place.get(_REFERENCE)
            if not isinstance(reference, str):
                return place
            found = self.at(reference)
            if isinstance(found, Missing):
                return {}
            siblings = {key: one for key, one in place.items() if key in {"summary", "description"}}
            value = {**members(found), **siblings} if siblings else found
        return {}


def document_of(root: Json, name: str = "document") -> Document:
    """Return the document with that root; raises DocumentError for what is no OpenAPI 3 document."""
    if not isinstance(root, dict):
        raise DocumentError(f"{name}: the document is no object; give an OpenAPI 3 document")
    if "swagger" in root:
        if str(root["swagger"]) != "2.0":
            raise DocumentError(
                f"{name}: swagger {str(root['swagger'])[:20]!a} is not read; give 2.0, or OpenAPI 3"
            )
        root = converted(root)
    if not any(part in root for part in ("openapi", "paths", "components", "webhooks")):
        raise DocumentError(f"{name}: there is no `openapi` member; give an OpenAPI 3 document")
    parts = str(root.get("openapi", "3.0")).split(".")
    minor = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
    if parts[0] != "3":
        raise DocumentError(
            f"{name}: openapi {str(root['openapi'])[:20]!a} is not read; give 3.0, 3.1 or 3.2"
        )
    return Document(root, (3, minor), name)


def read_document(content: bytes, name: str = "document", files: "Files | None" = None) -> Document:
    """Return the document in `content`, with the files of its tree that it refers to; raises DocumentError.

    `name` is the document's path in that tree. Without `files` no reference leaves the document.
    """
    document = document_of(parsed(content, name), name)
    if not _ELSEWHERE.search(content):
        return document
    bundle = Bundle(name, _bounded(files, len(content)))
    return Document(bundle.joined(document.root), document.version, name, tuple(bundle.problems))


def _bounded(files: "Files | None", used: int) -> "Callable[[str], Json]":
    """Return a reader of other files that stops where all together are longer than one may be."""
    left = [MAX_BYTES - used]

    @cache
    def read(path: str) -> Json:
        content = files(path) if files is not None else None
        if content is None:
            return None
        left[0] -= len(content)
        if left[0] < 0:
            raise DocumentError(
                f"{path}: with it the document is longer than {MAX_BYTES >> 20} MiB; split it"
            )
        try:
            return parsed(content, path)
        except DocumentError:
            if left[0] < 0:
                raise
            return None

    return read


def parsed(content: bytes, name: str) -> Json:
    """Return the JSON value that the bytes hold, as JSON or as YAML; raises DocumentError."""
    if len(content) > MAX_BYTES:
        raise DocumentError(f"{name}: the document is longer than {MAX_BYTES >> 20} MiB; split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name}: byte {error.start} is not UTF-8; save the document as UTF-8") from None
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return _whole(_shallow(json.loads(text), name), text, name)
        except RecursionError:
            raise DocumentError(f"{name}: the document is nested too deeply; flatten it") from None
        except ValueError:
            pass  # a YAML flow mapping begins like JSON
    return _measured(_from_yaml(text, name), name)


def _shallow(value: Json, name: str) -> Json:
    """Return the value; refuse one that is nested too deeply to be walked."""
    level: list[Json] = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return value
    raise DocumentError(f"{name}: the document is nested too deeply; flatten it")


def _whole(value: Json, text: str, name: str) -> Json:
    """Return the value; refuse half a character, which no validator and no wire takes."""
    if _HALVES.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise DocumentError(f"{name}: half of a surrogate pair is no character; write it whole") from None
    return value


def _from_yaml(text: str, name: str) -> object:
    import yaml  # noqa: PLC0415 - a derived document is JSON, and reading that must stay cheap

    loader = _loader()(text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DocumentError(f"{name}:{line}: not YAML: {error.problem or 'unreadable'}") from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise DocumentError(f"{name}: not YAML: {str(error)[:200]!a}") from None
    finally:
        loader.dispose()


@cache
def _loader() -> "type[yaml.SafeLoader]":
    import yaml  # noqa: PLC0415 - as above

    base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    dropped = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:value"}
    resolvers = {
        letter: [(tag, pattern) for tag, pattern in known if tag not in dropped]
        for letter, known in base.yaml_implicit_resolvers.items()
    }
    made: type[yaml.SafeLoader] = type("DocumentLoader", (base,), {"yaml_implicit_resolvers": resolvers})
    pattern = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")
    made.add_implicit_resolver("tag:yaml.org,2002:bool", pattern, list("tTfF"))
    return made


def _measured(value: object, name: str) -> Json:
    """Return the value as JSON, shared parts still shared; refuse what expands without measure."""
    return _Conversion(name).of(value, 0)[0]


class _Conversion:
    def __init__(self, name: str) -> None:
        self._name = name
        self._done: dict[int, tuple[Json, int]] = {}
        self._open: set[int] = set()

    def of(self, value: object, depth: int) -> tuple[Json, int]:
        """Return the value as JSON and the number of values in it, every alias counted."""
        if value is None or isinstance(value, str | bool | int | float):
            return value, 1
        if not isinstance(value, dict | list):
            return str(value), 1
        key = id(value)
        if key in self._done:
            return self._done[key]
        if key in self._open or depth > _MAX_DEPTH:
            raise DocumentError(
                f"{self._name}: a part of the document contains itself or is nested too deeply"
            )
        self._open.add(key)
        made, size = self._inside(value, depth + 1)
        self._open.discard(key)
        if size > _MAX_VALUES:
            raise DocumentError(f"{self._name}: the document expands to over {_MAX_VALUES} values; split it")
        self._done[key] = (made, size)
        return made, size

    def _inside(self, value: "dict[object, object] | list[object]", depth: int) -> tuple[Json, int]:
        size = 1
        if isinstance(value, list):
            members_: list[Json] = []
            for one in value:
                made, inner = self.of(one, depth)
                members_.append(made)
                size += inner
            return members_, size
        found: dict[str, Json] = {}
        for name, one in value.items():
            made, inner = self.of(one, depth)
            found[_key(name)] = made
            size += inner
        return found, size


def _key(name: object) -> str:
    if isinstance(name, bool):
        return "true" if name else "false"
    return name if isinstance(name, str) else str(name)
