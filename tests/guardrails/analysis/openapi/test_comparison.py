"""Differences above the level of schemas: operations, parameters, media types, statuses, headers, security."""

import json
from pathlib import Path

import pytest

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference, Direction, Level
from guardrails.analysis.openapi.documents import document_of, read_document
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, found, levels, operation, worst_of_query

STRING: Json = {"type": "string"}
PLAIN = operation(answer=STRING)
CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpora" / "openapi"


def only(base: dict[str, Json], head: dict[str, Json]) -> Difference:
    """Return the one difference."""
    (one,) = found(base, head)
    return one


def test_removed_operation_breaks_and_names_itself() -> None:
    base, head = document(PLAIN), document(PLAIN, method="get")

    gone = next(one for one in found(base, head) if one.rule == "operation-removed")

    assert (gone.level, gone.method, gone.path) == (Level.BREAKING, "POST", "/things/{id}")
    assert gone.witness is not None


def test_operation_that_base_deprecated_may_go() -> None:
    base = document({**PLAIN, "deprecated": True})

    assert levels(base, document(PLAIN, method="get")) == ["safe", "safe"]


def test_renamed_path_variable_is_the_same_operation() -> None:
    def with_variable(name: str, kind: str) -> dict[str, Json]:
        parameter: Json = {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
        return document({**PLAIN, "parameters": [parameter]}, path=f"/things/{{{name}}}")

    assert levels(with_variable("id", "string"), with_variable("key", "string")) == []
    assert levels(with_variable("id", "string"), with_variable("key", "integer")) == ["breaking"]


def test_parameters_of_the_path_item_count_for_its_operations() -> None:
    parameter: Json = {"name": "q", "in": "query", "required": True, "schema": STRING}
    own = document({**PLAIN, "parameters": [parameter]})
    shared = document(PLAIN)
    shared["paths"]["/things/{id}"]["parameters"] = [parameter]  # type: ignore[index,call-overload]

    assert levels(own, shared) == levels(shared, own) == []


def test_header_names_do_not_care_about_case() -> None:
    def with_header(name: str) -> dict[str, Json]:
        header: Json = {"name": name, "in": "header", "required": True, "schema": STRING}
        return document({**PLAIN, "parameters": [header]})

    assert levels(with_header("X-Case"), with_header("x-case")) == []


def test_new_required_parameter_breaks_and_an_optional_one_does_not() -> None:
    parameter: dict[str, Json] = {"name": "q", "in": "query", "schema": STRING}
    head = document({**PLAIN, "parameters": [{**parameter, "required": True}]})

    assert only(document(PLAIN), head).rule == "parameter-required"
    assert levels(document(PLAIN), document({**PLAIN, "parameters": [parameter]})) == ["safe"]


@pytest.mark.parametrize(
    ("base", "head", "level"),
    [
        ({"schema": {"type": "integer"}}, {"schema": STRING}, "safe"),
        ({"schema": STRING}, {"schema": {"type": "integer"}}, "breaking"),
        ({"schema": {"type": "boolean"}}, {"schema": {"enum": ["true", "false"]}}, "safe"),
        ({"schema": {"type": ["string", "null"]}}, {"schema": STRING}, "breaking"),
        ({"schema": STRING}, {"schema": {"type": "array", "items": STRING}}, "safe"),
        ({"schema": {"type": "array", "items": STRING}}, {"schema": STRING}, "breaking"),
        ({"schema": STRING}, {"schema": STRING, "required": True}, "breaking"),
        ({"schema": STRING}, {"content": {"application/json": {"schema": STRING}}}, "breaking"),
        ({"schema": STRING}, {"schema": STRING, "explode": False}, "same"),
        (
            {"schema": {"type": "integer", "maximum": 5}},
            {"schema": {"type": "integer", "maximum": 4}},
            "breaking",
        ),
    ],
)
def test_parameters_are_compared_as_text(base: dict[str, Json], head: dict[str, Json], level: str) -> None:
    assert worst_of_query(base, head) == level


def test_list_that_is_written_otherwise_breaks() -> None:
    schema: Json = {"type": "array", "items": STRING}

    assert worst_of_query({"schema": schema}, {"schema": schema, "explode": False}) == "breaking"
    assert worst_of_query({"schema": schema}, {"schema": schema, "explode": True}) == "same"


def test_statuses_media_types_and_headers_of_answers() -> None:
    gone = document({"responses": {"201": {"description": ""}}})
    other = document(
        {"responses": {"200": {"description": "", "content": {"text/plain": {"schema": STRING}}}}},
    )

    assert [one.rule for one in found(document(PLAIN), gone)][:1] == ["status-removed"]
    assert only(document(PLAIN), other).rule == "media-type-removed"

    def with_header(**header: Json) -> dict[str, Json]:
        return document(
            {"responses": {"200": {"description": "", "headers": {"X-Left": header} if header else {}}}}
        )

    assert levels(with_header(required=True, schema=STRING), with_header()) == ["breaking"]
    assert levels(with_header(schema=STRING), with_header()) == ["unknown"]
    assert levels(with_header(), with_header(schema=STRING)) == []


def test_error_status_may_go_and_a_range_covers_its_statuses() -> None:
    def with_statuses(*statuses: str) -> dict[str, Json]:
        return document({"responses": {status: {"description": ""} for status in statuses}})

    assert levels(with_statuses("200", "404"), with_statuses("200")) == ["safe"]
    assert "breaking" not in levels(with_statuses("200"), with_statuses("2XX"))


def test_request_body_becomes_required_or_loses_a_media_type() -> None:
    body = operation(body=STRING)
    optional = {**body, "requestBody": {**body["requestBody"], "required": False}}  # type: ignore[dict-item]

    assert only(document(optional), document(body)).rule == "request-body"
    assert levels(document(body), document(optional)) == ["safe"]
    assert levels(document(PLAIN), document({**body, **PLAIN}))[0] == "breaking"


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ([], [{"key": []}], ["breaking"]),
        ([{"key": []}], [], []),
        ([{"key": []}], [{"key": []}, {"basic": []}], []),
        ([{"key": []}, {"basic": []}], [{"key": []}], ["breaking"]),
        ([{"oauth": ["a"]}], [{"oauth": ["a", "b"]}], ["breaking"]),
        ([{"oauth": ["a", "b"]}], [{"oauth": ["a"]}], []),
        ([{"key": []}], [{"renamed": []}], []),
    ],
)
def test_credentials_that_base_took_must_be_enough(base: Json, head: Json, expected: list[str]) -> None:
    key: Json = {"type": "apiKey", "in": "header", "name": "X-Key"}
    schemes: dict[str, Json] = {"basic": {"type": "http", "scheme": "basic"}, "oauth": {"type": "oauth2"}}
    before: Json = {"securitySchemes": {**schemes, "key": key}}
    after: Json = {"securitySchemes": {**schemes, ("renamed" if head == [{"renamed": []}] else "key"): key}}

    first = document({**PLAIN, "security": base}, components=before)
    second = document({**PLAIN, "security": head}, components=after)

    assert levels(first, second) == expected


