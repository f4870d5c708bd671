"""Consumers lower what nobody notices, are named where they do, and their pacts are played on both sides."""

import json
from pathlib import Path

from guardrails.gates.contract.settings import Settings
from guardrails.model.finding import Effect, Finding
from tests.guardrails.gates.contract.site import APP, DOCUMENTS_ALONE, files, judged

READS_TOTAL = """
consumer: ios
owner: mobile
uses: [{operation: POST /orders, sends: [/name, /amount], reads: [/total]}]
"""
READS_UNIT = READS_TOTAL.replace("/total", "/unit").replace("ios", "web")
FOLDER = "contracts/shop/consumers"
RENAMED = APP.replace("total: int", "sum: int").replace("total=", "sum=")


def found(
    folder: Path, head: str, settings: Settings = DOCUMENTS_ALONE, rule: str = "GR201", **consumers: str
) -> list[Finding]:
    other = {f"{FOLDER}/{name.replace('_', '.')}": text for name, text in consumers.items()}
    report = judged(folder, files(APP, **other), files(head, **other), settings=settings)
    return [one for one in report.findings if one.rule == rule]


def test_a_break_names_who_reads_the_field_and_is_lowered_without_readers(tmp_path: Path) -> None:
    (read,) = found(tmp_path, RENAMED, ios_yaml=READS_TOTAL, web_yaml=READS_UNIT)
    (unread,) = found(tmp_path, RENAMED, web_yaml=READS_UNIT)
    (unknown,) = found(tmp_path, RENAMED)
    (unheard,) = found(tmp_path, RENAMED, web_yaml=READS_UNIT, tv_yaml="[")

    assert read.effect is Effect.BLOCK
    assert read.message.endswith("; consumer ios (mobile) reads it")
    assert unread.effect is Effect.REVIEW
    assert unread.message.endswith("; no known consumer reads it")
    assert unknown.effect is unheard.effect is Effect.BLOCK
    assert unread.fingerprint == read.fingerprint


def test_a_new_required_field_breaks_who_does_not_send_it(tmp_path: Path) -> None:
    head = APP.replace(
        "amount: int = Field(ge=0, le=100)", "amount: int = Field(ge=0, le=100)\n    note: str"
    )

    (one,) = found(tmp_path, head, ios_yaml=READS_TOTAL)
    (other,) = found(tmp_path, head, ios_yaml=READS_TOTAL.replace("/amount]", "/amount, /note]"))

    assert one.message.endswith("consumer ios (mobile) does not send it")
    assert other.effect is Effect.REVIEW


def test_replays_and_pacts_are_weighed_too(tmp_path: Path) -> None:
    pact = {
        "consumer": {"name": "till"},
        "interactions": [
            {
                "description": "an order of seven",
                "request": {"method": "POST", "path": "/orders", "body": {"name": "a", "amount": 7}},
                "response": {"status": 200, "body": {"total": 700}},
            },
            {
                "description": "what base lacks",
                "request": {"path": "/health"},
                "response": {"body": {"version": 1}},
            },
        ],
    }
    head = APP.replace(
        "return Receipt(", "if wanted.amount == 7: raise ValueError\n    return Receipt(unit='Cent', "
    )
    played = Settings(max_requests=0, replays=60)

    (broken,) = found(tmp_path, head, played, "GR222", till_json=json.dumps(pact))
    units = found(tmp_path, head, played, "GR220", till_json=json.dumps(pact))

    assert broken.message == "consumer till counts on an order of seven: it answers 500 instead of 200"
    (unit,) = (one for one in units if "/unit" in one.message)
    assert unit.effect is Effect.NOTE
