"""What is made sure of a remote model before it serves, and what names it then.

Its metadata must declare our signature, and it must score: the same row alike wherever it stands, and a
row without a single known value too. Its digest is of what it said and of what it scored, because a server
shows no weights; one that comes to score otherwise has another digest.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from reference_service.models.remote.tensors import (
    Agreed,
    Nonsense,
    RemoteError,
    Unreachable,
    agree,
    scores_of,
)
from reference_service.models.remote.transport import Asked, Transport
from reference_service.models.signature import SURFACES
from reference_service.models.trees import Single
from reference_service.ranking.nouns import IntArray, Surface

PROBES = 64
SECONDS = 5.0
"""What each answer may take while nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A remote model that keeps our signature: its digest, and what its answers are held to by surface."""

    digest: str
    agreed: Mapping[Surface, Agreed]


def model_of(name: str, surface: Surface) -> str:
    """Return the name of the model that a server holds for this surface."""
    return f"{name}_{surface}"


async def verified(transport: Transport, name: str, version: str | None, names: tuple[str, ...]) -> Verified:
    """Return what this server's models are held to from now on, or raise RemoteError: what is wrong."""
    agreed, said = dict[Surface, Agreed](), list[object]()
    for surface in SURFACES:
        model = model_of(name, surface)
        try:
            async with asyncio.timeout(3 * SECONDS):
                metadata = await transport.metadata(model, version)
                signature = agree(metadata, model, version, names)
                agreed[surface], scores = await _probed(transport, signature, names)
        except TimeoutError:
            raise Unreachable(f"{model}: the model server did not answer within {3 * SECONDS:g} s") from None
        said.append([model, agreed[surface].version, metadata.platform, scores.tolist()])
    return Verified(hashlib.sha256(json.dumps(["oip-v2", said]).encode()).hexdigest(), agreed)


def probes(width: int) -> Single:
    """Return rows to try a model with, of shape (PROBES, width): in range, and one of nothing known."""
    rows: Single = np.random.default_rng(0).uniform(-1, 1, (PROBES, width)).astype(np.float32)
    rows[-1] = np.nan
    return rows


async def _probed(transport: Transport, agreed: Agreed, names: tuple[str, ...]) -> tuple[Agreed, IntArray]:
    """Return the signature with the version that answered, and the scores of the probes."""
    rows = probes(len(names))
    first = Asked("probe-1", agreed.model, agreed.version, PROBES, transport.encode("probe-1", names, rows))
    again = replace(first, id="probe-2", body=transport.encode("probe-2", names, rows[::-1]))
    try:
        reply = await transport.infer(first, SECONDS)
        if agreed.version is None:
            agreed = replace(agreed, version=reply.version)
        scores = scores_of(reply, agreed, first.id, PROBES)
        backwards = scores_of(await transport.infer(again, SECONDS), agreed, again.id, PROBES)
    except RemoteError as fault:
        raise type(fault)(f"{agreed.model}: probe: {fault}") from None
    if not np.array_equal(scores, backwards[::-1]):
        raise Nonsense(f"{agreed.model} scores a row by where it stands, or by chance")
    return agreed, scores
