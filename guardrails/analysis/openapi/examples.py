"""Whole requests around a witness, so that a break can be seen by running one line against base and head."""

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from guardrails.analysis.openapi.difference import Proof
from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.parameters import sample, serialised
from guardrails.analysis.openapi.schemas.search import Comparison
from guardrails.analysis.openapi.values import canonical

HOST = "http://localhost"


@dataclass(frozen=True, slots=True)
class Sent:
    """One whole request as text: `target` is path and query, percent-encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str | None


def request_of(operation: Operation, proof: Proof, comparison: Comparison) -> Sent:
    """Return a request that base's operation takes and that holds the witness."""
    headers: list[tuple[str, str]] = []
    cookies: list[str] = []
    path, query = operation.path, []
    for parameter in operation.parameters().values():
        place = f"{parameter.place} {parameter.name}"
        if proof.place == place and proof.text == "left out":
            continue
        if not parameter.is_required and proof.place != place:
            continue
        value = proof.value if proof.place == place else sample(parameter.raw.get("schema"), comparison)
        text = serialised(parameter, value).partition("=")[2]
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(text, safe=""))
        elif parameter.place == "query":
            query.append(quote(serialised(parameter, value), safe="=&,"))
        elif parameter.place == "header":
            headers.append((parameter.name, text))
        else:
            cookies.append(f"{parameter.name}={text}")
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    media, body = _body(operation, proof, comparison)
    headers += [("content-type", media)] if media else []
    target = quote(path, safe="/%:@!$&'()*+,;=~") + ("?" + "&".join(query) if query else "")
    return Sent(operation.method.upper(), target, tuple(headers), body)


def curl_of(sent: Sent) -> str:
    """Return the request as a curl command."""
    words = ["curl", "-X", sent.method]
    for name, value in sent.headers:
        words += ["-H", f"{name}: {value}"]
    if sent.body is not None:
        words += ["--data-raw", sent.body]
    return " ".join(shlex.quote(word) for word in [*words, HOST + sent.target])


def pytest_of(sent: Sent) -> str:
    """Return a test that sends the request to a running service and passes where it is taken."""
    data = "None" if sent.body is None else f"{sent.body!a}.encode()"
    return f"""\
from urllib.request import Request, urlopen


def test_request_is_taken():
    request = Request(
        {HOST + sent.target!a},
        data={data},
        headers={dict(sent.headers)!a},
        method={sent.method!a},
    )
    with urlopen(request, timeout=10) as answer:
        assert answer.status < 400
"""


def _body(operation: Operation, proof: Proof, comparison: Comparison) -> tuple[str, str | None]:
    contents = content_of(operation.body())
    if not contents or (proof.place == "body" and proof.text == "left out"):
        return "", None
    wanted = proof.value if proof.place == "media type" else None
    name = wanted if isinstance(wanted, str) and wanted in contents else next(iter(contents))
    own = proof.place == "body" and proof.text == ""
    value = proof.value if own else sample(schema_of(contents[name]), comparison)
    return name, value if isinstance(value, str) and "json" not in name else canonical(value)
