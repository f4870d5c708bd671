"""The model that serves, and how another takes its place while requests are in work.

`active.lock` is looked at again and again, rather than on a signal or by a route: a promotion is then the
same act everywhere (a file that changes, in a checkout, a mounted volume, a rollback by hand), every worker
of every replica sees it, and nobody needs the right to send a signal or a secret to call a route.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from reference_service.logs import note
from reference_service.models.bundle import Bundle, load_bundle
from reference_service.models.documents import BundleError
from reference_service.models.lock import Lock, read_lock
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import Features, Scorer

Swap = Literal["swapped", "refused"]

LOOK_SECONDS = 1.0
MOST_WAIT = 60
"""Looks that are let pass, at most, before a bundle that was refused is tried again."""
WARM_ROWS, WARM_ROUNDS = 500, 3


class Active(Protocol):
    """The model that serves now, and why another does not that should."""

    @property
    def scorer(self) -> Scorer:
        """Return the model that serves now; who ranks takes it once, so that one model scores a request."""

    @property
    def refused(self) -> str | None:
        """Return why the bundle that should serve does not, or None while it does."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """One model for ever: what is shown beside the one that serves."""

    scorer: Scorer
    refused: None = None


class ActiveModel:
    """The bundle that `active.lock` names; another takes its place whole, between two reads of `bundle`.

    refused  why the bundle that the lock names does not serve, or None while it does
    """

    def __init__(self, models: Path, names: Sequence[str], count: Callable[[Swap], None]) -> None:
        """Load and warm the bundle that the lock names, or raise BundleError."""
        self._models = models
        self._names = tuple(names)
        self._count = count
        self._failed: Lock | None = None
        self._failures = self._wait = 0
        self.refused: str | None = None
        self.bundle = self._ready(read_lock(models).bundle)

    @property
    def scorer(self) -> Scorer:
        """Return the model that serves now; who ranks takes it once, so that one model scores a request."""
        return self.bundle.scorer

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Follow the lock until cancelled; reading and checking happen on a thread."""
        try:
            while True:
                await asyncio.sleep(seconds)
                await asyncio.to_thread(self.look)
        except Exception as error:
            # A fault of ours: what serves goes on, and nobody may take the lock for followed.
            self.refused = f"nobody follows active.lock since {type(error).__name__}; restart the service"
            raise

    def look(self) -> None:
        """Let the bundle that the lock names now serve; where it cannot, go on with the one that does."""
        lock = None
        try:
            lock = read_lock(self._models)
            if lock.bundle == self.bundle.digest:
                self._settled()
            elif self._is_due(lock):
                self.bundle = self._ready(lock.bundle)
                self._settled()
                self._count("swapped")
                note("model_swapped")
        except BundleError as error:
            self._refuse(lock, str(error))

    def _ready(self, digest: str) -> Bundle:
        """Return a bundle that has scored its golden requests and as many rows as a request may hold."""
        bundle = load_bundle(self._models / "bundles", digest, self._names)
        rows = np.random.default_rng(0).uniform(-1, 1, (WARM_ROWS, len(self._names)))
        for _ in range(WARM_ROUNDS):
            for surface in SURFACES:
                bundle.scorer.scores(surface, Features(self._names, rows))
        return bundle

    def _is_due(self, lock: Lock) -> bool:
        """Return whether to try this lock: at once where it is new, else ever more seldom.

        It is tried again because a bundle may arrive after the lock that names it.
        """
        if lock != self._failed:
            self._failures = self._wait = 0
        self._wait -= 1
        return self._wait < 0

    def _refuse(self, lock: Lock | None, why: str) -> None:
        self._failed = lock
        self._wait = min(2**self._failures, MOST_WAIT)
        self._failures = min(self._failures + 1, MOST_WAIT)
        if why != self.refused:
            self.refused = why
            self._count("refused")
            note("model_refused", level=logging.ERROR, why=why)

    def _settled(self) -> None:
        self._failed, self._failures, self._wait, self.refused = None, 0, 0, None
