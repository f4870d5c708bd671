"""Policies and gates in memory, and the two ways in which reading them ends."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from guardrails.adapters.policy.reader import read_policy
from guardrails.model.change import Stage
from guardrails.model.errors import PolicyError
from guardrails.model.finding import Effect
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy
from guardrails.model.rule import Report, Rule
from tests.repos.memory import MemoryCache, MemoryTree


@dataclass(frozen=True, slots=True)
class Layers:
    layers: tuple[str, ...] = ()
    depth: int = 3


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


def rule(identity: str, *, final: bool = False) -> Rule:
    return Rule(identity, f"rule-{identity.lower()}", "some", "s", "w", "r", Effect.BLOCK, final=final)


def _run(context: Context) -> Report:
    raise AssertionError("reading policy runs no gate")


def _no_rules() -> tuple[Rule, ...]:
    raise AssertionError("rules were asked for without need")


BOTH = frozenset({Stage.COMMIT, Stage.MERGE})
STYLE = Gate("style", "Style", BOTH, Nothing, _no_rules, _run)
ARCHITECTURE = Gate("architecture", "Architecture", BOTH, Layers, _no_rules, _run, "architecture.yaml")
CONTRACT = Gate("contract", "Contract", BOTH, Nothing, _no_rules, _run, dynamic=True)
GATES = (STYLE, ARCHITECTURE, CONTRACT)

FULL = """\
version: 1
harness: 0.1.0
target: main
minimum_box: bubblewrap
disputes: true
break_glass: true
stages: {commit: [style], merge: [contract, style]}
services:
  - name: now-playing
    paths: [reference_service, contracts/now_playing]
    app: reference_service.app:create_app
    factory: true
    ready: /readyz
    environment: {python: .venv/bin/python}
    variables: {NOW_PLAYING_CLOCK: "2026-01-01T00:00:00Z"}
    tests: [tests/reference_service]
    contract: contracts/now_playing
    lock: requirements.lock
"""
PRINT = "0123456789abcdef0123"
WAIVER = {"fingerprint": PRINT, "rule": "GR101", "owner": "ada", "reason": "old", "expires": "2026-12-31"}


def waivers(entry: Mapping[str, str]) -> str:
    lines = [f"  {key}: {value}" for key, value in entry.items()]
    return "# why\n- " + "\n".join(lines).strip() + "\n"


def read(files: Mapping[str, str | bytes], gates: tuple[Gate, ...] = GATES) -> Policy:
    tree = MemoryTree({f"policies/{name}": content for name, content in files.items()})
    return read_policy(tree, gates, MemoryCache())


def refusal(files: Mapping[str, str | bytes], gates: tuple[Gate, ...] = GATES) -> str:
    with pytest.raises(PolicyError) as caught:
        read(files, gates)
    assert "; " in caught.value.message
    return str(caught.value)


def said(extra: str, gates: tuple[Gate, ...] = GATES) -> str:
    """Return why a guardrails.yaml with these lines is refused."""
    return refusal({"guardrails.yaml": extra}, gates)
