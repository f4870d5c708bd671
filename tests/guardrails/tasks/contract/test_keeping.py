"""What a witness shows is kept so that it can be asked again, word for word."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from guardrails.analysis.replay.stored import stored_in
from guardrails.gates.contract.replay.witness import PLACEHOLDER, shell_of
from guardrails.model.errors import UsageError
from guardrails.model.ports import Request, Step, Use
from guardrails.tasks.contract.keeping import kept_files
from tests.repos.memory import MemoryTree

MARK = f"{PLACEHOLDER}0x"
HEADERS = (("content-type", "application/json"),)
STEPS = (
    Step(Request("POST", "/things?a=b%20c", HEADERS, b'{"name": "it\'s\\n\xc3\xa9\n"}')),
    Step(
        Request("PUT", f"/things/{MARK}", HEADERS, f'{{"of": "{MARK}", "a": "b c"}}'.encode()),
        (Use(MARK, 0, "/items/0/a~1b"),),
    ),
    Step(Request("GET", "/things")),
)


def report(request: str, rule: str = "GR210") -> bytes:
    finding = {
        "rule": rule,
        "fingerprint": "f" * 20,
        "message": "it crashes",
        "evidence": [{"request": request}],
    }
    return json.dumps({"findings": [finding]}).encode()


def test_a_witness_is_kept_and_read_back_as_the_same_steps() -> None:
    files = kept_files(report(shell_of(STEPS)), "report.json")

    assert list(files) == ["gr210-ffffffffffff.yaml"]
    (stored,), bad = stored_in(MemoryTree({f"f/{name}": text for name, text in files.items()}), "f")
    assert bad == []
    assert [one.request.method for one in stored.steps] == ["POST", "PUT", "GET"]
    first, second, third = stored.steps
    assert first.request == STEPS[0].request
    (use,) = second.uses
    assert (use.step, use.pointer) == (0, "/items/0/a~1b")
    assert second.request.path == f"/things/{use.placeholder}"
    assert second.request.body == f'{{"of": "{use.placeholder}", "a": "b c"}}'.encode()
    assert third.request.path == "/things"


def test_what_cannot_be_kept_is_said() -> None:
    for bad in (
        b"[",
        b"{}",
        b'{"findings": 3}',
        report("curl -H 'authorization: [hidden]' http://localhost/"),
        report("curl", "GR201"),
    ):
        with pytest.raises(UsageError, match=r"report\.json"):
            kept_files(bad, "report.json")
    with pytest.raises(UsageError, match="can be kept"):
        kept_files(report("curl -X GET http://localhost/a"), "report.json", ["other"])


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "/a", (), b"\xff\x00'\\ \n{"),
        Request(
            "POST",
            "/a/../b?x[]={1}",
            (("content-type", "application/json"),),
            b'{"a": "\\ud83d\x7f\xc2\x85"}',
        ),
        Request("HEAD", "/a", (("x-empty", ""), ("x-a", "b: c"))),
        Request("PUT", "/a", (), '{"a": "日本語 🎵 $\'x\'"}'.encode()),
    ],
)
def test_odd_requests_are_kept_to_the_byte_and_sent_so_by_bash(request_: Request, tmp_path: Path) -> None:
    shell = shell_of([Step(request_)])
    files = kept_files(report(shell), "report.json")
    (stored,), bad = stored_in(MemoryTree({f"f/{name}": text for name, text in files.items()}), "f")

    assert bad == []
    assert stored.steps[0].request == replace(request_, headers=tuple(sorted(request_.headers)))
    if request_.body and b"\x00" not in request_.body:
        script = f'curl() {{ while [ "$1" != --data-raw ]; do shift; done; printf %s "$2"; }}\n{shell}'
        done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
        assert done.stdout == request_.body
