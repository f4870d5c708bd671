"""Stored requests are read from base; a file that cannot be used is named and the rest still counts."""

import json

from guardrails.analysis.replay.stored import stored_in
from guardrails.model.ports import Use
from tests.repos.memory import MemoryTree


def test_recorded_and_kept_requests_become_steps() -> None:
    har = {
        "log": {
            "entries": [
                {
                    "request": {
                        "method": "post",
                        "url": "https://shop.example/a?b=c",
                        "headers": [{"name": "User-Agent", "value": "x"}, {"name": "Accept", "value": "a/b"}],
                        "postData": {"text": "{}"},
                    }
                }
            ]
        }
    }
    lines = [
        json.dumps({"method": "GET", "path": "/b", "headers": {}, "body": "AAE=", "encoding": "base64"})
    ] * 2
    kept = (
        "requests:\n- {method: POST, path: /c, gives: {V: /id}}\n"
        "- {method: GET, path: /c/V, headers: {User-Agent: okhttp}}\n"
    )
    good, bad = stored_in(
        MemoryTree(
            {"t/a.har": json.dumps(har), "t/b.ndjson": "\n".join(lines), "t/c.yaml": kept, "u/d.yaml": "no"}
        ),
        "t",
    )

    assert bad == []
    assert [(one.name, len(one.steps), one.dependent) for one in good] == [
        ("t/a.har", 1, False),
        ("t/b.ndjson", 2, False),
        ("t/c.yaml", 2, True),
    ]
    first = good[0].steps[0].request
    assert (first.method, first.path, first.headers, first.body) == (
        "POST",
        "/a?b=c",
        (("accept", "a/b"),),
        b"{}",
    )
    assert good[1].steps[0].request.body == b"\x00\x01"
    assert good[2].steps[1].uses == (Use("V", 0, "/id"),)
    assert good[2].steps[1].request.headers == (("user-agent", "okhttp"),)


def test_files_that_cannot_be_used_are_named() -> None:
    files = {
        "t/a.har": "{}",
        "t/b.ndjson": "[",
        "t/c.yaml": "a: [",
        "t/d.yaml": "requests: [{method: GET}]",
        "t/e.ndjson": '{"method": "GET", "path": "http://elsewhere/"}',
        "t/f.ndjson": '{"method": "GET", "path": "/", "headers": 3}',
        "t/g.yaml": "requests: [7]",
    }
    good, bad = stored_in(MemoryTree(files), "t")

    assert good == []
    assert [str(one).partition(":")[0] for one in bad] == sorted(files)
