"""Runs where ONNX Runtime is: bundles of graphs, good and bad; prints what came of each."""

import json
import os
import sys
import tempfile
from pathlib import Path

import catboost
import numpy as np

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import COMMON, load_bundle, write_bundle
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, read_lock
from reference_service.models.onnx import OnnxScorer
from reference_service.ranking.nouns import POINT, Features

ROWS = 500


def graph(columns: int, folder: Path) -> tuple[bytes, catboost.CatBoostRegressor]:
    random = np.random.default_rng(1)
    known = random.uniform(-1, 1, size=(2_000, columns))
    model = catboost.CatBoostRegressor(iterations=60, depth=4, allow_writing_files=False, verbose=0)
    model.fit(known, known[:, 0] + known[:, 1] * known[:, 2])
    model.save_model(str(folder / "model.onnx"), format="onnx")
    return (folder / "model.onnx").read_bytes(), model


def number(field: int, value: int) -> bytes:
    """A whole number as protobuf writes it."""
    return varint(field << 3) + varint(value)


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value % 128 + 128]) + varint(value // 128)


def nested(field: int, *parts: bytes) -> bytes:
    """A text, or a message of these parts, as protobuf writes it."""
    content = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(content)) + content


def port(field: int, name: bytes, rows: bytes, columns: int) -> bytes:
    shape = nested(2, nested(1, nested(2, rows)), nested(1, number(1, columns)))
    return nested(field, nested(1, name), nested(2, nested(1, number(1, 1), shape)))


def linear(*weights: bytes) -> bytes:
    """A graph that multiplies rows by weights, which are given as fields of a tensor."""
    tensor = (number(1, len(NAMES)), number(1, 1), number(2, 1), nested(8, b"weights"))
    node = nested(1, nested(1, b"rows"), nested(1, b"weights"), nested(2, b"scores"), nested(4, b"MatMul"))
    ports = port(11, b"rows", b"N", len(NAMES)), port(12, b"scores", b"N", 1)
    graph = nested(7, node, nested(2, b"linear"), nested(5, *tensor, *weights), *ports)
    return number(1, 8) + graph + nested(8, nested(1, b""), number(2, 13))


def picky() -> bytes:
    """A graph that takes no rows but those of which seven numbers can be made."""
    shape = nested(5, number(1, 2), number(2, 7), nested(8, b"shape"), nested(9, np.array([7, 1]).tobytes()))
    node = nested(1, nested(1, b"rows"), nested(1, b"shape"), nested(2, b"scores"), nested(4, b"Reshape"))
    ports = port(11, b"rows", b"N", len(NAMES)), port(12, b"scores", b"M", 1)
    graph = nested(7, node, nested(2, b"picky"), shape, *ports)
    return number(1, 8) + graph + nested(8, nested(1, b""), number(2, 13))


def outside(location: str) -> bytes:
    """A graph whose weights are in a file that no bundle holds."""
    entries = {"location": location, "offset": "0", "length": str(4 * len(NAMES))}
    data = [nested(13, nested(1, key.encode()), nested(2, text.encode())) for key, text in entries.items()]
    return linear(*data, number(14, 1))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good, model = graph(len(NAMES), folder)
        narrow, _ = graph(len(NAMES) - 1, folder)
        source = MODELS / "bundles" / read_lock(MODELS).bundle
        common: dict[str, str | bytes] = {file: (source / file).read_text("utf-8") for file in COMMON}
        values = np.random.default_rng(2).uniform(-1, 1, size=(ROWS, len(NAMES))).astype(np.float32)
        scores = np.rint(model.predict(values[:3]) * POINT).astype(int).tolist()
        golden = "".join(
            json.dumps({"surface": surface, "rows": values[:3].tolist(), "scores": scores}) + "\n"
            for surface in ("cards", "up_next")
        )

        def tried(**graphs: bytes) -> str:
            texts = {f"{surface}.onnx": graph for surface, graph in graphs.items()}
            try:
                load_bundle(folder, write_bundle(folder, {**common, "golden.jsonl": golden, **texts}), NAMES)
            except BundleError as error:
                return str(error)
            return "loaded"

        said = {
            "good": tried(cards=good, up_next=good),
            "narrow": tried(cards=good, up_next=narrow),
            "broken": tried(cards=good[: len(good) // 2], up_next=good),
            "empty": tried(cards=b"", up_next=good),
            "one surface": tried(cards=good),
            "picky": tried(cards=picky(), up_next=good),
        }
        zeros = bytes(4 * len(NAMES))
        (folder / "weights.bin").write_bytes(zeros)
        os.chdir(folder)
        said |= {
            "weights inside": tried(cards=linear(nested(9, zeros)), up_next=good),
            "weights outside": tried(cards=outside("weights.bin"), up_next=good),
            "weights at a path": tried(cards=outside(str(folder / "weights.bin")), up_next=good),
            "weights above": tried(cards=outside(f"../{folder.name}/weights.bin"), up_next=good),
        }
        steep = linear(nested(9, np.full(len(NAMES), 1e30, dtype=np.float32).tobytes()))
        hand = OnnxScorer("0" * 64, NAMES, {"cards": steep})
        texts = {**common, "golden.jsonl": golden, "cards.onnx": good, "up_next.onnx": good}
        scorer = load_bundle(folder, write_bundle(folder, texts), NAMES).scorer
    features = Features(NAMES, values.astype(np.float64))
    ours, trainers = scorer.scores("cards", features), model.predict(values)
    missing = Features(NAMES, np.full((2, len(NAMES)), np.nan))
    counted = {
        **said,
        "greatest_difference_millionths": float(np.abs(ours - trainers * POINT).max()),
        "moves_in_top_30": int((np.argsort(-ours)[:30] != np.argsort(-trainers)[:30]).sum()),
        "parts_are_scores": bool((scorer.parts("cards", features, ours).values.sum(axis=1) == ours).all()),
        "scores_of_missing": scorer.scores("cards", missing).tolist(),
        "scores_of_extremes": [
            hand.scores("cards", Features(NAMES, np.full((1, len(NAMES)), value))).tolist()[0]
            for value in (np.nan, np.inf, -1e300, 1.0)
        ],
        "rows_of_none": len(scorer.scores("cards", Features(NAMES, np.zeros((0, len(NAMES)))))),
    }
    sys.stdout.write(json.dumps(counted))


if __name__ == "__main__":
    main()
