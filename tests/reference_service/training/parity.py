"""Runs in the training environment: are our scores CatBoost's, to the last bit? Prints what it counted.

Rows stand on every threshold exactly and next to it, lack values, or hold the ends of float32.
"""

import json
import sys
import tempfile
from pathlib import Path

import catboost
import numpy as np

from reference_service.models.trees import Single, Trees
from reference_service.training.export import ensemble_of

ROWS, COLUMNS, TREES = 200_000, 40, 200


def rows(random: np.random.Generator, count: int) -> Single:
    values: Single = random.normal(size=(count, COLUMNS)).astype(np.float32)
    values[random.random(values.shape) < 0.02] = np.nan
    return values


def main() -> None:
    random = np.random.default_rng(5)
    known = rows(random, 20_000)
    filled = np.nan_to_num(known)
    label = (
        filled[:, 0] * filled[:, 1] + filled[:, 2] + np.isnan(known[:, 3]) + random.normal(size=len(known))
    )
    model = catboost.CatBoostRegressor(
        iterations=TREES,
        depth=6,
        nan_mode="Min",
        thread_count=2,
        random_seed=1,
        allow_writing_files=False,
        verbose=0,
    )
    model.fit(known, label)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        bias, trees = ensemble_of(json.loads(path.read_text("utf-8")))
    asked = rows(random, ROWS)
    pairs = [pair for tree in trees for pair in zip(tree.columns, tree.thresholds, strict=True)]
    exact = len(asked) // 4
    for row in range(exact):
        for _ in range(4):
            column, threshold = pairs[random.integers(len(pairs))]
            edge = np.float32(threshold)
            side = (np.float32(-np.inf), edge, np.float32(np.inf))[random.integers(3)]
            asked[row, column] = np.nextafter(edge, side)
    ends = np.array(
        [np.inf, -np.inf, 0.0, -0.0, np.finfo(np.float32).max, np.finfo(np.float32).tiny], dtype=np.float32
    )
    asked[exact : exact + 20_000] = random.choice(ends, size=(20_000, COLUMNS))
    expected = model.predict(asked)
    ours = Trees(trees, bias)
    actual = ours.raw(asked)
    alone = np.concatenate([ours.raw(asked[row : row + 1]) for row in range(500)])
    counted = {
        "rows": len(asked),
        "trees": len(trees),
        "bias": bias,
        "different": int((actual != expected).sum()),
        "different_alone": int((alone != expected[:500]).sum()),
        "rows_with_nan": int(np.isnan(asked).any(axis=1).sum()),
        "rows_on_thresholds": exact,
        "distinct_scores": len(np.unique(expected)),
    }
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main()
