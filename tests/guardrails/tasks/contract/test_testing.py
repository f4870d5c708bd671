"""A kept failure as a test: it passes where base's answer comes, and fails where head's does."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from guardrails.gates.contract.replay.witness import PLACEHOLDER, shell_of
from guardrails.model.ports import Request, Step, Use
from guardrails.tasks.contract.keeping import kept_files

MARK = f"{PLACEHOLDER}0x"
JSON = (("content-type", "application/json"),)
MADE = '{"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "tags": ["a/b", "c"], "n": {"x/y": 1}}'
STEPS = (
    Step(Request("POST", "/things", JSON, b'{"name": "\xc3\xa9"}')),
    Step(
        Request("PUT", f"/things/{MARK}?a=b%20c", (*JSON, ("x-a", "b")), f'{{"of": "{MARK}"}}'.encode()),
        (Use(MARK, 0, "/tags/0"),),
    ),
)
Answer = tuple[int, Mapping[str, str], str]


def source(rule: str, message: str, base: str, head: str, steps: tuple[Step, ...] = STEPS) -> str:
    evidence = [{"request": shell_of(steps), "base": base, "head": head}]
    finding = {"rule": rule, "fingerprint": "f" * 20, "message": message, "evidence": evidence}
    files = kept_files(json.dumps({"findings": [finding]}).encode(), "r.json", as_tests=True)
    assert list(files) == [f"test_{rule.lower()}_ffffffffffff.py"]
    return next(iter(files.values()))


@contextmanager
def service(last: Answer) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Yield the address of a service that makes a thing and then answers so, and what it was asked."""
    asked: list[tuple[str, str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append((self.command, self.path, body))
            status, headers, text = last if self.path != "/things" else (200, {}, MADE)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_PUT = do_POST  # noqa: N815 - as above

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as above
            del format, arguments

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def passes(text: str, last: Answer, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether the test passes against a service that answers so; it must ask what the witness asks."""
    with service(last) as (address, asked):
        monkeypatch.setenv("SERVICE", address)
        names: dict[str, Callable[[], None]] = {}
        exec(compile(text, "test", "exec"), names)  # it is what was written for people to run
        try:
            next(function for name, function in names.items() if name.startswith("test_"))()
        except AssertionError:
            return False
        finally:
            assert asked[-1] == ("PUT", "/things/a%2Fb?a=b%20c", b'{"of": "a/b"}')
    return True


def replayed(place: str, base: str, head: str) -> tuple[str, str, str, str]:
    return ("GR220", "PUT /things/{id} answers otherwise", f"{place} is {base}", f"{place} is {head}")


OTHER_ID = "00000000-0000-4000-8000-000000000000"
CASES: list[tuple[tuple[str, str, str, str], Answer, Answer]] = [
    (("GR210", 'PUT /a "crashes": ValueError', "409 {}", "500 x: crashes"), (409, {}, "{}"), (500, {}, "x")),
    (("GR212", "PUT /a accepts it", "422 {}", "200 {}: accepts"), (422, {}, "{}"), (200, {}, "{}")),
    (("GR216", "PUT /a does not find it", "200 {}", "404 {}: x"), (200, {}, "{}"), (404, {}, "{}")),
    (
        ("GR211", "PUT /a answers with status 302, which its document does not list", "200 {}", "302 : x"),
        (200, {}, "{}"),
        (302, {}, ""),
    ),
    (
        (
            "GR211",
            "PUT /a answers 200 without the header x-total, which its document requires",
            "200 {}",
            "200 {}",
        ),
        (200, {"X-Total": "1"}, "{}"),
        (200, {}, "{}"),
    ),
    (
        (
            "GR211",
            "PUT /a answers 200 with a body that breaks `enum` at /state/x~1y",
            '200 {"state": {"x/y": "new"}}',
            '200 {"state": {"x/y": "odd"}}: answers 200 with it',
        ),
        (200, {}, '{"state": {"x/y": "new"}}'),
        (200, {}, '{"state": {"x/y": "odd"}}'),
    ),
    (replayed("status", '200: 200 {"a": 1}', "404: 404 {}"), (200, {}, "{}"), (404, {}, "{}")),
    (
        replayed("header etag", 'W/"1": 200 {}', "absent: 200 {}"),
        (200, {"etag": 'W/"1"'}, "{}"),
        (200, {}, "{}"),
    ),
    (replayed("header etag", "absent: 200 {}", '"1": 200 {}'), (200, {}, "{}"), (200, {"etag": '"1"'}, "{}")),
    (
        replayed("/*/n", '1: 200 [{"n": 3}, {"n": 1}]', '2: 200 [{"n": 3}, {"n": 2}]'),
        (200, {}, '[{"n": 3}, {"n": 1}]'),
        (200, {}, '[{"n": 3}, {"n": 2}]'),
    ),
    (
        replayed("/items", f'["{OTHER_ID}"]: 200 {{"items": ["{OTHER_ID}", 1]}}', '[1]: 200 {"items": [1]}'),
        (200, {}, '{"items": ["11111111-0000-4000-8000-000000000000", 1]}'),
        (200, {}, '{"items": [1]}'),
    ),
    (
        replayed("body", 'keys in another order: 200 {"a": 1, "b": 2}', 'x: 200 {"b": 2, "a": 1}'),
        (200, {}, '{"a": 1, "b": 2}'),
        (200, {}, '{"b": 2, "a": 1}'),
    ),
]


@pytest.mark.parametrize(("finding", "base", "head"), CASES)
def test_it_passes_on_base_and_fails_on_head(
    finding: tuple[str, str, str, str], base: Answer, head: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = source(*finding)

    assert passes(text, base, monkeypatch)
    assert not passes(text, head, monkeypatch)


@pytest.mark.parametrize(
    "finding",
    [
        replayed("/a", '1: 200 {"a": 1, "b...', '2: 200 {"a": 2, "b...'),
        replayed("/a", '"[hidden]": 200 {"a": "[hidden]"}', '1: 200 {"a": 1}'),
        ("GR217", "PUT /a breaks the check by_name: no", "200 {}", "200 {}"),
        replayed("status", "died: died", "200: 200 {}"),
    ],
)
def test_what_a_report_does_not_tell_whole_is_not_expected(finding: tuple[str, str, str, str]) -> None:
    whole = {
        "rule": "GR210",
        "fingerprint": "a" * 20,
        "message": "crashes",
        "evidence": [{"request": shell_of(STEPS)}],
    }
    rule, message, base, head = finding
    evidence = [{"request": shell_of(STEPS), "base": base, "head": head}]
    part = {"rule": rule, "fingerprint": "b" * 20, "message": message, "evidence": evidence}

    files = kept_files(json.dumps({"findings": [whole, part]}).encode(), "r.json", as_tests=True)

    assert list(files) == ["test_gr210_aaaaaaaaaaaa.py"]
