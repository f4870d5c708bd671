"""Whole requests around a witness, so that a break can be seen by running one line against base and head."""

import shlex
from collections.abc import Iterator
from urllib.parse import quote

from guardrails.analysis.openapi.difference import Proof
from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.parameters import serialised
from guardrails.analysis.openapi.schemas.search import Comparison
from guardrails.analysis.openapi.values import Json, canonical

HOST = "http://localhost"
_TRIED = 200


def curl_of(operation: Operation, proof: Proof, comparison: Comparison) -> str:
    """Return a curl command for a request that base's operation takes and that holds the witness."""
    words = ["curl", "-X", operation.method.upper()]
    path, query = operation.path, []
    for parameter in operation.parameters().values():
        place = f"{parameter.place} {parameter.name}"
        if proof.place == place and proof.text == "left out":
            continue
        if not parameter.is_required and proof.place != place:
            continue
        value = proof.value if proof.place == place else _sample(parameter.raw.get("schema"), comparison)
        text = serialised(parameter, value).partition("=")[2]
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(text, safe=""))
        elif parameter.place == "query":
            query.append(quote(serialised(parameter, value), safe="=&,"))
        elif parameter.place == "header":
            words += ["-H", f"{parameter.name}: {text}"]
        else:
            words += ["-b", f"{parameter.name}={text}"]
    words += _body(operation, proof, comparison)
    target = HOST + quote(path, safe="/%:@!$&'()*+,;=~") + ("?" + "&".join(query) if query else "")
    return " ".join(shlex.quote(word) for word in [*words, target])


def _body(operation: Operation, proof: Proof, comparison: Comparison) -> Iterator[str]:
    contents = content_of(operation.body())
    if not contents or (proof.place == "body" and proof.text == "left out"):
        return
    wanted = proof.value if proof.place == "media type" else None
    name = wanted if isinstance(wanted, str) and wanted in contents else next(iter(contents))
    yield from ("-H", f"content-type: {name}")
    own = proof.place == "body" and proof.text == ""
    value = proof.value if own else _sample(schema_of(contents[name]), comparison)
    yield from ("--data-raw", value if isinstance(value, str) and "json" not in name else canonical(value))


def _sample(schema: Json, comparison: Comparison) -> Json:
    node = comparison.source.node(schema)
    values = comparison.candidates.of_slot((node,), (), _TRIED)
    return next((one for one in values if one not in ("", None)), values[0] if values else "x")
