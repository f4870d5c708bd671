"""Policies that cannot be read, or that a change writes for itself."""

from pathlib import Path

import pytest

from tests.attacks.shops import APP, TEN_LINES, changed

_SLEEPS = "import time\n\n\nasync def nap():\n    time.sleep(1)\n"
_BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{chr(98 + depth)}: &{chr(98 + depth)} [{', '.join([f'*{chr(97 + depth)}'] * 10)}]\n"
    for depth in range(9)
)
UNREADABLE: dict[str, str | bytes] = {
    "tab": "version: 1\n\tservices: []\n",
    "unknown key": "version: 1\nservicez: []\n",
    "duplicate key": "version: 1\nversion: 1\n",
    "alias bomb": _BOMB,
    "list": "- 1\n",
    "binary": b"\x00\xff\xfe",
    "latin": b"version: 1 # \xe9\n",
    "depth": "a: " + "[" * 20_000,
    "tag": 'version: !!python/object/apply:os.system ["false"]\n',
    "size": "version: 1\n#" + "x" * 2_000_000,
    "version": "version: 99\n",
    "gate": "version: 1\nstages: {merge: [nope]}\n",
    "no gates": "version: 1\nstages: {merge: []}\n",
    "box": "version: 1\nminimum_box: strong\n",
    "number": f"version: {'9' * 6000}\n",
    "infinity": TEN_LINES + "    start_seconds: .inf\n",
    "control character": 'version: 1\nservices: [{name: "\\e[31mshop", app: "shop.app:app"}]\n',
    "path": TEN_LINES + "    paths: [../../etc]\n",
    "type": TEN_LINES + "    start_seconds: soon\n",
    "app and command": TEN_LINES + '    command: [x, "{socket}"]\n',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_policy_of_base_is_an_error_with_its_place(place: Path, name: str) -> None:
    base = {"shop/app.py": APP, "policies/guardrails.yaml": UNREADABLE[name]}
    arena = changed(place, base)
    for words in (("review", "--base", "main"), ("check",)):
        ended = arena.run(*words)
        assert ended.code == 2
        assert ended.err.startswith("guardrails: policies/guardrails.yaml:")
        assert len(ended.err.splitlines()) == 1
        assert len(ended.err) < 400
        assert ended.out == ""
    doctor = arena.run("doctor")
    assert doctor.code == 3
    assert "policies/guardrails.yaml:" in doctor.out


@pytest.mark.parametrize("name", ["tab", "unknown key", "alias bomb", "binary", "size"])
def test_unreadable_policy_of_head_is_a_finding_and_rules_nothing(place: Path, name: str) -> None:
    base = {"shop/app.py": APP, "policies/guardrails.yaml": TEN_LINES}
    head = {"policies/guardrails.yaml": UNREADABLE[name], "shop/slow.py": _SLEEPS}
    ended = changed(place, base, head).review("--gate", "integrity", "--gate", "architecture")
    assert ended.code == 1
    assert "GR102" in ended.rules
    assert "GR507" in ended.rules


GRANTS: dict[str, dict[str, str]] = {
    "fewer gates": {"policies/guardrails.yaml": "version: 1\nstages: {merge: [style]}\n"},
    "softer effects": {"policies/guardrails.yaml": "version: 1\neffects: {GR102: note, GR507: note}\n"},
    "an approver": {"policies/approvers": "agent@example.org\n"},
    "a waiver": {
        "policies/waivers.yaml": "waivers:\n  - {rule: GR102, fingerprint: '*', owner: me, reason: why not,"
        " expires: 2999-01-01}\n"
    },
    "a baseline": {"policies/baseline.json": '{"version": 1, "findings": {"GR102": 1}}\n'},
    "no policy at all": {"policies/guardrails.yaml": ""},
}


@pytest.mark.parametrize("name", GRANTS)
def test_change_cannot_allow_itself(place: Path, name: str) -> None:
    base = {"shop/app.py": APP, "policies/guardrails.yaml": "version: 1\n"}
    ended = changed(place, base, {**GRANTS[name], "shop/slow.py": _SLEEPS}).review()
    assert ended.code == 1
    assert "GR102" in ended.rules
    assert ended.outcome("integrity") in {"review", "block"}


def test_first_of_two_commits_cannot_loosen_what_judges_the_second(place: Path) -> None:
    """At commit, policy is that of the merge-base with the target, not of the commit before."""
    from tests.repos.builder import RepositoryBuilder

    base = {"shop/app.py": APP, "policies/guardrails.yaml": "version: 1\n"}
    arena = changed(place, base, {"policies/guardrails.yaml": "version: 1\neffects: {GR102: note}\n"})
    repository = RepositoryBuilder(arena.repository, init=None)
    repository.write("shop/slow.py", _SLEEPS).stage()
    ended = arena.run("check", "--format", "json")
    assert ended.code == 1
    assert "GR102" in ended.rules
