"""Trees as a document: `weights.json`, one ensemble a surface, one tree a line.

JSON and not a binary format: it cannot carry code, its numbers keep every bit (the shortest text that
reads back the same), and a promotion can be reviewed.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from reference_service.models.documents import Node
from reference_service.models.signature import SURFACES, column_of
from reference_service.models.trees import DEEPEST, Tree, Trees
from reference_service.ranking.nouns import Surface

MOST_TREES = 2_000
GREATEST_LEAF = 1_000.0
"""Points; so that no sum of leaves leaves the numbers that JSON clients read exactly."""
GREATEST_SINGLE = float(np.finfo(np.float32).max)

Ensemble = tuple[float, Sequence[Tree]]
"""A bias in points, and trees."""


def weights_of(document: Node, names: Sequence[str]) -> dict[Surface, Trees]:
    """Return the trees of each surface, over columns in the order of `names`, or raise BundleError."""
    return {
        surface: _ensemble(node, names)
        for surface, node in zip(SURFACES, document.fields(*SURFACES), strict=True)
    }


def _ensemble(node: Node, names: Sequence[str]) -> Trees:
    bias, trees = node.fields("bias", "trees")
    return Trees([_tree(tree, names) for tree in trees.elements(1, MOST_TREES)], bias.number())


def _tree(node: Node, names: Sequence[str]) -> Tree:
    splits, leaves, cover = node.fields("splits", "leaves", "cover")
    pairs = [split.elements(2, 2) for split in splits.elements(1, DEEPEST)]
    count = 2 ** len(pairs)
    return Tree(
        columns=tuple(column_of(name, names) for name, _ in pairs),
        thresholds=tuple(_single(threshold) for _, threshold in pairs),
        leaves=tuple(leaf.number(-GREATEST_LEAF, GREATEST_LEAF) for leaf in leaves.elements(count, count)),
        cover=tuple(rows.whole(0, 10**12) for rows in cover.elements(count, count)),
    )


def _single(node: Node) -> float:
    value = node.number(-GREATEST_SINGLE, GREATEST_SINGLE)
    if float(np.float32(value)) != value:
        node.fail("a number that float32 holds exactly")
    return value


def weights_text(ensembles: Mapping[Surface, Ensemble], names: Sequence[str]) -> str:
    """Return the one text of these ensembles, which `weights_of` reads back bit for bit."""
    surfaces = []
    for surface in SURFACES:
        bias, trees = ensembles[surface]
        lines = ",\n".join(json.dumps(_tree_document(tree, names)) for tree in trees)
        surfaces.append(f'"{surface}": {{"bias": {json.dumps(bias)}, "trees": [\n{lines}\n]}}')
    return "{" + ",\n".join(surfaces) + "}\n"


def _tree_document(tree: Tree, names: Sequence[str]) -> dict[str, object]:
    return {
        "splits": [
            [names[column], threshold]
            for column, threshold in zip(tree.columns, tree.thresholds, strict=True)
        ],
        "leaves": tree.leaves,
        "cover": tree.cover,
    }
