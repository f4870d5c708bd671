"""Rules about bodies, answers and their statuses."""

import re
from collections.abc import Iterable

from guardrails.analysis.openapi.access.security import requirements
from guardrails.analysis.openapi.lint.subject import Found, LintRule, Subject
from guardrails.analysis.openapi.media import content_of
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import members, step

_STATUS = re.compile(r"default|[1-5]XX|[1-5][0-9][0-9]")
_EMPTY = {"204", "205", "304"}
_SAFE_METHODS = {"get", "head"}
_TEXT = "content: {text/plain: {schema: {type: string}}}"


def _document(operation: str, method: str = "get", path: str = "/a", rest: str = "") -> str:
    return (
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
        f"paths:\n  '{path}': {{{method}: {{{operation}}}}}\n{rest}"
    )


def _documents(one: Operation, *statuses: str) -> bool:
    found = one.responses()
    return any(status in found for status in (*statuses, "default"))


def _silent(subject: Subject) -> Found:
    for one in subject.operations:
        if not members(one.raw.get("responses")):
            yield one.pointer, "the operation documents no answer"


def _unsuccessful(subject: Subject) -> Found:
    for one in subject.served:
        found = one.responses()
        if found and not any(status[0] in "123d" for status in found):
            yield step(one.pointer, "responses"), "the operation documents no success"


def _can_fail(one: Operation) -> bool:
    return bool(one.parameters() or one.body())


def _faultless(subject: Subject) -> Found:
    for one in subject.served:
        found = one.responses()
        if found and _can_fail(one) and not any(status[0] in "4d" for status in found):
            yield step(one.pointer, "responses"), "the operation takes input and documents no 4xx"


def _unauthorised(subject: Subject) -> Found:
    for one in subject.served:
        needs = one.security() and all(requirements(one))
        if needs and one.responses() and not _documents(one, "401", "403", "4XX"):
            yield (
                step(one.pointer, "responses"),
                "the operation needs credentials and documents neither 401 nor 403",
            )


def _unfound(subject: Subject) -> Found:
    for one in subject.served:
        if "{" in one.path and one.responses() and not _documents(one, "404", "4XX", "410"):
            yield step(one.pointer, "responses"), "the path has a variable and 404 is not documented"


def _full(subject: Subject) -> Found:
    for one in subject.served:
        for status, response in one.responses().items():
            if status in _EMPTY and content_of(response):
                yield (
                    step(one.pointer, "responses", status),
                    f"status {status} has no body, and one is documented",
                )


def _empty(subject: Subject) -> Found:
    for one in subject.served:
        response = one.responses().get("200")
        if one.method == "get" and response is not None and not content_of(response):
            yield step(one.pointer, "responses", "200"), "what a GET answers is not described"


def _schemaless(subject: Subject) -> Found:
    for one in subject.operations:
        places = [(step(one.pointer, "requestBody"), one.body())]
        places += [(step(one.pointer, "responses", key), body) for key, body in one.responses().items()]
        for pointer, body in places:
            for name, media in content_of(body).items():
                if "json" in name and "schema" not in media and "itemSchema" not in media:
                    yield step(pointer, "content", name), f"{name!a} has no schema"


def _bodied(subject: Subject) -> Found:
    for one in subject.served:
        if one.method in _SAFE_METHODS and one.body():
            yield step(one.pointer, "requestBody"), f"{one.method.upper()} has a body, which proxies drop"


def _odd(subject: Subject) -> Found:
    for one in subject.operations:
        for status in _statuses(one):
            if not _STATUS.fullmatch(status.upper() if status != "default" else status):
                yield step(one.pointer, "responses", status), f"{status!a} is no status"


def _statuses(one: Operation) -> Iterable[str]:
    return (status for status in members(one.raw.get("responses")) if not status.startswith("x-"))


_FINE = f"responses: {{'200': {{description: fine, {_TEXT}}}}}"
_QUERY = "parameters: [{name: q, in: query, schema: {type: string}}]"
_KEY = "security: [{k: []}]\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X-K}}}\n"
RULES = (
    LintRule(
        "GR235",
        "answer-undocumented",
        "An operation documents no answer",
        "There is nothing that a client can rely on.",
        "Document at least one answer.",
        _silent,
        _document("summary: x"),
        _document(_FINE),
    ),
    LintRule(
        "GR236",
        "success-undocumented",
        "An operation documents no success",
        "A generated client throws on every answer that it gets.",
        "Document what a successful call answers.",
        _unsuccessful,
        _document("responses: {'404': {description: gone}}"),
        _document("responses: {'204': {description: fine}, '404': {description: gone}}"),
    ),
    LintRule(
        "GR237",
        "client-error-undocumented",
        "An operation takes input and documents no 4xx",
        "Input can be wrong; a client that does not know how that is said cannot tell its user.",
        "Document 400, 422 or another status that wrong input gets.",
        _faultless,
        _document(f"{_QUERY}, {_FINE}"),
        _document(f"{_QUERY}, responses: {{'200': {{description: fine}}, '400': {{description: wrong}}}}"),
    ),
    LintRule(
        "GR238",
        "unauthorised-undocumented",
        "An operation needs credentials and documents neither 401 nor 403",
        "Credentials expire, and a client must know how it learns that.",
        "Document 401, and 403 where scopes matter.",
        _unauthorised,
        _document(_FINE, rest=_KEY),
        _document("responses: {'200': {description: fine}, '401': {description: no}}", rest=_KEY),
    ),
    LintRule(
        "GR239",
        "not-found-undocumented",
        "A path has a variable and 404 is not documented",
        "Any value may stand there, also one that leads to nothing.",
        "Document 404.",
        _unfound,
        _document(_FINE, path="/a/{id}"),
        _document("responses: {'200': {description: fine}, '404': {description: gone}}", path="/a/{id}"),
    ),
    LintRule(
        "GR241",
        "empty-status-with-body",
        "A status that has no body documents one",
        "HTTP forbids it, and clients wait for bytes that never come.",
        "Drop the content, or answer 200.",
        _full,
        _document(f"responses: {{'204': {{description: none, {_TEXT}}}}}"),
        _document("responses: {'204': {description: none}}"),
    ),
    LintRule(
        "GR242",
        "answer-undescribed",
        "What a GET answers is not described",
        "A read without a described answer promises nothing.",
        "Describe the content of the answer.",
        _empty,
        _document("responses: {'200': {description: fine}}"),
        _document(_FINE),
    ),
    LintRule(
        "GR243",
        "media-type-without-schema",
        "A JSON media type has no schema",
        "Anything may be sent and answered, so nothing can be checked.",
        "Give the media type a schema.",
        _schemaless,
        _document("responses: {'200': {description: fine, content: {application/json: {}}}}"),
        _document("responses: {'200': {description: fine, content: {application/json: {schema: {}}}}}"),
    ),
    LintRule(
        "GR244",
        "body-on-get",
        "A GET or HEAD has a request body",
        "Its meaning is undefined; caches and proxies drop it.",
        "Use query parameters, or POST.",
        _bodied,
        _document(f"requestBody: {{{_TEXT}}}, {_FINE}"),
        _document(f"requestBody: {{{_TEXT}}}, {_FINE}", method="post"),
    ),
    LintRule(
        "GR245",
        "status-unknown",
        "A key of `responses` is no status",
        "It is ignored, and with it what it promises.",
        "Give a status from 100 to 599, a range as 4XX, or default.",
        _odd,
        _document("responses: {ok: {description: fine}}"),
        _document(_FINE),
    ),
)
