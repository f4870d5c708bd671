"""What is known of a listener, behind a port."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from reference_service.features.draws import DIMENSIONS, draw, vector
from reference_service.features.items import KINDS

KNOWN = 400
_KNOWN_ID = re.compile(r"listener-(\d{4})\Z", re.ASCII)


class FeaturesUnavailable(RuntimeError):
    """The store cannot answer now; the caller ranks with what was last known, or with defaults, and says so."""

    def __init__(self, message: str, last_known: "Listener | None" = None) -> None:
        super().__init__(message)
        self.last_known = last_known


class FeaturesStale(FeaturesUnavailable):
    """The store answers, with what was computed too long ago; it is `last_known` while it is of any use."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener's long-term taste: a vector, and how much each kind of item is liked, 0 to 1."""

    taste: tuple[float, ...]
    kinds: Mapping[str, float]

    def liking(self, kind: str) -> float:
        """Return how much this listener likes this kind, 0 to 1, half where nothing is known."""
        return self.kinds.get(kind, 0.5)


DEFAULT = Listener(taste=(0.0,) * DIMENSIONS, kinds=MappingProxyType({}))
"""Whoever is not known: no taste of their own, so what is popular and new leads."""


class ListenerStore(Protocol):
    """Where listeners' features come from."""

    @property
    def digest(self) -> str:
        """Return what identifies the content that is served."""

    async def read(self, listener_id: str) -> Listener:
        """Return the features of this listener, DEFAULT if unknown, or raise FeaturesUnavailable."""


class SeededStore:
    """Listeners listener-0001 to listener-0400, drawn from a seed; everyone else is new."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.digest = draw(seed, "listeners", str(KNOWN), str(DIMENSIONS)).hex()

    async def read(self, listener_id: str) -> Listener:
        """Return the drawn features of a known listener, else DEFAULT."""
        match = _KNOWN_ID.match(listener_id)
        if match is None or not 1 <= int(match[1]) <= KNOWN:
            return DEFAULT
        return self._drawn(listener_id)

    def everyone(self) -> Iterator[tuple[str, Listener]]:
        """Yield every known listener, for filling a store that outlives this process."""
        for number in range(1, KNOWN + 1):
            listener_id = f"listener-{number:04d}"
            yield listener_id, self._drawn(listener_id)

    def _drawn(self, listener_id: str) -> Listener:
        drawn = draw(self._seed, "listener", listener_id)
        likings: dict[str, float] = {kind: byte / 255 for kind, byte in zip(KINDS, drawn, strict=False)}
        return Listener(taste=tuple(vector(drawn)), kinds=likings)
