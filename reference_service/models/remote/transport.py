"""The port to a model server: what the two ways to ask one have in common."""

from dataclasses import dataclass
from typing import Protocol

from reference_service.models.remote.tensors import Metadata, Reply
from reference_service.models.trees import Single

MOST_METADATA = 64 * 1024
LEAST_REPLY, ROW_REPLY = 16 * 1024, 64
"""Bytes that an answer may hold: so many, and so many more a row."""


def address_of(host: str, port: int) -> str:
    """Return host and port as one text; an IPv6 address stands in brackets, or its port would be part of it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for scores, encoded once and sent as often as it is hedged."""

    id: str
    model: str
    version: str | None
    rows: int
    body: bytes

    @property
    def most(self) -> int:
        """Return how many bytes an answer to this may hold."""
        return LEAST_REPLY + ROW_REPLY * self.rows


class Transport(Protocol):
    """Asks one server; whoever cancels a call ends it on the wire too. Every fault is a RemoteError."""

    def encode(self, request_id: str, names: tuple[str, ...], values: Single) -> bytes:
        """Return the request for the scores of these rows, of shape (n, len(names)); NaN is unknown."""

    async def metadata(self, model: str, version: str | None) -> Metadata:
        """Return what the server says of this model."""

    async def infer(self, asked: Asked, seconds: float) -> Reply:
        """Return the scores that the server answers, having told it how long we wait."""

    async def close(self) -> None:
        """End every connection."""
