"""A bundle of the size that a large service would serve, so that figures under load are not those of a toy."""

import json
from pathlib import Path

import numpy as np

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import COMMON, write_bundle
from reference_service.models.documents import Node
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from reference_service.models.scorer import TreeScorer
from reference_service.models.signature import SURFACES
from reference_service.models.trees import Tree
from reference_service.models.weights import weights_of, weights_text
from reference_service.ranking.nouns import Features

GOLDEN_ROWS = 4


def write_models(folder: Path, trees: int, depth: int) -> None:
    """Write a folder of models whose one bundle has so many random trees; its other files are the active one's."""
    random = np.random.default_rng(7)
    texts: dict[str, str | bytes] = {
        name: (MODELS / "bundles" / read_lock(MODELS).bundle / name).read_bytes() for name in COMMON
    }
    ensembles = {surface: (0.0, [_tree(random, depth) for _ in range(trees)]) for surface in SURFACES}
    texts["weights.json"] = weights = weights_text(ensembles, NAMES)
    scorer = TreeScorer("", NAMES, weights_of(Node.of(weights.encode(), "weights"), NAMES))
    lines = []
    for surface in SURFACES:
        rows = random.uniform(-1, 1, (GOLDEN_ROWS, len(NAMES)))
        scores = scorer.scores(surface, Features(NAMES, rows)).tolist()
        lines.append(json.dumps({"surface": surface, "rows": rows.tolist(), "scores": scores}))
    texts["golden.jsonl"] = "\n".join(lines) + "\n"
    write_lock(folder, Lock(write_bundle(folder / "bundles", texts), None, None))


def _tree(random: np.random.Generator, depth: int) -> Tree:
    return Tree(
        columns=tuple(random.integers(len(NAMES), size=depth).tolist()),
        thresholds=tuple(random.uniform(-1, 1, depth).astype(np.float32).astype(np.float64).tolist()),
        leaves=tuple(random.normal(0, 0.02, 2**depth).tolist()),
        cover=tuple(random.integers(1, 1_000, 2**depth).tolist()),
    )
