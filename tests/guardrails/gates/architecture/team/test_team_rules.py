"""A team's own rules, from base's `policies/rules/`, on real repositories and in a real box."""

from pathlib import Path

import pytest

from guardrails.model.errors import PolicyError
from guardrails.model.finding import Effect, Status
from guardrails.model.verdict import Outcome, Verdict
from guardrails.wiring import Question, answer
from tests.repos.boxed import real_box
from tests.repos.builder import RepositoryBuilder

POLICY = "version: 1\nstages: {commit: [architecture], merge: [architecture]}\n"
DECLARED = """
id: SHOP001
name: legacy-db
summary: The old database layer is used.
remedy: Use shop.store.Table instead.
effect: block
calls: [legacy.db., builtins.print]
imports: [legacy.mail]
except_paths: [shop/legacy]
bad: ["import legacy.db\\nlegacy.db.query(1)\\n"]
good: ["import shop.store\\nshop.store.query(1)\\n"]
"""
PROGRAM = '''
"""No function is called `handle`."""

import ast

from guardrails.gates.architecture.example import example
from guardrails.model.errors import PolicyError
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("FunctionDef",)
RULE = Rule(
    id="SHOP002",
    name="vague-name",
    gate="architecture",
    summary="A function is called handle.",
    why="The name says nothing.",
    remedy="Name what is handled.",
    effect=Effect.BLOCK,
    bad=(example("def handle():\\n    return 1\\n"),),
    good=(example("def paid():\\n    return 1\\n"),),
)


def marks_in(node, here):
    if isinstance(node, ast.FunctionDef) and node.name == "handle":
        yield here.mark(node, "a function is called handle", "def handle")
'''
CLEAN = "def paid():\n    return 1\n"


def shop(folder: Path, rules: dict[str, str | bytes], base: str = CLEAN) -> RepositoryBuilder:
    """Return a repository whose base has these rule files."""
    made = RepositoryBuilder(folder)
    made.write_all({"policies/guardrails.yaml": POLICY, "shop/app.py": base})
    made.write_all({f"policies/rules/{name}": text for name, text in rules.items()})
    made.commit("first")
    return made.branch("change")


def verdict_on(made: RepositoryBuilder, head: str) -> Verdict:
    """Return the verdict on a change of the one module."""
    made.write("shop/app.py", head).commit("change")
    return answer(Question(made.path, base="main", head="change"))


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("import legacy.db\n\n\ndef paid():\n    return legacy.db.query(1)\n", 5),
        ("from legacy.db import query as ask\n\n\ndef paid():\n    return ask(1)\n", 5),
        ("import functools\nimport legacy.db as d\n\nfetch = functools.partial(d.query, 1)\n", 4),
        ("def paid():\n    print(1)\n", 2),
        ("from legacy import mail\n", 1),
        ("def paid():\n    from legacy.mail import send\n\n    return send\n", 2),
    ],
    ids=["plain", "alias", "partial", "builtin", "import", "lazy-import"],
)
def test_declared_rule_finds_calls_uses_and_imports(head: str, line: int, tmp_path: Path) -> None:
    verdict = verdict_on(shop(tmp_path, {"db.yaml": DECLARED}), head)

    assert verdict.outcome is Outcome.BLOCK
    assert {(one.rule, one.location.line) for one in verdict.findings} == {("SHOP001", line)}
    assert verdict.findings[0].remedy == "Use shop.store.Table instead."


def test_declared_rule_holds_only_where_it_says(tmp_path: Path) -> None:
    made = shop(tmp_path, {"db.yaml": DECLARED})
    made.write("shop/legacy/old.py", "print(1)\n").commit("old")

    assert verdict_on(made, "def paid():\n    return 2\n").outcome is Outcome.PASS


def test_call_without_a_keyword_and_one_reached_from_async_code(tmp_path: Path) -> None:
    rules: dict[str, str | bytes] = {
        "keyword.yaml": "{id: SHOP003, name: k, summary: No limit., remedy: Pass limit., "
        "calls: [shop.api.fetch], keyword: limit}",
        "async.yaml": "{id: SHOP004, name: a, summary: Slow., remedy: Await., "
        "calls: [slow.], reachable_from_async: true}",
    }
    head = (
        "import slow\nfrom shop.api import fetch\n\n\ndef paid():\n"
        "    fetch(limit=1)\n    fetch()\n    slow.read()\n\n\n"
        "async def answer():\n    return paid()\n\n\ndef other():\n    slow.read()\n"
    )
    verdict = verdict_on(shop(tmp_path, rules), head)

    assert [(one.rule, one.location.line) for one in verdict.findings] == [("SHOP003", 7), ("SHOP004", 8)]


