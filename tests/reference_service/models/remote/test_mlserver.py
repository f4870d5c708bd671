"""A real MLServer: the scores are the trees' own, and what it lets through itself is refused here."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import load_bundle
from reference_service.models.lock import MODELS, read_lock
from reference_service.models.remote.model import RemoteModel
from reference_service.models.remote.over_grpc import GrpcTransport
from reference_service.models.remote.over_http import HttpTransport
from reference_service.models.remote.tensors import RemoteError
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import Features
from tests.reference_service.models.remote.model_server import ModelServer, model_server


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """One MLServer for all tests of this module."""
    with model_server() as running:
        yield running


def transports(server: ModelServer) -> dict[str, HttpTransport | GrpcTransport]:
    return {"http": HttpTransport("127.0.0.1", server.http), "grpc": GrpcTransport("127.0.0.1", server.grpc)}


def remote(server: ModelServer, protocol: str, name: str, version: str | None = "1") -> RemoteModel:
    transport = transports(server)[protocol]
    return RemoteModel(transport, name, version, NAMES, 30.0, count=_ignore, hedged=_ignore)


def _ignore(_word: str) -> None:
    """Count nothing: what is counted is tested where servers lie."""


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_remote_model_scores_what_the_same_trees_score_here(server: ModelServer, protocol: str) -> None:
    local = load_bundle(MODELS / "bundles", read_lock(MODELS).bundle, NAMES).scorer
    random = np.random.default_rng(11)
    values = random.uniform(-1, 1, (500, len(NAMES)))
    values[random.random(values.shape) < 0.1] = np.nan
    features = Features(NAMES, values)

    async def run() -> None:
        model = remote(server, protocol, "now_playing")
        await model.verify()
        for surface in SURFACES:
            question = model.question(surface, features)
            assert question is not None
            scored = await model.ask(question)
            assert scored.given.tolist() == local.scores(surface, features).tolist()
        await model.close()

    asyncio.run(run())


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("swapped", "1", "swapped_cards: input 1 is 'similarity' FP32 [-1]; expected 'affinity' FP32 [-1]"),
        ("undeclared", "1", "undeclared_cards: the server declares 0 inputs; expected 10, one FP32 [-1]"),
        ("matrix", None, "matrix_cards: the server declares 1 inputs; expected 10, one FP32 [-1] a feature"),
        ("now_playing", "2", "not found"),
        ("nobody", "1", "not found"),
    ],
)
def test_what_is_not_our_signature_is_refused_by_name(
    server: ModelServer, protocol: str, name: str, version: str | None, message: str
) -> None:
    async def run() -> None:
        model = remote(server, protocol, name, version)
        with pytest.raises(RemoteError) as raised:
            await model.verify()
        assert message in str(raised.value)
        await model.close()

    asyncio.run(run())


def test_the_server_itself_scores_columns_of_other_names_without_a_word(server: ModelServer) -> None:
    """Why the signature is checked on our side: this request is wrong, and is answered 200 with scores."""
    inputs = [
        {"name": f"wrong-{name}", "datatype": "INT64", "shape": [2], "data": [0, 1]}
        for name in reversed(NAMES)
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.http}/v2/models/now_playing_cards/infer",
        json.dumps({"inputs": inputs}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
        assert len(json.load(answer)["outputs"][0]["data"]) == 2
