"""What cannot be served as it was trained is not exported."""

from typing import Any

import pytest

from reference_service.training.export import ensemble_of


def exported() -> dict[str, Any]:
    return {
        "scale_and_bias": [1, [0.25]],
        "features_info": {"float_features": [{"nan_value_treatment": "AsFalse"}]},
        "oblivious_trees": [
            {
                "splits": [{"float_feature_index": 0, "border": 0.5, "split_type": "FloatFeature"}],
                "leaf_values": [1.0, 2.0],
                "leaf_weights": [3.4, 4],
            }
        ],
    }


def test_trees_keep_their_numbers() -> None:
    bias, (tree,) = ensemble_of(exported())
    assert bias == 0.25
    assert (tree.columns, tree.thresholds, tree.leaves, tree.cover) == ((0,), (0.5,), (1.0, 2.0), (3, 4))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("scale_and_bias", [2, [0.0]], "without a scale"),
        ("scale_and_bias", [1, [0.0, 1.0]], "one-output"),
        ("features_info", {"float_features": [], "categorical_features": []}, "float features"),
        ("features_info", {"float_features": [{"nan_value_treatment": "AsTrue"}]}, "set nan_mode to Min"),
    ],
)
def test_what_serving_would_score_otherwise_is_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ensemble_of({**exported(), key: value})
