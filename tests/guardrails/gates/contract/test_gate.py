"""The gate on a real FastAPI service: what it blocks, what it reviews, and what it lets pass."""

import json
import subprocess
import sys
from pathlib import Path

from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.evidence import Witness
from guardrails.model.policy import Policy
from tests.guardrails.gates.contract.site import (
    APP,
    DOCUMENTS_ALONE,
    SERVICE,
    UNHURRIED_SECONDS,
    files,
    judged,
    laboratory,
    rules_of,
)
from tests.repos.memory import MemoryTree, change_between

CRASHING = APP.replace("wanted.amount * 100", "100 // wanted.amount")
BLOCKING = {"GR201", "GR202", "GR203", "GR204", "GR210", "GR211"}


def test_renamed_answer_field_blocks_with_its_place(tmp_path: Path) -> None:
    head = APP.replace("total: int", "sum: int").replace("total=", "sum=")

    report = judged(tmp_path, files(), files(head), settings=DOCUMENTS_ALONE)

    breaks = [one for one in report.findings if one.rule == "GR201"]
    assert [one.location.symbol for one in breaks] == ["shop POST /orders"]
    assert "'total'" in breaks[0].message or '"total"' in breaks[0].message
    assert "response" in breaks[0].message


def test_new_required_request_field_blocks_with_a_request_that_worked(tmp_path: Path) -> None:
    head = APP.replace(
        "amount: int = Field(ge=0, le=100)", "amount: int = Field(ge=0, le=100)\n    note: str"
    )

    report = judged(tmp_path, files(), files(head), settings=DOCUMENTS_ALONE)

    assert report.facts[1] == "shop: policy asks for documents alone"
    (one,) = (one for one in report.findings if one.rule == "GR201")
    (witness,) = one.evidence
    assert isinstance(witness, Witness)
    assert witness.request.startswith("curl -X POST")
    assert "note" not in witness.request


def test_refactor_without_a_visible_difference_passes(tmp_path: Path) -> None:
    head = (
        APP.replace("def order(wanted", "def take_order(wanted").replace("cent", "c" + "ent")
        + "\nOTHER = 1\n"
    )
    head = head.replace(
        "return Receipt(total=wanted.amount * 100)",
        "cents = wanted.amount * 100\n    return Receipt(total=cents)",
    )

    report = judged(tmp_path, files(), files(head))

    assert not BLOCKING & set(rules_of(report))


def test_crash_at_a_boundary_blocks_and_says_where(tmp_path: Path) -> None:
    report = judged(tmp_path, files(), files(CRASHING))

    (one,) = (one for one in report.findings if one.rule == "GR210")
    assert "ZeroDivisionError at shop/app.py in order" in one.message
    (witness, *_) = one.evidence
    assert isinstance(witness, Witness)
    assert '"amount": 0' in witness.request
    assert rules_of(report).count("GR210") == 1


def test_crash_that_base_has_too_is_known(tmp_path: Path) -> None:
    report = judged(
        tmp_path, files(CRASHING), files(CRASHING.replace("-> Receipt:", "-> Receipt:\n    unused = 1"))
    )

    assert "GR210" in {one.rule for one in report.findings}
    assert "GR210" not in rules_of(report)


def test_answer_outside_of_the_document_blocks(tmp_path: Path) -> None:
    head = APP + '\n\nfrom fastapi.responses import JSONResponse\n\n\n@app.get("/odd")\n'
    head += "def odd() -> Receipt:\n    return JSONResponse({'total': 'many'})  # type: ignore\n"

    report = judged(tmp_path, files(), files(head))

    (one,) = (one for one in report.findings if one.rule == "GR211")
    assert one.message == "GET /odd answers 200 with a body that breaks `type` at /total"


