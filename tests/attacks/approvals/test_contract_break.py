"""A contract break from end to end on the command line: blocked, consented to from CI's report, and let through."""

import json
from pathlib import Path

import pytest

from tests.attacks.approvals.desk import LATER, POLICY, TODAY, key, line
from tests.attacks.arena import Arena
from tests.repos.builder import RepositoryBuilder

DOCUMENT = """\
openapi: 3.1.0
info: {title: Teas, version: "1"}
paths:
  /teas:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 50}}]
      responses:
        "200": {description: Teas, content: {application/json: {schema: {type: array, items: {type: string}}}}}
"""
TEAS = POLICY.replace("merge: [architecture, integrity]", "commit: [contract]")
TEAS += "services:\n  - {name: teas, app: 'teas.app:app', contract: contracts/teas}\n"
COMMITS = ("--base", "main", "--stage", "commit")


@pytest.fixture
def arena(place: Path) -> Arena:
    """Return an arena in which a branch promises twenty teas where `main` promised fifty."""
    repository = RepositoryBuilder(place / "teas")
    repository.write_all(
        {
            "policies/guardrails.yaml": TEAS,
            "policies/approvers": line("ann"),
            "contracts/teas/openapi.yaml": DOCUMENT,
            "teas/__init__.py": "",
        }
    ).commit("Promise fifty")
    repository.branch("fewer").write("contracts/teas/openapi.yaml", DOCUMENT.replace("50", "20"))
    repository.commit("Promise twenty")
    return Arena(repository.path, place / "user")


def approve(arena: Arena, name: str, *words: str) -> "tuple[int, str]":
    """Let ann approve without being asked; return the exit code and what was said."""
    signed = ("--reason", "no client asks for more", "--until", str(LATER), "--key", str(key("ann")), "--yes")
    ended = arena.run("approve", name, *signed, *words)
    return ended.code, ended.out + ended.err


def test_a_break_is_blocked_approved_from_ci_s_report_and_let_through(arena: Arena, tmp_path: Path) -> None:
    blocked = arena.review("--stage", "commit")
    (found,) = json.loads(blocked.out)["findings"]
    report = tmp_path / "verdict.json"
    report.write_text(blocked.out)
    code, said = approve(arena, found["fingerprint"][:8], "--verdict", str(report), "--stage", "commit")
    assert (blocked.code, found["rule"], code) == (1, "GR201", 0), said
    assert "curl -X GET 'http://localhost/teas?limit=21'" in said
    sarif = tmp_path / "verdict.sarif"
    passed = arena.run(
        "review", *COMMITS, "--format", "sarif", "--output", str(sarif), "--format", "terminal"
    )
    (result,) = json.loads(sarif.read_text())["runs"][0]["results"]
    consent = f"approved by ann@example.org until {LATER}: no client asks for more"
    assert passed.code == 0
    assert "approved GR201  contracts/teas\n" in passed.out
    assert consent in passed.out
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": consent}]
    agent = arena.run("review", *COMMITS, "--format", "agent")
    assert f"GR201 {consent}" in agent.out


@pytest.mark.parametrize(
    ("old", "new"), [("limit=21", "limit=2"), ("accepts it", "accepts nothing"), ('"GR201"', '"GR202"')]
)
def test_a_report_that_was_altered_is_not_signed(arena: Arena, tmp_path: Path, old: str, new: str) -> None:
    text = arena.review("--stage", "commit").out
    assert old in text
    (tmp_path / "verdict.json").write_text(text.replace(old, new))
    code, said = approve(arena, "GR201", "--verdict", str(tmp_path / "verdict.json"), "--stage", "commit")
    assert code == 2
    fingerprint = json.loads(text)["findings"][0]["fingerprint"]
    code, said = approve(arena, fingerprint, "--verdict", str(tmp_path / "verdict.json"), "--stage", "commit")
    assert code == 2
    assert "shortened or altered" in said or "names no finding" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', "[" * 100_000, "\x00", '{"schema": 2}'])
def test_what_is_no_report_is_refused(arena: Arena, tmp_path: Path, text: str) -> None:
    (tmp_path / "verdict.json").write_text(text)
    code, said = approve(arena, "c1c3a6ed", "--verdict", str(tmp_path / "verdict.json"))
    assert code == 2
    assert "this is no report" in said


def test_a_report_of_another_change_is_not_signed(arena: Arena, tmp_path: Path) -> None:
    text = arena.review("--stage", "commit").out
    digest = json.loads(text)["change"]["digest"]
    (tmp_path / "verdict.json").write_text(text.replace(digest, "0" * 64))
    code, said = approve(arena, "c1c3a6ed", "--verdict", str(tmp_path / "verdict.json"))
    assert code == 2
    assert "the change is not the one that was judged" in said


def test_approvals_travel_by_push_and_fetch(arena: Arena, place: Path) -> None:
    listed = arena.run("approve", *COMMITS).out
    name = next(word for word in listed.split() if word.startswith("GR201-"))
    assert approve(arena, name, *COMMITS)[0] == 0
    origin = RepositoryBuilder(place / "teas", init=None)
    origin.git("clone", "-q", "--no-local", str(origin.path), str(place / "ci"))
    clone = RepositoryBuilder(place / "ci", init=None)
    clone.git("checkout", "-q", "fewer")
    ci = Arena(clone.path, place / "runner")
    refs = "refs/guardrails/approvals/*"
    before = ci.run("review", "--base", "origin/main", "--stage", "commit")
    clone.git("fetch", "-q", "origin", f"{refs}:{refs}")
    after = ci.run("review", "--base", "origin/main", "--stage", "commit")
    assert (before.code, after.code) == (1, 0)


def test_a_ref_that_is_no_approval_is_told_and_harms_nothing(arena: Arena) -> None:
    origin = RepositoryBuilder(arena.repository, init=None)
    big = origin.git("hash-object", "-w", "--stdin", stdin=b"x" * 70_000)
    small = origin.git("hash-object", "-w", "--stdin", stdin=b"hello")
    for name, blob in (("big", big), ("small", small), ("commit", origin.head)):
        origin.git("update-ref", f"refs/guardrails/approvals/{name}", blob)
    ended = arena.review("--stage", "commit")
    assert ended.code == 1
    assert ended.out.count("GR006") >= 3


def test_nobody_is_asked_where_nobody_can_answer(arena: Arena) -> None:
    words = ("--reason", "x", "--until", str(TODAY), "--key", str(key("ann")), *COMMITS)
    listed = arena.run("approve", *COMMITS).out
    name = next(word for word in listed.split() if word.startswith("GR201-"))
    ended = arena.run("approve", name, *words)
    assert ended.code == 2
    assert "give --yes" in ended.err
