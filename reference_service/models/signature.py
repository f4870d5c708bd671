"""What a model expects of its input: features by name, in order, with type, range and what null means.

A model that is fed columns in another order answers without complaint and wrongly, so the order is
compared once, when a bundle is loaded, and not hoped for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from reference_service.models.documents import BundleError, Node
from reference_service.ranking.nouns import Surface

SURFACES: tuple[Surface, ...] = get_args(Surface)
MOST_FEATURES = 31
"""An answer shows at most 32 parts of a score: `base`, and one a feature."""
NULL_POLICY = "below"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: float32, from `least` to `greatest`; null counts as below every threshold."""

    name: str
    least: float
    greatest: float


def signature_of(document: Node, names: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features of a signature, or raise BundleError where they are not `names` in order."""
    features, surfaces = document.fields("features", "surfaces")
    columns = tuple(_feature(node) for node in features.elements(1, MOST_FEATURES))
    if tuple(column.name for column in columns) != tuple(names):
        features.fail(f"the features that this service computes, in order: {', '.join(names)}")
    if tuple(node.text() for node in surfaces.elements()) != SURFACES:
        surfaces.fail(f"the surfaces {', '.join(SURFACES)}")
    return columns


def _feature(node: Node) -> Feature:
    name, dtype, least, greatest, null = node.fields("name", "dtype", "least", "greatest", "null")
    if dtype.text() != "float32":
        dtype.fail('"float32", the one type that trees compare')
    if null.text() != NULL_POLICY:
        null.fail(f'"{NULL_POLICY}", the one null policy: below every threshold')
    feature = Feature(name.text(), least.number(), greatest.number())
    if feature.least >= feature.greatest:
        greatest.fail(f"more than the least value {feature.least:g}")
    return feature


def signature_document(features: Sequence[Feature]) -> dict[str, object]:
    """Return the document that `signature_of` reads as these features."""
    columns = [
        {
            "name": feature.name,
            "dtype": "float32",
            "least": feature.least,
            "greatest": feature.greatest,
            "null": NULL_POLICY,
        }
        for feature in features
    ]
    return {"features": columns, "surfaces": list(SURFACES)}


def column_of(node: Node, names: Sequence[str]) -> int:
    """Return the column of the feature that is named here."""
    name = node.text()
    if name not in names:
        raise BundleError(f"the trees ask for {name!r}, which the signature does not hold")
    return names.index(name)