def test_token_address_that_moves_is_unknown() -> None:
    def at(address: str) -> dict[str, Json]:
        scheme: Json = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": address, "scopes": {}}}}
        return document({**PLAIN, "security": [{"o": []}]}, components={"securitySchemes": {"o": scheme}})

    assert levels(at("https://a/token"), at("https://a/token")) == []
    assert levels(at("https://a/token"), at("https://b/token")) == ["unknown"]


def test_form_fields_that_are_written_otherwise_break() -> None:
    schema: Json = {"type": "object", "properties": {"tags": {"type": "array", "items": STRING}}}

    def form(**encoding: Json) -> dict[str, Json]:
        media: Json = {"schema": schema, "encoding": {"tags": encoding}}
        content: Json = {"content": {"application/x-www-form-urlencoded": media}}
        return document({**PLAIN, "requestBody": content})

    assert levels(form(), form()) == []
    assert levels(form(), form(explode=False)) == ["breaking"]
    assert levels(form(contentType="text/plain"), form(contentType="application/json")) == ["breaking"]


def test_webhooks_and_callbacks_run_the_other_way() -> None:
    loose: Json = {"type": "object", "properties": {"a": STRING}}
    strict: Json = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}

    def with_webhook(schema: Json) -> dict[str, Json]:
        return {"openapi": "3.1.0", "webhooks": {"paid": {"post": operation(body=schema)}}}

    def with_callback(schema: Json) -> dict[str, Json]:
        callback: Json = {"{$request.body#/url}": {"post": operation(body=schema)}}
        return document({**PLAIN, "callbacks": {"done": callback}})

    for made in (with_webhook, with_callback):
        assert levels(made(strict), made(loose)) == ["breaking"]
        assert levels(made(loose), made(strict)) == ["safe"]
        assert levels(made(loose), {**made(loose), "webhooks": {}, "paths": {}})[0] == "breaking"


