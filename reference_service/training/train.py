"""Train a model on a simulated log and write it as a bundle that serves: see --help.

It needs the training environment:

    $(python -m reference_service.training.environment) -m reference_service.training.train --seed 3
"""

import argparse
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from reference_service.features.assembly import NAMES
from reference_service.models.additive import AdditiveScorer
from reference_service.models.bundle import load_bundle, write_bundle
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from reference_service.models.scorer import single
from reference_service.models.signature import SURFACES, Feature, signature_document
from reference_service.models.trees import Trees
from reference_service.models.weights import Ensemble, weights_text
from reference_service.ranking.nouns import Features, FloatArray, Surface
from reference_service.training.debias import seen_by_place, targets
from reference_service.training.export import ensemble_of
from reference_service.training.simulator import SHOWN, Log, World, expected_clicks, relevance, simulate

PARAMETERS: Mapping[str, Any] = {
    "loss_function": "RMSE",
    "iterations": 48,
    "depth": 4,
    "learning_rate": 0.15,
    "border_count": 64,
    "nan_mode": "Min",
    "thread_count": 1,
    "random_seed": 0,
    "bootstrap_type": "No",
    "random_strength": 0,
}
FALLING = frozenset({"recent_skips"})
"""The one feature that may only lower a score; each other may only raise it."""
GOLDEN_ROWS = 12
EVALUATED_REQUESTS = 2_000
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Trained:
    """What was learned for one surface, and from what."""

    ensemble: Ensemble
    log: Log
    seen: FloatArray


def main(words: list[str]) -> int:
    """Train, write the bundle, and name it in active.lock; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the log (default %(default)s)")
    parser.add_argument("--requests", type=int, default=20_000, help="a surface (default %(default)s)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of bundles/ and active.lock")
    parser.add_argument("--first", action="store_true", help="ignore what active.lock names now")
    chosen = parser.parse_args(words)
    world = World()
    trained = {surface: _trained(world, surface, chosen.requests, chosen.seed) for surface in SURFACES}
    measured = {surface: _measured(world, surface, trained[surface], chosen.seed) for surface in SURFACES}
    provenance = _provenance(trained, measured, chosen.seed, chosen.requests)
    digest = write_bundle(chosen.models / "bundles", _texts(trained, provenance))
    load_bundle(chosen.models / "bundles", digest, NAMES)
    before = None if chosen.first else read_lock(chosen.models).bundle
    write_lock(chosen.models, Lock(digest, before, before))
    sys.stdout.write(json.dumps({"bundle": digest, "measured": measured}, indent=1) + "\n")
    return 0


def _trained(world: World, surface: Surface, requests: int, seed: int) -> Trained:
    log = simulate(world, surface, requests, seed)
    seen = seen_by_place(log.place, log.clicked, log.is_random)
    label, weight = targets(log.place, log.clicked, seen)
    return Trained(learn(log.features, label, weight), log, seen)


def learn(features: FloatArray, label: FloatArray, weight: FloatArray) -> Ensemble:
    """Return the trees that CatBoost learns; equal input gives equal trees.

    Raises ValueError where these trees would score any of the rows other than CatBoost does.
    """
    # Only here: the rest of this folder can be read and tested where CatBoost is not installed.
    import catboost  # noqa: PLC0415

    trend = {name: -1 if name in FALLING else 1 for name in NAMES}
    model = catboost.CatBoostRegressor(
        **PARAMETERS,
        monotone_constraints=[trend[name] for name in NAMES],
        allow_writing_files=False,
        verbose=0,
    )
    rows = single(features)
    model.fit(catboost.Pool(rows, label, weight=weight))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        bias, trees = ensemble_of(json.loads(path.read_text("utf-8")))
    unequal = int((Trees(trees, bias).raw(rows) != model.predict(rows)).sum())
    if unequal:
        raise ValueError(
            f"{unequal} of {len(rows)} rows score other than CatBoost says; do not serve these trees"
        )
    return bias, trees


def _measured(world: World, surface: Surface, trained: Trained, seed: int) -> dict[str, float]:
    """Return expected clicks a request on fresh requests, by who chooses; `recovered` is the share of the way
    from the hand-set policy to the truth itself."""
    bias, trees = trained.ensemble
    learned, hand = Trees(trees, bias), AdditiveScorer()
    clicks = expected_clicks(
        world,
        surface,
        {
            "hand_set": lambda values: hand.scores(surface, Features(NAMES, values)).astype(np.float64),
            "model": lambda values: learned.raw(single(values)),
            "truth": lambda values: relevance(surface, values),
        },
        EVALUATED_REQUESTS,
        seed,
    )
    recovered = (clicks["model"] - clicks["hand_set"]) / (clicks["truth"] - clicks["hand_set"])
    return {name: round(value, 4) for name, value in {**clicks, "recovered": recovered}.items()}


def _provenance(
    trained: Mapping[Surface, Trained], measured: object, seed: int, requests: int
) -> dict[str, object]:
    folder = Path(__file__).parent
    code = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    data = [array.tobytes() for one in trained.values() for array in (one.log.features, one.log.clicked)]
    return {
        "data": {
            "source": "reference_service.training.simulator",
            "seed": seed,
            "requests": requests,
            "impressions": requests * SHOWN,
            "sha256": hashlib.sha256(b"".join(data)).hexdigest(),
        },
        "code_sha256": hashlib.sha256(b"\0".join(code)).hexdigest(),
        "parameters": dict(PARAMETERS),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("catboost", "numpy")},
        },
        "seen_by_place": {surface: one.seen.round(4).tolist() for surface, one in trained.items()},
        "expected_clicks_per_request": measured,
    }


def _texts(trained: Mapping[Surface, Trained], provenance: Mapping[str, object]) -> dict[str, str]:
    signature = [Feature(name, -1.0, 1.0) for name in NAMES]
    return {
        "weights.json": weights_text({surface: one.ensemble for surface, one in trained.items()}, NAMES),
        "signature.json": _json(signature_document(signature)),
        "golden.jsonl": "".join(_golden(surface, one) for surface, one in trained.items()),
        "stats.json": _json({surface: _statistics(one.log.features) for surface, one in trained.items()}),
        "train.json": _json(provenance),
    }


def _golden(surface: Surface, trained: Trained) -> str:
    """Return a line of requests and scores: rows of the log, and for each feature one where it is missing."""
    bias, trees = trained.ensemble
    rows = np.vstack((trained.log.features[:GOLDEN_ROWS], trained.log.features[: len(NAMES)]))
    np.fill_diagonal(rows[GOLDEN_ROWS:], np.nan)
    scores = Trees(trees, bias).scores(single(rows)).tolist()
    values = [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]
    return json.dumps({"surface": surface, "rows": values, "scores": scores}) + "\n"


def _statistics(features: FloatArray) -> dict[str, object]:
    quantiles = np.quantile(features, QUANTILES, axis=0).T.tolist()
    missing = np.isnan(features).mean(axis=0).tolist()
    return {
        name: {"quantiles": values, "missing": share}
        for name, values, share in zip(NAMES, quantiles, missing, strict=True)
    }


def _json(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