def test_what_base_had_already_is_old(tmp_path: Path) -> None:
    had = "def paid():\n    print(1)\n"
    verdict = verdict_on(shop(tmp_path, {"db.yaml": DECLARED}, had), had + "\n\ndef more():\n    return 1\n")

    assert verdict.outcome is Outcome.PASS
    assert [one.status for one in verdict.findings] == [Status.OLD]


def test_rules_of_head_judge_nothing(tmp_path: Path) -> None:
    made = shop(tmp_path, {})
    made.write("policies/rules/db.yaml", DECLARED).write("policies/rules/x.py", PROGRAM)

    assert verdict_on(made, "def handle():\n    print(1)\n").outcome is Outcome.PASS


def test_program_judges_in_the_box(tmp_path: Path) -> None:
    real_box()
    verdict = verdict_on(shop(tmp_path, {"names.py": PROGRAM}), "def handle():\n    return 1\n")

    assert verdict.outcome is Outcome.BLOCK
    assert [(one.rule, one.location.symbol) for one in verdict.findings] == [("SHOP002", "shop.app")]
    assert verdict.findings[0].message == "a function is called handle"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('no')", "ValueError: no"),
        ("import shop.app", "ModuleNotFoundError"),
        ("x = 1", "defines no RULE"),
        ("while True:\n    pass", "ended or ran over its time"),
        ("import os\nos._exit(0)", "ended or ran over its time"),
        ("def broken(:", "SyntaxError"),
        (PROGRAM.replace("SHOP002", "GR102"), "not its own to report"),
        (PROGRAM.replace("if isinstance", "raise KeyError(node.name)\n    if isinstance"), "KeyError"),
    ],
    ids=["raises", "imports-head", "no-rule", "loops", "ends", "no-python", "impostor", "breaks-on-code"],
)
def test_program_that_cannot_judge_is_named_and_the_others_still_judge(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_box()
    monkeypatch.setattr("guardrails.gates.architecture.team.programs._SECONDS", 4.0)
    rules: dict[str, str | bytes] = {
        "bad.py": text,
        "good.py": PROGRAM.replace("SHOP002", "SHOP009"),
        "db.yaml": DECLARED,
    }
    verdict = verdict_on(shop(tmp_path, rules), "def handle():\n    print(1)\n")

    found = {one.rule for one in verdict.findings}
    (broken,) = [one for one in verdict.findings if one.rule == "GR199"]
    assert {"SHOP001", "SHOP009"} <= found
    assert (broken.effect, said in broken.message) == (Effect.UNDECIDED, True), broken.message


def test_program_cannot_touch_the_machine(tmp_path: Path) -> None:
    real_box()
    victim = tmp_path / "victim"
    victim.write_text("whole")
    text = f"import pathlib\npathlib.Path({str(victim)!r}).write_text('gone')\n" + PROGRAM
    verdict = verdict_on(shop(tmp_path / "repository", {"bad.py": text}), "def handle():\n    return 1\n")

    assert victim.read_text() == "whole"
    assert [one.rule for one in verdict.findings] == ["GR199"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{id: GR102, name: x, summary: s, remedy: r, calls: [a.b]}", "is no rule id of a team's"),
        ("{id: SHOP001, name: x, summary: s, remedy: r}", "the rule forbids nothing"),
        ("{id: SHOP001, name: x, summary: s, remedy: r, calls: ['a b']}", "is no dotted name"),
        ("{id: SHOP001, name: x, summary: s, remedy: r, calls: [a.b], sev: high}", "sev"),
    ],
)
def test_declared_rule_that_is_not_right_is_a_policy_error_with_its_line(
    text: str, said: str, tmp_path: Path
) -> None:
    made = shop(tmp_path, {"x.yaml": text})
    with pytest.raises(PolicyError, match=r"policies/rules/x\.yaml:1") as caught:
        verdict_on(made, CLEAN)
    assert said in str(caught.value)
