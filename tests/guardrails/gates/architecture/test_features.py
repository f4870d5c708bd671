"""Names of features agree between the schema of the model in use and the code, whichever of them changes."""

import json
from pathlib import Path

import pytest

from guardrails.gates.architecture.gate import GATE
from guardrails.gates.architecture.settings import Settings
from guardrails.model.errors import CannotJudge
from tests.guardrails.gates.architecture.judged import POLICY, Files, found, settings_of
from tests.repos.memory import context_for

ROOT = Path(__file__).parents[4]
_SETTINGS = """
features:
  schema: models/{bundle}/signature.json
  lock: models/active.lock
  produced: [shop.features.NAMES]
"""
SHOP: Files = {
    POLICY: _SETTINGS,
    "shop/__init__.py": "",
    "shop/features.py": "NAMES = ('affinity', 'age')\n",
    "models/active.lock": '{"bundle": "one"}',
    "models/one/signature.json": '{"features": [{"name": "affinity"}, {"name": "age"}]}',
    "models/two/signature.json": '{"features": [{"name": "affinity"}]}',
}


def messages(head: Files, base: Files | None = None) -> list[str]:
    return [one.message for one in found(head, base) if one.rule == "GR155"]


def service() -> dict[str, str | bytes]:
    places = [
        POLICY,
        "reference_service/features/assembly.py",
        "reference_service/models/additive.py",
        "reference_service/training/train.py",
        "reference_service/models/active.lock",
        *(
            str(one.relative_to(ROOT))
            for one in ROOT.glob("reference_service/models/bundles/*/signature.json")
        ),
    ]
    return {one: (ROOT / one).read_text("utf-8") for one in places}


def test_the_service_computes_and_weighs_what_its_model_in_use_names() -> None:
    files = service()
    assert settings_of(files).features.produced
    assert messages(files) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "name"),
    [
        ("reference_service/features/assembly.py", '    "hour",\n', '    "hours",\n', "hours"),
        ("reference_service/features/assembly.py", '    "hour",\n', "", "hour"),
        ("reference_service/models/additive.py", '"popularity": 0.3', '"fame": 0.3', "fame"),
        ("reference_service/training/train.py", '{"recent_skips"}', '{"skips"}', "skips"),
    ],
)
def test_another_name_in_the_service_is_found(path: str, old: str, new: str, name: str) -> None:
    base = service()
    text = base[path]
    assert isinstance(text, str) and old in text
    assert any(f"`{name}`" in one for one in messages({**base, path: text.replace(old, new)}, base))


def test_a_lock_that_names_another_model_is_judged_though_no_code_changed() -> None:
    head = {**SHOP, "models/active.lock": '{"bundle": "two"}'}
    assert messages(SHOP) == []
    assert messages(head, SHOP) == [
        "`shop.features.NAMES` names the feature `age`, which models/two/signature.json lacks"
    ]
    context = context_for(SHOP, head, settings={"architecture": settings_of(SHOP)})
    assert GATE.skip is not None
    assert GATE.skip(context.change, context.policy) is None
    without = context_for(SHOP, head, settings={"architecture": Settings()})
    assert GATE.skip(without.change, without.policy) is not None


def test_a_name_that_base_had_wrong_too_is_old() -> None:
    base = {**SHOP, "models/active.lock": '{"bundle": "two"}'}
    assert messages({**base, "shop/features.py": "NAMES = ('affinity', 'age')\n\nMORE = 1\n"}, base) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"models/active.lock": "{}"},
        {"models/active.lock": '{"bundle": "three"}'},
        {"models/one/signature.json": "{"},
        {"models/one/signature.json": '{"features": []}'},
        {"shop/features.py": "NAMES = tuple(load())\n"},
    ],
)
def test_what_cannot_be_read_is_undecided(broken: Files) -> None:
    with pytest.raises(CannotJudge):
        found({**SHOP, **broken})


@pytest.mark.parametrize(
    "document",
    [
        {"inputs": json.dumps([{"name": "affinity", "type": "float"}, {"name": "age", "type": "float"}])},
        {"signature": {"inputs": [{"name": "affinity"}, {"name": "age"}]}},
        {"features": {"affinity": {"dtype": "float32"}, "age": {"dtype": "float32"}}},
        {"columns": ["affinity", "age"]},
        ["affinity", "age"],
    ],
)
def test_schemas_of_other_shapes_are_read(document: object) -> None:
    held = {**SHOP, "models/one/signature.json": json.dumps(document)}
    assert messages(held) == []
    assert len(messages({**held, "shop/features.py": "NAMES = ('affinity',)\n"})) == 1
