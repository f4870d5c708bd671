"""Consumer files and pacts say who relies on what; what cannot be read is named."""

import json

from guardrails.analysis.consumers.reading import consumers_in
from guardrails.analysis.consumers.touching import lacking, readers, senders
from tests.repos.memory import MemoryTree

IOS = """
consumer: ios
versions: ["9.4"]
owner: mobile
uses:
  - operation: POST /price
    sends: [/items/*/id]
    reads: [/total, /items/*/price]
"""
PACT = {
    "consumer": {"name": "web"},
    "provider": {"name": "shop"},
    "interactions": [
        {
            "description": "a thing",
            "request": {"method": "GET", "path": "/things/7", "query": {"a": ["1", "2"]}},
            "response": {
                "status": 200,
                "body": {"content": {"id": "7", "tags": ["x"]}, "contentType": "application/json"},
            },
        },
        {"description": "a message", "contents": {}},
    ],
    "metadata": {"pactSpecification": {"version": "4.0"}},
}


def known(**files: str) -> list[str]:
    good, bad = consumers_in(
        MemoryTree({f"c/{name.replace('_', '.')}": text for name, text in files.items()}), "c"
    )
    return [one.name for one in good] + [str(one) for one in bad]


def test_uses_and_pacts_tell_who_reads_and_sends_what() -> None:
    good, bad = consumers_in(MemoryTree({"c/ios.yaml": IOS, "c/web.json": json.dumps(PACT)}), "c")

    assert bad == []
    assert [one.label for one in good] == ["ios (mobile)", "web"]
    assert [one.name for one in readers(good, "POST /price", "/items/*/price")] == ["ios"]
    assert [one.name for one in readers(good, "POST /price", "/items")] == ["ios"]
    assert readers(good, "POST /price", "/items/*/price/cents") == []
    assert readers(good, "POST /price", "/other") == []
    assert [one.name for one in readers(good, "POST /price", "")] == ["ios"]
    assert [one.name for one in readers(good, "GET /things/{thing_id}", "/tags")] == ["web"]
    assert readers(good, "GET /price", "/total") == []
    assert [one.name for one in senders(good, "POST /price", "/items/*/id")] == ["ios"]
    assert [one.name for one in lacking(good, "POST /price", "/voucher")] == ["ios"]
    assert lacking(good, "POST /price", "/items/*/id") == []
    assert good[1].interactions[0].request.path == "/things/7?a=1&a=2"


def test_files_that_say_nothing_are_named() -> None:
    assert [
        one.partition(":")[0] for one in known(a_yaml="[", b_yaml="consumer: x", d_json="{}", e_json="[1]")
    ] == [
        "c/a.yaml",
        "c/b.yaml",
        "c/d.json",
        "c/e.json",
    ]
    assert "must read like" in known(a_yaml="consumer: x\nuses: [{operation: /a}]")[0]
    assert "empty" in known(a_yaml="consumer: x\nuses: []")[0]
