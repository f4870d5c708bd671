"""Reproductions that come with a witness: run, they pass where the message is taken and fail where not."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from guardrails.analysis.openapi.difference import Proof
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, found, operation

INTEGER: Json = {"type": "integer"}


class _Service(BaseHTTPRequestHandler):
    """Takes a limit up to 50, or up to what the header's name says on head."""

    most = 50

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        taken = (int(body), self.path, self.headers["X-Trace"]) <= (self.most, "/things/a%20b?q=1", "x")
        self.send_response(200 if taken else 422)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def proof() -> Proof:
    parameters: Json = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "enum": ["a b"]}},
        {"name": "q", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}},
        {"name": "X-Trace", "in": "header", "required": True, "schema": {"enum": ["x"]}},
    ]
    base = document(operation(body={"type": "integer", "minimum": 1, "maximum": 50}, parameters=parameters))
    head = document(operation(body={"type": "integer", "minimum": 1, "maximum": 20}, parameters=parameters))
    (one,) = found(base, head)
    assert one.witness is not None
    return one.witness


@pytest.mark.parametrize(("most", "code"), [(50, 0), (20, 1)])
def test_pytest_of_a_witness_passes_on_base_and_fails_on_head(
    most: int, code: int, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Service, "most", most)
    test = tmp_path / "test_break.py"
    test.write_text(proof().pytest.replace("http://localhost", address))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)], cwd=tmp_path, check=False
    )

    assert done.returncode == code


def test_curl_of_a_witness_is_one_line_for_a_shell() -> None:
    assert proof().curl == (
        "curl -X POST -H 'X-Trace: x' -H 'content-type: application/json' --data-raw 21"
        " 'http://localhost/things/a%20b?q=1'"
    )
