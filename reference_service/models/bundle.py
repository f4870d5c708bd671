"""A model as a directory that is named after its content, and nothing in it that could run.

Whoever holds the digest holds the model: the digest is that of `manifest.json`, which names every other
file with its own. Each file is read once; what was hashed is what is used.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference_service.models.documents import BundleError, Node
from reference_service.models.onnx import OnnxScorer
from reference_service.models.scorer import TreeScorer
from reference_service.models.signature import SURFACES, Feature, signature_of
from reference_service.models.weights import weights_of
from reference_service.ranking.nouns import Features

FORMAT = "now-playing-bundle/1"
COMMON = ("golden.jsonl", "signature.json", "stats.json", "train.json")
FILES = (*COMMON, "weights.json")
"""Of a bundle of trees."""
ONNX_FILES = (*(f"{surface}.onnx" for surface in SURFACES), *COMMON)
"""Of a bundle of ONNX graphs."""
LARGEST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model that was verified: every hash, its signature, and its own golden scores."""

    digest: str
    signature: tuple[Feature, ...]
    scorer: TreeScorer | OnnxScorer


def load_bundle(bundles: Path, digest: str, names: Sequence[str]) -> Bundle:
    """Return the bundle of this digest, for a service that computes the features `names` in this order.

    Raises BundleError where anything is missing, added, linked, changed, malformed, or scores other than
    its golden requests say.
    """
    Node(digest, "the bundle's digest").digest()
    texts = _verified(bundles / digest, digest)
    signature = signature_of(Node.of(texts["signature.json"], "signature.json"), names)
    scorer = _scorer(texts, digest, names)
    _check_statistics(Node.of(texts["stats.json"], "stats.json"), names)
    Node.of(texts["train.json"], "train.json").members()
    _check_golden(texts["golden.jsonl"], scorer, names)
    return Bundle(digest, signature, scorer)


def _scorer(texts: Mapping[str, bytes], digest: str, names: Sequence[str]) -> TreeScorer | OnnxScorer:
    if "weights.json" in texts:
        return TreeScorer(digest, names, weights_of(Node.of(texts["weights.json"], "weights.json"), names))
    return OnnxScorer(digest, names, {surface: texts[f"{surface}.onnx"] for surface in SURFACES})


def _verified(folder: Path, digest: str) -> Mapping[str, bytes]:
    """Return the files of a bundle, each with the hash that the manifest gives it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise BundleError(
            f"{folder.name}: no bundle is here ({error.strerror}); add it, or name another in active.lock"
        ) from None
    try:
        manifest = _read(handle, "manifest.json")
        _check_hash("manifest.json", manifest, digest)
        hashes = _hashes(Node.of(manifest, "manifest.json"))
        listed = sorted(os.listdir(handle))  # noqa: PTH208  pathlib cannot list an open folder
        if listed != sorted((*hashes, "manifest.json")):
            raise BundleError(
                f"{folder.name}: this bundle holds exactly {', '.join(sorted(hashes))} and manifest.json;"
                f" here are {', '.join(ascii(name) for name in listed[:20])}"
            )
        texts = {name: _read(handle, name) for name in hashes}
    finally:
        os.close(handle)
    for name, text in texts.items():
        _check_hash(name, text, hashes[name])
    return texts


def _hashes(manifest: Node) -> dict[str, str]:
    form, files = manifest.fields("format", "files")
    if form.text() != FORMAT:
        form.fail(f'"{FORMAT}", the one format that is served')
    hashes = {name: node.digest() for name, node in files.members().items()}
    if sorted(hashes) not in (sorted(FILES), sorted(ONNX_FILES)):
        files.fail(f"exactly the names {', '.join(FILES)}, or {', '.join(ONNX_FILES)}")
    return hashes


def _read(folder: int, name: str) -> bytes:
    try:
        # Not to block on a pipe that someone put here.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        raise BundleError(f"{name}: cannot be read ({error.strerror}); a bundle holds plain files") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BundleError(f"{name}: not a plain file; a bundle holds plain files")
        text = file.read(LARGEST_BYTES + 1)
    if len(text) > LARGEST_BYTES:
        raise BundleError(f"{name}: longer than {LARGEST_BYTES} bytes")
    return text


def _check_hash(name: str, text: bytes, expected: str) -> None:
    actual = hashlib.sha256(text).hexdigest()
    if actual != expected:
        raise BundleError(
            f"{name}: its SHA-256 is {actual[:12]}… and should be {expected[:12]}…;"
            " a bundle is never edited: export a new one"
        )


def _check_statistics(document: Node, names: Sequence[str]) -> None:
    for surface in document.fields(*SURFACES):
        for feature in surface.fields(*names):
            quantiles, missing = feature.fields("quantiles", "missing")
            values = [node.number() for node in quantiles.elements(2, 101)]
            if values != sorted(values):
                quantiles.fail("quantiles in ascending order")
            missing.number(0.0, 1.0)


def _check_golden(text: bytes, scorer: TreeScorer | OnnxScorer, names: Sequence[str]) -> None:
    """Raise BundleError unless each golden request scores as recorded, and each surface has one."""
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        surface, rows, scores = Node.of(line, f"golden.jsonl line {number}").fields(
            "surface", "rows", "scores"
        )
        name = next((known for known in SURFACES if known == surface.text()), None)
        if name is None:
            surface.fail(f"one of {', '.join(SURFACES)}")
        values = np.array([_row(row, len(names)) for row in rows.elements(1)])
        expected = [score.whole(-(2**53), 2**53) for score in scores.elements(len(values), len(values))]
        actual = scorer.scores(name, Features(tuple(names), values)).tolist()
        if any(abs(one - other) > scorer.tolerance for one, other in zip(actual, expected, strict=True)):
            scores.fail(f"what this model scores: {actual[:3]}")
        seen.add(name)
    if seen != set(SURFACES):
        raise BundleError(f"golden.jsonl: needs requests for each of {', '.join(SURFACES)}")


def _row(node: Node, width: int) -> list[float]:
    return [float("nan") if value.is_null else value.number() for value in node.elements(width, width)]


def write_bundle(bundles: Path, texts: Mapping[str, str | bytes]) -> str:
    """Write a bundle of these files where its digest says; return the digest. What it holds is not checked."""
    encoded = {name: text.encode() if isinstance(text, str) else text for name, text in sorted(texts.items())}
    hashes = {name: hashlib.sha256(text).hexdigest() for name, text in encoded.items()}
    manifest = (json.dumps({"format": FORMAT, "files": hashes}, indent=1) + "\n").encode()
    digest = hashlib.sha256(manifest).hexdigest()
    folder = bundles / digest
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (*encoded.items(), ("manifest.json", manifest)):
        (folder / name).write_bytes(text)
    return digest
