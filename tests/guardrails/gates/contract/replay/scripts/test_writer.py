"""What scripts ask beside single requests: how one of them meets what another one left or told."""

import json

from guardrails.analysis.openapi.documents import read_document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.gates.contract.replay.samples import FORMATS
from guardrails.gates.contract.replay.scripts.lines import Line
from guardrails.gates.contract.replay.scripts.writer import Writer
from guardrails.model.ports import Use

MOMENT = {"type": "string", "format": "date-time"}
VISIT = {
    "type": "object",
    "required": ["patient", "at"],
    "properties": {"patient": {"type": "integer"}, "at": MOMENT, "minutes": {"type": "integer"}},
}
KNOWN = {"type": "object", "properties": {"id": {"type": "integer"}, "starts": MOMENT, "ends": MOMENT}}
LANGUAGE = {"name": "Accept-Language", "in": "header", "schema": {"type": "string", "maxLength": 20}}


def answers(schema: object) -> dict[str, object]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def takes(schema: object) -> dict[str, object]:
    return {"content": {"application/json": {"schema": schema}}}


def named(name: str, place: str) -> dict[str, object]:
    schema = {"type": "integer"} if place == "path" or name == "limit" else {"type": "string"}
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


PATHS = {
    "/patients": {"post": {"responses": answers(KNOWN)}},
    "/visits": {
        "post": {"parameters": [LANGUAGE], "requestBody": takes(VISIT), "responses": answers(KNOWN)},
        "get": {
            "parameters": [named("cursor", "query"), named("limit", "query")],
            "responses": answers({"type": "object", "properties": {"next_cursor": {"type": "string"}}}),
        },
    },
    "/visits/{visit_id}": {
        "delete": {"parameters": [named("visit_id", "path")], "responses": {"204": {"description": ""}}}
    },
}


def lines_for(operation: str) -> tuple[Line, ...]:
    text = json.dumps({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": PATHS})
    document = read_document(text.encode(), "a")
    operations = tuple(operations_of(document))
    touched = [one for one in operations if f"{one.method.upper()} {one.path}" == operation]
    (script,) = Writer(document, operations, 1).single(touched, 100)
    return script.lines


def bare(line: Line) -> tuple[str, bytes, tuple[Use, ...]]:
    return (line.step.request.path, line.step.request.body, line.step.uses)


def members_of(line: Line) -> dict[str, object]:
    """Return the members of a request's body, none for what is no object."""
    try:
        found = json.loads(line.step.request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def test_what_was_taken_away_is_made_again_word_for_word() -> None:
    lines = lines_for("POST /visits")

    again = [
        index
        for index, line in enumerate(lines[2:], 2)
        if lines[index - 1].operation == "DELETE /visits/{visit_id}" and bare(line) == bare(lines[index - 2])
    ]

    assert again
    for index in again:
        assert [use.step for use in lines[index - 1].step.uses] == [index - 2]


def test_moments_and_amounts_repeat_what_an_answer_told() -> None:
    told = {
        (use.pointer, name)
        for line in lines_for("POST /visits")
        if line.operation == "POST /visits"
        for name, value in members_of(line).items()
        for use in line.step.uses
        if value == use.placeholder
    }

    assert {("/starts", "at"), ("/ends", "at"), ("/id", "minutes"), ("/id", "patient")} <= told


def test_a_list_goes_on_where_its_answer_says() -> None:
    lines = lines_for("GET /visits")

    pages = [
        (index, line.step)
        for index, line in enumerate(lines)
        if "guardrailsuseecho" in line.step.request.path
    ]

    assert [step.uses for index, step in pages] == [
        (Use("guardrailsuseecho", index - 1, "/next_cursor"),) for index, _ in pages
    ]
    assert all("limit=2" in step.request.path for _, step in pages)
    assert len(pages) == 2


def test_lists_are_read_after_something_was_taken_away() -> None:
    operations = [line.operation for line in lines_for("GET /visits")]

    assert "DELETE /visits/{visit_id}" in operations[: operations.index("GET /visits", 1)]


def test_languages_are_asked_as_clients_do_and_moments_are_many() -> None:
    lines = [line for line in lines_for("POST /visits") if line.operation == "POST /visits"]

    languages = {dict(line.step.request.headers).get("accept-language", "") for line in lines}
    moments = {str(members_of(line).get("at")) for line in lines}
    assert {"de,en;q=0.5", "it-XX,it;q=0.9"} <= languages
    assert len({one for one in moments if one.startswith("202")} - {*FORMATS["date-time"]}) >= 5


def test_clients_call_themselves_by_many_names() -> None:
    names = [dict(line.step.request.headers).get("user-agent", "") for line in lines_for("GET /visits")]

    assert len(set(names)) == 5
    assert names.count("") >= len(names) // 3
