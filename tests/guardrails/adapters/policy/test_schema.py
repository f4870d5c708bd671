"""Editors' schemas say what the decoder accepts, and the committed ones are up to date."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError, meta

from guardrails.adapters.policy.document import parse
from guardrails.adapters.policy.reader import read_policy
from guardrails.adapters.policy.schema import SCHEMA_FOLDER, schemas, stale_schemas, write_schemas
from guardrails.model.policy import BUILT_IN
from guardrails.wiring import catalog
from tests.guardrails.adapters.policy.reading import FULL, GATES, STYLE, WAIVER, waivers
from tests.repos.memory import MemoryCache, MemoryTree

ROOT = Path(__file__).parents[4]
POLICIES = ROOT / "policies"


def check(name: str, text: str) -> None:
    schema = json.loads(schemas(GATES)[name])
    meta.validate(schema)
    Draft202012Validator(schema).validate(parse(name, text.encode()).data)


def test_what_the_reader_accepts_is_valid_under_the_schema() -> None:
    check("guardrails.json", FULL)
    check("waivers.json", waivers(WAIVER))
    check("dependencies.json", "allow: [a]\n")
    check("architecture.json", "layers: [a, b]\ndepth: 2\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("guardrails.json", "sevices: []"),
        ("guardrails.json", "minimum_box: strong"),
        ("guardrails.json", "stages: {comit: [style]}"),
        ("guardrails.json", "services: [{app: 'a:b'}]"),
        ("guardrails.json", "rules: {GR901: undecided}"),
        ("waivers.json", "- {fingerprint: aaaaaaaa, rule: GR101, owner: ada, reason: old}"),
        ("architecture.json", "depth: deep"),
    ],
)
def test_what_the_reader_refuses_by_type_is_invalid_under_the_schema(name: str, text: str) -> None:
    with pytest.raises(ValidationError):
        check(name, text)


def test_fields_are_described_by_their_class_and_show_defaults() -> None:
    schema = json.loads(schemas(GATES)["guardrails.json"])
    assert (
        schema["properties"]["target"]["description"]
        == "`target` is the branch that changes are merged into."
    )
    assert schema["properties"]["minimum_box"]["default"] == "landlock"
    assert "`command`" in schema["$defs"]["Service"]["properties"]["command"]["description"]


def test_writing_brings_a_folder_up_to_date_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    names = (
        "architecture.json",
        "dependencies.json",
        "gone.json",
        "guardrails.json",
        "rule.json",
        "waivers.json",
    )
    assert stale_schemas(GATES, tmp_path) == names
    assert write_schemas(GATES, tmp_path) == names
    assert write_schemas(GATES, tmp_path) == ()
    assert stale_schemas((STYLE,), tmp_path) == ("architecture.json",)


def test_settings_that_no_policy_file_can_hold_are_refused() -> None:
    with pytest.raises(TypeError):
        schemas([replace(STYLE, settings=int, settings_file="style.yaml")])


def test_committed_schemas_are_those_of_the_gates() -> None:
    stale = stale_schemas(catalog().gates, ROOT / SCHEMA_FOLDER)
    assert not stale, f"{stale} are out of date; run `.venv/bin/guardrails policy schema --write`"


def test_allowed_packages_of_this_repository_are_those_of_its_lock() -> None:
    locked = {
        line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().split("\n") if "==" in line
    }
    allowed = parse("dependencies.yaml", (POLICIES / "dependencies.yaml").read_bytes()).data
    assert allowed == {"allow": sorted(locked)}


def test_policy_of_this_repository_is_accepted_and_names_its_schemas() -> None:
    files = [path for path in POLICIES.rglob("*") if path.is_file()]
    tree = MemoryTree({path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files})
    assert read_policy(tree, catalog().gates, MemoryCache()).source != BUILT_IN
    for path in files:
        if path.suffix == ".yaml":
            first = path.read_text().split("\n", 1)[0]
            assert first == f"# yaml-language-server: $schema=schema/{path.stem}.json", path