def test_committed_document_that_drifts_is_reviewed_with_its_command(tmp_path: Path) -> None:
    with laboratory(tmp_path, files()) as made:
        derived = json.loads(made.document(SERVICE, MemoryTree(files())))
    path = "contracts/shop/openapi.yaml"
    derived["info"]["title"] = "Another"
    settings = Settings(max_requests=0, replays=0, regenerate="python -m shop.document")

    same = judged(tmp_path, files(), files(APP + "\nA = 1\n"), settings=settings)
    report = judged(
        tmp_path, files(), files(APP + "\nA = 1\n", **{path: json.dumps(derived)}), settings=settings
    )

    assert "GR203" not in rules_of(same)
    (one,) = (one for one in report.findings if one.rule == "GR203")
    assert one.message.endswith("the first difference is at /info/title")
    assert "python -m shop.document" in one.remedy


def test_committed_documents_are_compared_at_commit_without_running_code() -> None:
    path = "contracts/shop/openapi.yaml"
    operation = {"responses": {"200": {"description": ""}}}
    base = {"openapi": "3.1.0", "paths": {"/a": {"get": operation}}}
    head = {"openapi": "3.1.0", "paths": {}}

    from tests.repos.memory import context_for

    def at_commit(text: str) -> list[str]:
        context = context_for({path: json.dumps(base)}, {path: text}, stage=Stage.COMMIT, services=(SERVICE,))
        return [one.rule for one in GATE.run(context).findings]

    assert at_commit(json.dumps(head)) == ["GR201"]
    assert at_commit(json.dumps(base, indent=1)) == []
    assert at_commit("openapi: [") == ["GR204"]


def test_same_change_gives_the_same_findings(tmp_path: Path) -> None:
    first, second = (judged(tmp_path, files(), files(CRASHING)) for _ in range(2))

    assert first == second


def test_service_that_dies_at_a_request_is_found_and_the_rest_is_tried(tmp_path: Path) -> None:
    head = APP.replace(
        "return Receipt", "import os\n    if wanted.amount == 0: os._exit(3)\n    return Receipt"
    )

    report = judged(tmp_path, files(), files(head))

    (one,) = (one for one in report.findings if one.rule == "GR210")
    assert one.message == "POST /orders gives no answer in time"


def test_gate_is_skipped_where_no_service_changed() -> None:
    policy = Policy(stages={}, services=(SERVICE,))
    other = change_between(MemoryTree({"a": "1"}), MemoryTree({"a": "2"}))
    own = change_between(MemoryTree({"shop/a": "1"}), MemoryTree({"shop/a": "2"}))

    assert GATE.skip(other, policy) == "no file of a service changed"
    assert GATE.skip(other, Policy(stages={})) == "policy names no service"
    assert GATE.skip(own, policy) is None


def test_door_is_cheap_to_import() -> None:
    heavy = "{'yaml', 'jsonschema_rs', 'schemathesis', 'hypothesis', 'dataclasses'}"
    code = f"import sys, guardrails.gates.contract.gate; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_one_fault_behind_two_operations_is_one_finding(tmp_path: Path) -> None:
    head = (
        CRASHING
        + '\n\n@app.put("/orders")\ndef change(wanted: Order) -> Receipt:\n    return order(wanted)\n'
    )

    report = judged(tmp_path, files(), files(head))

    (one,) = (one for one in report.findings if one.rule == "GR210")
    assert one.message.startswith("POST /orders (and 1 more) crashes")


def test_boundary_of_the_last_field_is_reached_among_many(tmp_path: Path) -> None:
    fields = "\n".join(f"    f{index}: str = Field(max_length=8)" for index in range(30))
    base = APP.replace("amount: int", f"{fields.strip()}\n    amount: int")
    head = base.replace("wanted.amount * 100", "100 // wanted.amount")

    settings = Settings(random_examples=0, seconds=UNHURRIED_SECONDS, replays=0)

    report = judged(tmp_path, files(base), files(head), settings=settings)

    assert "GR210" in rules_of(report)


def test_what_was_not_tried_is_said(tmp_path: Path) -> None:
    settings = Settings(requests_per_operation=5, random_examples=0, seconds=UNHURRIED_SECONDS, replays=0)

    head = APP.replace("app = FastAPI()", "app = FastAPI(debug=False)")

    report = judged(tmp_path, files(), files(head), settings=settings)

    assert report.facts[1].startswith("shop: 2 of 2 operations tried with ")
    assert report.facts[1].endswith(" requests, 1 of them at a part of their boundaries")
