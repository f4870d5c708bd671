"""Training, end to end in its own environment: equal to the trainer, repeatable, better than what was."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import load_bundle
from reference_service.models.lock import MODELS, read_lock

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.slow


def said_by(trainer: Path, *words: str) -> Any:
    ended = subprocess.run(
        [trainer, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_scores_are_catboosts_on_200_000_rows_to_the_last_bit(trainer: Path) -> None:
    counted = said_by(trainer, "tests.reference_service.training.parity")
    assert (counted["rows"], counted["trees"]) == (200_000, 200)
    assert counted["rows_with_nan"] > 50_000
    assert counted["distinct_scores"] > 150_000
    assert counted["bias"] != 0.0
    assert (counted["different"], counted["different_alone"]) == (0, 0)


def test_training_repeats_itself_and_beats_the_hand_set_weights(trainer: Path, tmp_path: Path) -> None:
    words = ("reference_service.training.train", "--first", "--seed", "9", "--requests", "3000", "--models")
    first, second = (said_by(trainer, *words, str(tmp_path / name)) for name in ("a", "b"))
    assert first == second
    lock = read_lock(tmp_path / "a")
    assert (lock.bundle, lock.parent) == (first["bundle"], None)
    assert load_bundle(tmp_path / "a" / "bundles", lock.bundle, NAMES).digest == lock.bundle
    for clicks in first["measured"].values():
        assert clicks["hand_set"] < clicks["model"] < clicks["truth"]


def test_a_promotion_names_what_it_replaces_as_parent_and_rollback(trainer: Path, tmp_path: Path) -> None:
    words = ("reference_service.training.train", "--requests", "500", "--models", str(tmp_path))
    first = said_by(trainer, *words, "--first", "--seed", "1")
    second = said_by(trainer, *words, "--seed", "2")
    lock = read_lock(tmp_path)
    assert (lock.bundle, lock.parent, lock.rollback) == (second["bundle"], first["bundle"], first["bundle"])


def test_the_committed_model_says_what_it_was_made_of() -> None:
    lock = read_lock(MODELS)
    provenance = json.loads((MODELS / "bundles" / lock.bundle / "train.json").read_text("utf-8"))
    assert provenance["data"]["impressions"] == 200_000
    assert set(provenance["versions"]) == {"python", "catboost", "numpy"}
    assert all(0.5 < clicks["recovered"] < 1 for clicks in provenance["expected_clicks_per_request"].values())