def test_difference_says_where_it_is() -> None:
    base = document(operation(body={"type": "object", "properties": {"limit": {"type": "integer"}}}))
    head = document(
        operation(body={"type": "object", "properties": {"limit": {"type": "integer", "maximum": 9}}})
    )

    one = only(base, head)

    assert one.direction is Direction.REQUEST
    assert one.pointer == "/paths/~1things~1{id}/post/requestBody/content/application~1json/schema"
    assert one.inner == "/limit"
    assert one.witness is not None
    assert one.witness.value == {"limit": 10}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the labelled documents are not on this machine")
def test_every_document_is_the_same_as_itself_and_none_crashes() -> None:
    for file in sorted((CORPUS / "specs").iterdir())[::3]:
        content = file.read_bytes()
        assert differences(read_document(content), read_document(content)) == [], file.name


def test_differences_are_the_same_twice() -> None:
    base = json.dumps(document(operation(body={"type": "object"}, answer=STRING))).encode()
    head = json.dumps(document(operation(body={"type": "array"}, answer={"type": "integer"}))).encode()

    first, second = (differences(read_document(base), read_document(head)) for _ in range(2))

    assert first == second
    assert [one.level for one in first] == [Level.BREAKING, Level.BREAKING]


def test_missing_property_is_told_by_what_became_of_it() -> None:
    def shape(*required: str, **properties: Json) -> Json:
        return {"type": "object", "properties": properties, "required": list[Json](required)}

    def told(base: Json, head: Json) -> list[str]:
        differences_ = found(document(operation(answer=base)), document(operation(answer=head)))
        return [one.message.rpartition(": ")[2] for one in differences_]

    price, cents = shape("price", price={"type": "integer"}), shape("cents", cents={"type": "integer"})
    assert told(price, cents) == ["head removed 'price' and added 'cents'; perhaps renamed"]
    assert told(price, shape(price={"type": "integer"})) == [
        "head may leave out 'price', which base always sent"
    ]
    assert told(shape("a", "b", a=STRING, b=STRING), shape()) == ["head removed 'a'", "head removed 'b'"]
    wanted = found(document(operation(body=price)), document(operation(body=cents)))[0]
    assert wanted.message.endswith("head wants 'cents', which base did not have; perhaps 'price' was renamed")


def test_levels_alone_are_those_that_witnesses_prove() -> None:
    base = document(operation(body={"type": "object"}, answer=STRING))
    head = document(operation(body={"type": "array"}, answer={"type": "integer"}))

    alone = differences(document_of(base), document_of(head), shown=False)

    assert [(one.level, one.direction) for one in alone] == [
        (one.level, one.direction) for one in found(base, head)
    ]
    assert {one.witness for one in alone} == {None}
