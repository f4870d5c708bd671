"""Base's policies/ folder becomes the Policy, or an error with file, line and remedy."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.adapters.policy.reader import read_policy
from guardrails.model.change import Stage
from guardrails.model.errors import PolicyError
from guardrails.model.finding import Effect
from guardrails.model.policy import BUILT_IN, BoxLevel, EnvironmentSource, StagePlan
from guardrails.model.waiver import Baseline, Waiver
from tests.guardrails.adapters.policy.reading import (
    ARCHITECTURE,
    FULL,
    GATES,
    PRINT,
    STYLE,
    WAIVER,
    Layers,
    Nothing,
    read,
    rule,
    said,
    waivers,
)
from tests.repos.memory import MemoryCache, MemoryTree


def test_whole_policy_is_read() -> None:
    policy = read(
        {
            "guardrails.yaml": FULL,
            "architecture.yaml": "layers: [api, model]\n",
            "waivers.yaml": waivers(WAIVER),
            "baseline.json": f'{{"version": 1, "fingerprints": ["{PRINT}", "{PRINT}"]}}',
            "approvers": "# who may say yes\nada\n\nbob@example.org  # from the team\n",
            "dependencies.yaml": "allow: [PyYAML, typing_extensions, zope.interface]\n",
            "schema/guardrails.json": "{}",
            "README.md": "Why.",
        }
    )
    service = policy.services[0]
    assert policy.stages == {
        Stage.COMMIT: StagePlan(("style",)),
        Stage.MERGE: StagePlan(("contract", "style")),
    }
    assert (policy.harness, policy.target, policy.minimum_box) == ("0.1.0", "main", BoxLevel.BUBBLEWRAP)
    assert policy.allows_disputes
    assert policy.allows_break_glass
    assert (service.name, service.factory, service.ready) == ("now-playing", True, "/readyz")
    assert service.environment == EnvironmentSource(python=".venv/bin/python")
    assert service.variables == {"NOW_PLAYING_CLOCK": "2026-01-01T00:00:00Z"}
    assert policy.settings_for("architecture", Layers) == Layers(("api", "model"))
    assert policy.settings_for("style", Nothing) == Nothing()
    assert policy.waivers == (Waiver(PRINT, "GR101", "ada", "old", date(2026, 12, 31)),)
    assert policy.baseline == Baseline((PRINT, PRINT))
    assert policy.approvers == ("ada", "bob@example.org")
    assert policy.allowed_packages == ("pyyaml", "typing-extensions", "zope-interface")
    assert policy.source.startswith("policies/ at ")


def test_ten_lines_are_enough_for_a_foreign_service() -> None:
    policy = read({"guardrails.yaml": "services:\n  - name: shop\n    app: shop.main:app\n"})
    assert policy.stages == {
        Stage.COMMIT: StagePlan(("style", "architecture", "contract")),
        Stage.MERGE: StagePlan(("style", "architecture", "contract")),
    }
    service = policy.services[0]
    assert (service.paths, service.ready, service.root) == (("shop", "shop.py"), "", ".")
    assert service.owns("shop/api/cards.py")
    assert not service.owns("shopping/cart.py")
    assert policy.minimum_box is BoxLevel.LANDLOCK
    assert not policy.allows_disputes
    assert not policy.allows_break_glass


def test_stage_that_is_left_out_keeps_its_defaults() -> None:
    policy = read({"guardrails.yaml": "stages: {commit: [style]}\n"})
    assert policy.stages[Stage.COMMIT] == StagePlan(("style",))
    assert policy.stages[Stage.MERGE] == StagePlan(("style", "architecture", "contract"))


def test_paths_of_a_service_under_a_root_and_of_a_bare_command() -> None:
    text = (
        "services:\n"
        "  - {name: a, app: 'shop.main:app', root: src}\n"
        "  - {name: b, command: [node, server.js, '{socket}'], root: web/}\n"
    )
    paths = [service.paths for service in read({"guardrails.yaml": text}).services]
    assert paths == [("src/shop", "src/shop.py"), ("web",)]


@pytest.mark.parametrize(
    ("app", "paths", "root"),
    [
        ("shop.app:app", "[src/shop]", "src"),
        ("shop.app:app", "[src]", "src"),
        ("shop.app:app", "[services/one/src/shop/api, deploy]", "services/one/src"),
        ("shop.app:app", "[shop, src/shop]", "."),
        ("shop.app:app", "[shop]", "."),
        ("shop.app:app", "[shop/shop]", "shop"),
        ("src.app:app", "[src]", "."),
        ("main:app", "[.]", "."),
    ],
)
def test_root_that_is_left_out_is_what_the_paths_show(app: str, paths: str, root: str) -> None:
    text = f"version: 1\nharness: 0.1.0\nservices:\n  - {{name: s, app: '{app}', paths: {paths}}}\n"
    (service,) = read({"guardrails.yaml": text}).services
    assert service.root == root


def test_without_policy_the_built_in_default_judges_and_says_so() -> None:
    policy = read_policy(MemoryTree({"shop/main.py": ""}), GATES, MemoryCache(), source="base")
    assert policy.source == BUILT_IN
    assert policy.stages[Stage.MERGE] == policy.stages[Stage.COMMIT] == StagePlan(("style", "architecture"))
    assert any("built-in" in note for note in policy.notes)


def test_lone_files_of_ours_are_said_not_to_be_read() -> None:
    notes = read({"architecture.yaml": "layers: [", "standards.yaml": ""}).notes
    assert any("policies/architecture.yaml is not read" in note for note in notes)
    assert not any("standards" in note for note in notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2", ":1: version is 2; choose from 1"),
        ("target: main\nsevices: []", ":2: the file has no key sevices; did you mean services?"),
        ("target: main\nharness: 0.1", ":2: harness is a number; write text, in quotes"),
        ("harness: latest", ":1: harness latest is no version; write one such as 0.1.0"),
        ("target: --force", ":1: target --force is no branch; write its name, such as main"),
        ("minimum_box: bublewrap", ':1: minimum_box is "bublewrap"; did you mean bubblewrap?'),
        ("disputes: on", ":1: on means a truth value"),
        ("disputes: 'true'", ":1: disputes is text; write true or false"),
        ("stages: {comit: [style]}", ':1: stages.comit is "comit"; did you mean commit?'),
        ("stages:\n  commit:\n    - stile", ":3: there is no gate stile; did you mean style?"),
        ("stages:\n  commit: []", ":2: stages.commit names no gate; name one"),
        ("stages:\n  commit: [style,\n    style]", ":3: the gate style is named twice; delete one"),
        ("stages:\n  commit: style", ":2: stages.commit is text; write a list"),
        ("services:\n  - app: a.b:c", ":2: services[0] lacks name; add it"),
        ("services:\n  - name: a", ":2: the service a has neither app nor command; add one"),
        ("services:\n  - {name: a, app: 'a:b', command: ['{socket}']}", ":2: the service a has both app"),
        ("services:\n  - name: a\n    app: a.b", ":3: app is a.b; write module:attribute"),
        (
            "services:\n  - name: a\n    app: a:b; import os",
            ":3: app is a:b; import os; write module:attribute",
        ),
        ("services:\n  - name: ../up\n    app: a:b", ":2: the name ../up is not usable in paths"),
        ("services:\n  - {name: a, app: 'a:b'}\n  - {name: a, app: 'a:b'}", ":3: two services are called a"),
        ("services:\n  - name: a\n    command: [serve]", ":3: command says nowhere which socket"),
        ("services:\n  - name: a\n    app: a:b\n    ready: readyz", ":4: ready is readyz; write a path"),
        ("services:\n  - name: a\n    app: a:b\n    start_seconds: 0", ":4: start_seconds is not above 0"),
        (
            "services:\n  - name: a\n    app: a:b\n    root: /etc",
            ":4: /etc is not a path inside the repository",
        ),
        (
            "services:\n  - name: a\n    app: a:b\n    paths:\n    - x\n    - ../y",
            ":6: ../y is not a path inside",
        ),
        ("services:\n  - name: a\n    app: a:b\n    tests: [C:\\x]", ":4: C:\\\\x is not a path inside"),
        ("services:\n  - name: a\n    app: a:b\n    variables: {A-B: x}", ":4: A-B is not a variable's name"),
        (
            "services:\n  - name: a\n    app: a:b\n    variables: {A: 1}",
            ":4: services[0].variables.A is a whole",
        ),
        (
            "services:\n  - name: a\n    app: a:b\n    environment: {python: x, lock: z}",
            ":4: environment has both python and lock",
        ),
        ("- services", ":1: the file is a list; write `key: value` lines"),
    ],
    ids=lambda value: ascii(value)[-40:],
)
def test_main_file_that_is_wrong_is_refused_with_line_and_remedy(text: str, expected: str) -> None:
    assert said(text).startswith(f"policies/guardrails.yaml{expected}")


def test_effects_of_known_rules_are_overridden_and_of_others_refused() -> None:
    gates = (replace(STYLE, rules=lambda: (rule("GR901"), rule("GR902", final=True))),)
    policy = read({"guardrails.yaml": "rules: {GR901: note}\n"}, gates)
    assert policy.effects == {"GR901": Effect.NOTE}
    assert "no gate has a rule GR9011; did you mean GR901?" in said("rules: {GR9011: note}", gates)
    assert ":2: GR902 (rule-gr902) is final" in said("rules:\n  GR902: block", gates)
    assert "no gate has a rule GR001" in said("rules: {GR001: note}", gates)
    assert 'rules.GR901 is "off"; choose from block, review, note' in said("rules: {GR901: 'off'}", gates)
    assert "choose from" in said("rules: {GR901: undecided}", gates)


def test_two_gates_cannot_share_a_settings_file() -> None:
    twin = replace(STYLE, settings_file="architecture.yaml")
    with pytest.raises(ValueError, match="already has a reader"):
        read({"guardrails.yaml": FULL}, (ARCHITECTURE, twin))


_LINES = FULL.splitlines(keepends=True)


@given(st.data())
def test_any_mangled_policy_is_read_or_refused_with_a_line(data: st.DataObject) -> None:
    lines = list(_LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        edit = data.draw(st.sampled_from(["drop", "double", "cut", "indent", "put"]))
        line = lines[number]
        if edit == "drop":
            lines[number] = ""
        elif edit == "double":
            lines[number] = line * 2
        elif edit == "cut":
            lines[number] = line[: data.draw(st.integers(0, len(line)))]
        elif edit == "indent":
            lines[number] = "  " + line
        else:
            place = data.draw(st.integers(0, len(line)))
            lines[number] = line[:place] + data.draw(st.text(max_size=3)) + line[place:]
    text = "".join(lines)
    try:
        read({"guardrails.yaml": text.encode("utf-8", "replace")})
    except PolicyError as error:
        assert error.line is not None
        assert str(error).isprintable()
