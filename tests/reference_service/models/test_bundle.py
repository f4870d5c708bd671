"""Bundles that are not what they claim to be: each is refused, and the message says where."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import FILES, LARGEST_BYTES, load_bundle, write_bundle
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, read_lock
from reference_service.ranking.nouns import Features

ACTIVE = read_lock(MODELS).bundle
TEXTS = {name: (MODELS / "bundles" / ACTIVE / name).read_text("utf-8") for name in FILES}


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """A folder with a copy of the active bundle."""
    write_bundle(tmp_path / "bundles", TEXTS)
    return tmp_path / "bundles"


def edited(name: str, change: Callable[[Any], object]) -> dict[str, str]:
    document = json.loads(TEXTS[name])
    change(document)
    return {**TEXTS, name: json.dumps(document)}


def first_tree(document: Any) -> Any:
    return document["cards"]["trees"][0]


def test_the_bundles_that_the_lock_names_load_and_differ() -> None:
    lock = read_lock(MODELS)
    assert lock.parent is not None
    assert lock.rollback is not None
    loaded = [
        load_bundle(MODELS / "bundles", digest, NAMES) for digest in (lock.bundle, lock.parent, lock.rollback)
    ]
    assert [bundle.digest for bundle in loaded] == [lock.bundle, lock.parent, lock.rollback]
    rows = Features(NAMES, np.linspace(-1, 1, 20 * len(NAMES)).reshape(20, -1))
    now, before = (bundle.scorer.scores("up_next", rows).tolist() for bundle in loaded[:2])
    assert now != before


def test_no_folder_but_the_locks_lies_about() -> None:
    lock = read_lock(MODELS)
    present = {path.name for path in (MODELS / "bundles").iterdir()}
    assert present == {lock.bundle, lock.parent, lock.rollback} - {None}


def test_writing_the_same_texts_again_gives_the_same_digest_and_loads(tmp_path: Path) -> None:
    assert write_bundle(tmp_path, TEXTS) == ACTIVE
    assert load_bundle(tmp_path, ACTIVE, NAMES).digest == ACTIVE


def test_scores_do_not_depend_on_the_order_of_the_features_that_are_given() -> None:
    scorer = load_bundle(MODELS / "bundles", ACTIVE, NAMES).scorer
    values = np.linspace(-1, 1, 6 * len(NAMES)).reshape(6, -1)
    turned = Features(NAMES[::-1], values[:, ::-1])
    assert (scorer.scores("cards", turned) == scorer.scores("cards", Features(NAMES, values))).all()


def test_nonsense_in_features_gives_scores_and_parts_that_sum_to_them() -> None:
    scorer = load_bundle(MODELS / "bundles", ACTIVE, NAMES).scorer
    nonsense = np.array([[np.nan], [np.inf], [-np.inf], [1e300], [-1e300], [5e-324]])
    features = Features(NAMES, np.repeat(nonsense, len(NAMES), axis=1))
    scores = scorer.scores("up_next", features)
    assert (scorer.parts("up_next", features, scores).values.sum(axis=1) == scores).all()
    assert scores[0] == scores[2] == scores[4], "what is not known is below every threshold"


def truncate(folder: Path) -> None:
    text = (folder / "weights.json").read_bytes()
    (folder / "weights.json").write_bytes(text[: len(text) // 2])


def link(folder: Path) -> None:
    (folder / "weights.json").rename(folder.parent / "elsewhere.json")
    (folder / "weights.json").symlink_to(folder.parent / "elsewhere.json")


def pipe(folder: Path) -> None:
    (folder / "weights.json").unlink()
    os.mkfifo(folder / "weights.json")


def swell(folder: Path) -> None:
    with (folder / "stats.json").open("ab") as file:
        file.truncate(LARGEST_BYTES + 1)


def link_folder(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(folder.with_name("moved"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, r"weights.json: its SHA-256 is .* should be"),
        (lambda at: (at / "weights.json").write_text(TEXTS["weights.json"] + " "), "weights.json: its SHA"),
        (lambda at: (at / "manifest.json").write_text("{}"), "manifest.json: its SHA-256 is"),
        (lambda at: (at / "stats.json").unlink(), "this bundle holds exactly"),
        (lambda at: (at / ".hidden").touch(), r"this bundle holds exactly .*'\.hidden'"),
        (lambda at: (at / "weights.pkl").touch(), "this bundle holds exactly .*'weights.pkl'"),
        (lambda at: (at / "weights\x1b[2J\udcff").touch(), r"this bundle holds exactly .*\\x1b\[2J\\udcff"),
        (link, "weights.json: cannot be read .* plain files"),
        (pipe, "weights.json: not a plain file"),
        (swell, "stats.json: longer than"),
        (link_folder, "no bundle is here"),
        (shutil.rmtree, "no bundle is here"),
    ],
)
def test_a_damaged_folder_is_refused(bundles: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(bundles / ACTIVE)
    with pytest.raises(BundleError, match=message):
        load_bundle(bundles, ACTIVE, NAMES)


@pytest.mark.parametrize("digest", ["../bundles", "", ".", ACTIVE[:-1], ACTIVE.upper(), "/" + ACTIVE[1:]])
def test_a_digest_that_is_none_never_becomes_a_path(bundles: Path, digest: str) -> None:
    with pytest.raises(BundleError, match="expected a SHA-256"):
        load_bundle(bundles, digest, NAMES)


def test_another_bundle_under_this_name_is_refused(bundles: Path) -> None:
    other = write_bundle(bundles, {**TEXTS, "train.json": "{}"})
    shutil.rmtree(bundles / ACTIVE)
    (bundles / other).rename(bundles / ACTIVE)
    with pytest.raises(BundleError, match=r"manifest\.json: its SHA-256"):
        load_bundle(bundles, ACTIVE, NAMES)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"format": "pickle/4", "files": {}}, "expected \"now-playing-bundle/1\", .* found 'pickle/4'"),
        ({"format": "now-playing-bundle/1", "files": {"../../app.py": "0" * 64}}, "exactly the names golden"),
        (
            {"format": "now-playing-bundle/1", "files": dict.fromkeys(FILES, "0")},
            r"golden\.jsonl: expected a SHA",
        ),
        ([], "manifest.json: expected an object"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(bundles: Path, manifest: object, message: str) -> None:
    text = json.dumps(manifest).encode()
    digest = hashlib.sha256(text).hexdigest()
    (bundles / ACTIVE).rename(bundles / digest)
    (bundles / digest / "manifest.json").write_bytes(text)
    with pytest.raises(BundleError, match=message):
        load_bundle(bundles, digest, NAMES)


def put(key: str, value: object) -> Callable[[Any], None]:
    return lambda document: first_tree(document).__setitem__(key, value)


HUGE = 10**400
WRONG_CONTENT = {
    "nan leaf": (
        edited("weights.json", lambda d: first_tree(d)["leaves"].__setitem__(0, float("nan"))),
        "weights.json: not strict JSON: NaN is no number",
    ),
    "huge leaf": (
        edited("weights.json", lambda d: first_tree(d)["leaves"].__setitem__(3, HUGE)),
        r"weights.json.cards.trees\[0\].leaves\[3\]: expected a finite number from -1000 to 1000",
    ),
    "leaf of text": (
        edited("weights.json", lambda d: first_tree(d)["leaves"].__setitem__(0, "1")),
        "expected a number",
    ),
    "true leaf": (
        edited("weights.json", put("leaves", [True] * 16)),
        "expected a number",
    ),
    "infinite bias": (
        {**TEXTS, "weights.json": re.sub('"bias": [^,]+', '"bias": 1e999', TEXTS["weights.json"], count=1)},
        "weights.json.cards.bias: expected a finite number",
    ),
    "too few leaves": (edited("weights.json", put("leaves", [0.0])), "expected a list of 16 to 16"),
    "too deep": (edited("weights.json", put("splits", [["hour", 0.5]] * 9)), "expected a list of 1 to 8"),
    "no level": (edited("weights.json", put("splits", [])), "expected a list of 1 to 8"),
    "foreign feature": (
        edited("weights.json", lambda d: first_tree(d)["splits"].__setitem__(0, ["age", 0.5])),
        "the trees ask for 'age'",
    ),
    "threshold of 64 bits": (
        edited("weights.json", lambda d: first_tree(d)["splits"].__setitem__(0, ["hour", 0.1])),
        "expected a number that float32 holds exactly",
    ),
    "negative cover": (edited("weights.json", put("cover", [-1] * 16)), "expected a whole number from 0"),
    "no surface": (edited("weights.json", lambda d: d.pop("cards")), "exactly the names cards, up_next"),
    "name given twice": ({**TEXTS, "train.json": '{"a": 1, "a": 2}'}, "train.json: .*a name is given twice"),
    "nested without end": ({**TEXTS, "train.json": "[" * 100_000}, "train.json: not strict JSON"),
    "not JSON": ({**TEXTS, "signature.json": "\x80\x04."}, "signature.json: not strict JSON"),
    "features in another order": (
        edited("signature.json", lambda d: d["features"].reverse()),
        "signature.json.features: expected the features that this service computes, in order: affinity",
    ),
    "a feature short": (edited("signature.json", lambda d: d["features"].pop()), "in order: affinity"),
    "float64": (
        edited("signature.json", lambda d: d["features"][0].__setitem__("dtype", "float64")),
        r"features\[0\].dtype: expected \"float32\"",
    ),
    "another null policy": (
        edited("signature.json", lambda d: d["features"][0].__setitem__("null", "mean")),
        r"features\[0\].null: expected \"below\"",
    ),
    "empty range": (
        edited("signature.json", lambda d: d["features"][0].__setitem__("greatest", -1.0)),
        "expected more than the least value",
    ),
    "another score": (
        {**TEXTS, "golden.jsonl": TEXTS["golden.jsonl"].replace('"scores": [', '"scores": [1', 1)},
        "golden.jsonl line 1.scores: expected what this model scores",
    ),
    "no golden request": ({**TEXTS, "golden.jsonl": ""}, "golden.jsonl: needs requests for each of cards"),
    "quantiles that fall": (
        edited("stats.json", lambda d: d["cards"]["hour"]["quantiles"].reverse()),
        "cards.hour.quantiles: expected quantiles in ascending order",
    ),
    "provenance that is no object": ({**TEXTS, "train.json": "[]"}, "train.json: expected an object"),
}


@pytest.mark.parametrize(("texts", "message"), WRONG_CONTENT.values(), ids=WRONG_CONTENT)
def test_wrong_content_with_right_hashes_is_refused(
    tmp_path: Path, texts: dict[str, str], message: str
) -> None:
    digest = write_bundle(tmp_path, texts)
    with pytest.raises(BundleError, match=message):
        load_bundle(tmp_path, digest, NAMES)


def test_other_weights_under_the_old_golden_scores_are_refused(tmp_path: Path) -> None:
    def nudge(document: Any) -> None:
        for tree in document["up_next"]["trees"]:
            tree["leaves"][0] += 1e-3

    digest = write_bundle(tmp_path, edited("weights.json", nudge))
    with pytest.raises(BundleError, match=r"golden.jsonl line 2.scores: expected what this model scores"):
        load_bundle(tmp_path, digest, NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "active.lock: expected exactly the names bundle, parent, rollback"),
        (
            json.dumps({"bundle": "..", "parent": None, "rollback": None}),
            "active.lock.bundle: expected a SHA",
        ),
        (
            json.dumps({"bundle": ACTIVE, "parent": None, "rollback": "../x"}),
            "active.lock.rollback: expected a SHA",
        ),
        (json.dumps({"bundle": ACTIVE, "parent": ACTIVE, "rollback": None}), "also named as its parent"),
        ("{" * 5_000, "active.lock: longer than"),
        ("bundle: x", "active.lock: not strict JSON"),
        (None, "active.lock: cannot be read"),
    ],
)
def test_a_lock_that_names_no_bundle_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "active.lock").write_text(text)
    with pytest.raises(BundleError, match=message):
        read_lock(tmp_path)
