"""From what CatBoost learned to the trees that serve."""

from collections.abc import Mapping, Sequence
from typing import Any

from reference_service.models.trees import Tree
from reference_service.models.weights import Ensemble


def ensemble_of(model: Mapping[str, Any]) -> Ensemble:  # Any: CatBoost's own JSON
    """Return the trees of CatBoost's JSON export, or raise ValueError where serving would differ from it.

    Refused are scales, more than one output, categorical features, and NaN counted as the greatest value.
    """
    scale, biases = model["scale_and_bias"]
    info = model["features_info"]
    if scale != 1 or len(biases) != 1 or set(info) - {"float_features"}:
        raise ValueError("only one-output models of float features without a scale can be exported")
    if any(feature["nan_value_treatment"] == "AsTrue" for feature in info["float_features"]):
        raise ValueError("the trainer counts NaN as the greatest value; set nan_mode to Min")
    return float(biases[0]), [_tree(tree) for tree in model["oblivious_trees"]]


def _tree(tree: Mapping[str, Any]) -> Tree:
    splits: Sequence[Mapping[str, Any]] = tree["splits"]
    return Tree(
        columns=tuple(split["float_feature_index"] for split in splits),
        thresholds=tuple(split["border"] for split in splits),
        leaves=tuple(tree["leaf_values"]),
        cover=tuple(round(weight) for weight in tree["leaf_weights"]),
    )
