"""Scoring 500 candidates x 40 features x 200 trees: ours beside LightGBM and CatBoost, on one thread.

Target: at least 6 times less CPU than LightGBM's own predict, and no difference from CatBoost, which
trained the trees. All learn from the same rows and are measured in turn, in one run, in the training
environment.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from reference_service.models.trees import Single, Trees
from reference_service.ranking.nouns import FloatArray
from reference_service.training.environment import training_python
from reference_service.training.export import ensemble_of

CANDIDATES, COLUMNS, TREES, DEPTH, LEAVES = 500, 40, 200, 6, 31
LEARNED_ROWS, ROUNDS = 20_000, 200
TARGET = 6.0
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure here, or where LightGBM and CatBoost are."""
    if importlib.util.find_spec("lightgbm") is None:
        command = [str(training_python()), "-m", "benchmarks.scoring"]
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    import catboost  # noqa: PLC0415  only the training environment has them
    import lightgbm  # noqa: PLC0415

    random = np.random.default_rng(0)
    known = random.normal(size=(LEARNED_ROWS, COLUMNS)).astype(np.float32)
    label = _label(known, random)
    oblivious = catboost.CatBoostRegressor(
        iterations=TREES, depth=DEPTH, random_seed=1, allow_writing_files=False, verbose=0
    )
    oblivious.fit(known, label)
    settings = {"num_leaves": LEAVES, "num_threads": 1, "verbose": -1}
    leafwise = lightgbm.train(settings, lightgbm.Dataset(known, label), TREES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        oblivious.save_model(str(path), format="json")
        bias, trees = ensemble_of(json.loads(path.read_text("utf-8")))
    ours, asked = Trees(trees, bias), known[:CANDIDATES]
    names = [f"f{column}" for column in range(COLUMNS)]
    shown = asked[:30]
    scores = ours.scores(shown)
    spent = _cpu_milliseconds(
        {
            "LightGBM": lambda: leafwise.predict(asked, num_threads=1),
            "CatBoost": lambda: oblivious.predict(asked, thread_count=1),
            "ours": lambda: ours.scores(asked),
            "ours, parts of 30": lambda: ours.parts(names, shown, scores),
        }
    )
    for name, milliseconds in spent.items():
        print(
            f"{name:<18} {milliseconds:7.3f} CPU ms  {spent['LightGBM'] / milliseconds:6.1f} x less than LightGBM"
        )
    difference = np.abs(ours.raw(known) - oblivious.predict(known)).max()
    print(f"greatest difference from CatBoost over {LEARNED_ROWS} rows: {difference}")
    print(
        f"target: at least {TARGET:.0f} x less than LightGBM; reached {spent['LightGBM'] / spent['ours']:.1f} x"
    )
    return 0


def _label(known: Single, random: np.random.Generator) -> FloatArray:
    """Return what is learned: every column matters, some of them together, as in a ranking model."""
    pairs = random.integers(COLUMNS, size=(20, 2))
    together = [known[:, one] * np.maximum(known[:, other], 0) for one, other in pairs]
    label: FloatArray = known @ random.normal(size=COLUMNS) * 0.3 + np.sum(together, axis=0) * 0.5
    return label + random.normal(size=len(known))


def _cpu_milliseconds(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median CPU time of a call, of all threads, over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            begun = time.process_time()
            call()
            times[name].append(1000 * (time.process_time() - begun))
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    sys.exit(main())
