"""Replays at commit: nothing runs unless policy says so, base only once, and findings as at merge."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardrails.adapters.laboratory import RunLaboratory
from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.policy import Service
from guardrails.model.ports import Player, Tree
from guardrails.model.rule import Report
from tests.guardrails.gates.contract.site import SERVICE, files, laboratory
from tests.repos.memory import context_for

SHOP = """
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
things: dict[str, str] = {}

class Thing(BaseModel):
    name: str

@app.post("/things")
def make(thing: Thing) -> str:
    things[thing.name] = thing.name
    return thing.name

@app.get("/things")
def listed(limit: int = 5) -> list[str]:
    return sorted(things)[:limit]
"""
REPLAYING = Settings(commit_replays=100)


def judged(
    made: RunLaboratory, head: str, settings: Settings = REPLAYING, base: str = SHOP, **other: str
) -> Report:
    """Return what the gate says at commit, in a laboratory that remembers."""
    context = context_for(
        files(base, **other),
        files(head, **other),
        stage=Stage.COMMIT,
        services=(SERVICE,),
        laboratory=made,
        settings={"contract": settings},
    )
    return GATE.run(context)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the trees that were loaded, in their order."""
    trees: list[str] = []
    usual = RunLaboratory.player

    @contextmanager
    def player(self: RunLaboratory, service: Service, tree: Tree, hash_seed: int = 0) -> Iterator[Player]:
        trees.append(tree.id)
        with usual(self, service, tree, hash_seed) as found:
            yield found

    monkeypatch.setattr(RunLaboratory, "player", player)
    return trees


def test_nothing_runs_unless_policy_says_so(tmp_path: Path, loaded: list[str]) -> None:
    with laboratory(tmp_path, files(SHOP)) as made:
        report = judged(made, SHOP.replace("sorted(things)", "list(things)"), Settings())

    assert report == Report(facts=("shop: the committed document did not change",))
    assert loaded == []


def test_who_does_not_replay_at_commit_imports_nothing_of_it() -> None:
    code = """
import sys
from guardrails.gates.contract.gate import GATE
from guardrails.model.change import Stage
from tests.guardrails.gates.contract.site import SERVICE
from tests.repos.memory import context_for
before = {*sys.modules}
GATE.run(context_for({"shop/a.py": "1"}, {"shop/a.py": "2"}, stage=Stage.COMMIT, services=(SERVICE,)))
print([one for one in sys.modules if "replay" in one or "openapi" in one and one not in before])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "guardrails.gates.contract.replay.commit" not in done.stdout


def test_a_difference_is_found_as_at_merge(tmp_path: Path) -> None:
    with laboratory(tmp_path, files(SHOP)) as made:
        report = judged(made, SHOP.replace("sorted(things)", "list(things)"))

    assert ("GR220", "GET /things answers in another order") in [
        (one.rule, one.message) for one in report.findings
    ]
    assert "1 of 2 operations replayed on both sides" in report.facts[-1]


def test_a_literal_that_only_head_has_is_asked_for(tmp_path: Path) -> None:
    head = SHOP.replace("    return thing.name", '    return "?" if thing.name == "XYZZY-42" else thing.name')
    with laboratory(tmp_path, files(SHOP)) as made:
        report = judged(made, head)

    assert [one.message for one in report.findings] == ["POST /things answers with another value"]


def test_base_is_loaded_once_for_many_attempts_and_a_committed_head_never_again(
    tmp_path: Path, loaded: list[str]
) -> None:
    first, second = (SHOP.replace("sorted(things)", f"sorted({name})") for name in ("[*things]", "{*things}"))
    with laboratory(tmp_path, files(SHOP)) as made:
        for head in (first, second):
            assert judged(made, head).findings == ()
        assert len(loaded) == len(set(loaded)) == 3
        loaded.clear()
        assert judged(made, first, base=second).findings == ()

    assert loaded == []


def test_a_comment_loads_nothing(tmp_path: Path, loaded: list[str]) -> None:
    with laboratory(tmp_path, files(SHOP)) as made:
        report = judged(made, SHOP + "# a comment\n")

    assert report.findings == ()
    assert loaded == []


def test_kept_failures_are_asked_at_commit(tmp_path: Path) -> None:
    kept = "requests:\n  - {method: GET, path: '/things?limit=-7'}\n"
    head = SHOP.replace("[:limit]", "[: 99 if limit == -3 - 4 else limit]")
    with laboratory(tmp_path, files(SHOP)) as made:
        settings = Settings(commit_replays=4)
        without = judged(made, head, settings)
        report = judged(made, head, settings, **{"contracts/shop/failures/limit.yaml": kept})

    assert without.findings == ()
    assert report.facts[-1] != without.facts[-1]


def test_a_head_that_does_not_load_is_undecided(tmp_path: Path) -> None:
    with laboratory(tmp_path, files(SHOP)) as made:
        report = judged(made, SHOP.replace("app = FastAPI()", "app = FastAPI()\nraise ValueError('no')"))

    assert [(one.rule, one.effect.value) for one in report.findings] == [("GR221", "undecided")]
