import json
from pathlib import Path

import pytest

from guardrails.model.errors import ServiceFailure
from guardrails.model.policy import Service
from tests.guardrails.adapters.rooms import room

FASTAPI = """
import os, sys
from fastapi import FastAPI
print("printed at import")
def make():
    app = FastAPI(title="t" * 200000)
    os.write(1, b'{"openapi": "forged"}')
    @app.get("/things")
    def things() -> list[int]:
        return []
    return app
"""
FETCHED = """
async def app(scope, receive, send):
    status = 200 if scope["path"] == "/openapi.json" else 404
    await send({"type": "http.response.start", "status": status})
    await send({"type": "http.response.body", "body": b'{"openapi": "3.1", ', "more_body": True})
    await send({"type": "http.response.body", "body": b'"a": 2}'})
"""
FORGED = """
import os
for descriptor in range(3, 40):
    try:
        os.write(descriptor, {})
    except OSError:
        pass
os._exit(0)
"""


def test_a_long_document_survives_an_application_that_prints(tmp_path: Path) -> None:
    with room(tmp_path, {"web/__init__.py": FASTAPI}) as made:
        service = Service("web", ("web",), app="web:make", factory=True)
        first = made.laboratory.document(service, made.tree)
        assert made.laboratory.document(service, made.tree) == first
        assert len(made.box.started) == 1
    document = json.loads(first)
    assert list(document["paths"]) == ["/things"]
    assert document["info"]["title"] == "t" * 200000


def test_an_application_without_openapi_is_asked_for_its_document(tmp_path: Path) -> None:
    with room(tmp_path, {"web.py": FETCHED}) as made:
        assert (
            made.laboratory.document(Service("web", (), app="web:app"), made.tree)
            == b'{"a":2,"openapi":"3.1"}'
        )


def test_a_command_is_asked_for_its_document_over_its_socket(tmp_path: Path) -> None:
    with room(tmp_path, {"web.py": FETCHED}) as made:
        command = ("{python}", "-m", "uvicorn", "--lifespan", "off", "--uds", "{socket}", "web:app")
        assert (
            made.laboratory.document(Service("web", (), command=command), made.tree)
            == b'{"a":2,"openapi":"3.1"}'
        )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import absent_module", "ModuleNotFoundError at web.py:1"),
        ("import os; os._exit(0)", r"nothing was reported \(exit 0\)"),
        ("async def app(scope, receive, send): pass", "answers None"),
        ("def app(): pass\napp.openapi = lambda: [1]", "it is not an object"),
        ("def app(): pass\napp.openapi = lambda: {'a': 1}", "has no `openapi: 3.x`"),
        (FORGED.format("b'{}'"), "not the one"),
        (FORGED.format("b'[' * 99999"), "not JSON"),
    ],
)  # fmt: skip
def test_no_document_says_why(tmp_path: Path, code: str, told: str) -> None:
    with (
        room(tmp_path, {"web.py": code}) as made,
        pytest.raises(ServiceFailure, match=f"service web: .*{told}"),
    ):
        made.laboratory.document(Service("web", (), app="web:app"), made.tree)
