"""The format of a consumer file, as the guide describes it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Any: YAML from a file, looked at here.
Document = Mapping[str, Any]

KEYS = {"consumer", "versions", "owner", "uses"}
USE_KEYS = {"operation", "sends", "reads"}
_OPERATION = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S*\Z")
_POINTER = re.compile(r"(?:/(?:\*|[^/*~]|~[01])+)+\Z")


def faults_in(document: Document, stem: str) -> Iterator[str]:
    """Yield what is wrong with a consumer file of this name."""
    if document.keys() != KEYS:
        yield f"its keys are {sorted(document)}, not {sorted(KEYS)}"
        return
    if document["consumer"] != stem:
        yield f"it is called {stem} and speaks for {document['consumer']!r}"
    if not document["versions"] or not all(isinstance(version, str) for version in document["versions"]):
        yield "`versions` is not a list of texts"
    operations = [use.get("operation") for use in document["uses"]]
    if not operations or len(set(operations)) != len(operations):
        yield "it uses no operation, or one twice"
    for use in document["uses"]:
        yield from _faults_in_use(use)


def _faults_in_use(use: Document) -> Iterator[str]:
    if use.keys() != USE_KEYS:
        yield f"the keys of a use are {sorted(use)}, not {sorted(USE_KEYS)}"
        return
    if not _OPERATION.match(use["operation"]):
        yield f"{use['operation']!r} is no method and path"
    if not use["reads"]:
        yield f"it reads nothing of {use['operation']}"
    for pointer in (*use["sends"], *use["reads"]):
        if not _POINTER.match(pointer):
            yield f"{pointer!r} is no JSON pointer"
