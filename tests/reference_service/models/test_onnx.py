"""Bundles of ONNX graphs: served alike where the runtime is, refused by name where it is not."""

import json
import subprocess
from pathlib import Path

import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import COMMON, load_bundle, write_bundle
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, read_lock

ROOT = Path(__file__).resolve().parents[3]


def test_without_the_runtime_a_bundle_of_graphs_is_refused_and_the_remedy_named(tmp_path: Path) -> None:
    source = MODELS / "bundles" / read_lock(MODELS).bundle
    texts: dict[str, str | bytes] = {name: (source / name).read_bytes() for name in COMMON}
    digest = write_bundle(tmp_path, {**texts, "cards.onnx": b"graph", "up_next.onnx": b"graph"})
    with pytest.raises(BundleError, match=r"cards\.onnx: (ONNX Runtime is not installed; |cannot be loaded)"):
        load_bundle(tmp_path, digest, NAMES)


@pytest.mark.slow
def test_graphs_score_as_their_trainer_and_bad_ones_are_named(trainer: Path) -> None:
    ended = subprocess.run(
        [trainer, "-m", "tests.reference_service.models.onnx_check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["good"] == "loaded"
    assert said["narrow"] == "up_next.onnx: expected any number of rows of 10 features, found ['N', 9]"
    assert said["broken"].startswith("cards.onnx: cannot be loaded: ")
    assert said["empty"].startswith("cards.onnx: cannot be loaded: ")
    assert "expected exactly the names" in said["one surface"]
    assert said["picky"].startswith("cards.onnx: failed on 3 rows: ")
    assert said["greatest_difference_millionths"] <= 10
    assert (said["moves_in_top_30"], said["parts_are_scores"], said["rows_of_none"]) == (0, True, 0)
    assert len(set(said["scores_of_missing"])) == 1
    assert said["scores_of_extremes"] == [-1_000_000_000, 1_000_000_000, -1_000_000_000, 1_000_000_000]
    assert "cards.onnx" not in said["weights inside"]
    assert "what this model scores" in said["weights inside"], "the graph itself is sound"
    for place in ("weights outside", "weights at a path", "weights above"):
        assert said[place].startswith("cards.onnx: cannot be loaded: "), place
