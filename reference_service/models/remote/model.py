"""A remote model as a request meets it: asked in bounded time, hedged, left alone while it fails, held to
its signature. What it cannot score the caller scores with a model of its own.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reference_service.logs import note
from reference_service.models.remote.hedge import Hedge
from reference_service.models.remote.tensors import (
    Missigned,
    Nonsense,
    Refused,
    RemoteError,
    Reply,
    Unreachable,
    scores_of,
)
from reference_service.models.remote.transport import Asked, Transport
from reference_service.models.remote.verification import Verified, verified
from reference_service.models.scorer import columns_of
from reference_service.ranking.nouns import Features, IntArray, Parts, Surface
from reference_service.resilience.breaker import Breaker
from reference_service.resilience.deadline import current
from reference_service.resilience.window import Window

Outcome = Literal[
    "scored",
    "slow",
    "hurried",
    "failed",
    "refused",
    "nonsense",
    "missigned",
    "rested",
    "crowded",
    "unverified",
]
Hedged = Literal["sent", "won"]

REST_SECONDS = 1.0
"""Between two tries to verify a model that failed to be."""
LATE_SECONDS = 0.01
SHARE = 0.5
"""Of the time that a request has left: the other half is for ranking without the answer."""
TELLING = 0.25
"""Of the time that a question may take: whoever has less is no measure of the server."""
OUTCOMES: tuple[tuple[type[RemoteError], Outcome], ...] = (
    (Missigned, "missigned"),
    (Nonsense, "nonsense"),
    (Refused, "refused"),
    (Unreachable, "failed"),
)


@dataclass(frozen=True, slots=True)
class RemoteScores:
    """What a remote model scored for one request, as the Scorer of that request."""

    digest: str
    given: IntArray

    def scores(self, surface: Surface, features: Features) -> IntArray:  # noqa: ARG002  the port's
        """Return the scores, or raise ValueError where other rows are asked for than were sent."""
        if len(features.values) != len(self.given):
            raise ValueError(f"{len(self.given)} rows were scored, {len(features.values)} are asked for")
        return self.given

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:  # noqa: ARG002  the port's
        """Return the scores themselves, as the part `model`: such a server says no more."""
        return Parts(("model",), scores[:, np.newaxis])


@dataclass(frozen=True, slots=True)
class Question:
    """Rows that are ready to be sent, and the verification that their answer is held to."""

    surface: Surface
    asked: Asked
    held_to: Verified


class RemoteModel:
    """Asks one model server for the models of both surfaces.

    most   seconds that one question may take
    count  is told how each question ended
    hedged is told of each second request, and of each that answered first
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        version: str | None,
        names: tuple[str, ...],
        most: float,
        *,
        count: Callable[[Outcome], None],
        hedged: Callable[[Hedged], None],
        clock: Callable[[], float] = time.monotonic,
        rest: float = REST_SECONDS,
    ) -> None:
        self._transport = transport
        self._name, self._version, self._names = name, version, names
        self._most = most
        self._count, self._count_hedge = count, hedged
        self._clock, self._rest = clock, rest
        self._numbers = itertools.count(1)
        self._hedge = Hedge()
        self._doubt = asyncio.Event()
        self._doubt.set()
        self.breaker = Breaker()
        self.window = Window()
        self.verified: Verified | None = None
        self.why: str | None = "not verified yet"

    async def verify(self) -> None:
        """Trust the model from now on, or raise RemoteError and go on without."""
        try:
            self.verified = await verified(self._transport, self._name, self._version, self._names)
        except RemoteError as fault:
            self.why = str(fault)
            raise
        self.why = None
        self._doubt.clear()
        self.breaker.succeeded()
        note("model_verified")

    async def keep_verified(self) -> None:
        """Verify again whenever the model is in doubt; runs until cancelled."""
        while True:
            await self._doubt.wait()
            was = self.why
            try:
                await self.verify()
            except RemoteError:
                if self.why != was:
                    note("model_unverified", level=logging.WARNING, why=self.why)
                await asyncio.sleep(self._rest)

    def allows(self) -> bool:
        """Return whether to ask it now; whoever is allowed asks."""
        if self.verified is None:
            self._count("unverified")
            return False
        if not self.window.has_room():
            self._count("crowded")
            return False
        if not self.breaker.allows(self._clock()):
            self._count("rested")
            return False
        return True

    def question(self, surface: Surface, features: Features) -> Question | None:
        """Return these rows ready to be sent, or None where the model has come into doubt meanwhile."""
        held_to = self.verified
        if held_to is None:
            return None
        agreed = held_to.agreed[surface]
        values = columns_of(features, self._names)
        request_id = f"q{next(self._numbers)}"
        body = self._transport.encode(request_id, self._names, values)
        return Question(surface, Asked(request_id, agreed.model, self._version, len(values), body), held_to)

    async def ask(self, question: Question) -> RemoteScores:
        """Return the scores, or raise RemoteError."""
        started, budget = self._clock(), current()
        left = budget.left(started)
        seconds = self._most if left is None else min(self._most, left * SHARE)
        if not self.window.acquire():
            self._count("crowded")
            raise Unreachable("the model server has all that it can answer in time")
        try:
            async with asyncio.timeout(seconds):
                scores = await self._first_of_two(question, seconds)
        except TimeoutError:
            late = self._clock() - started > seconds + LATE_SECONDS
            self._failed("hurried" if late or seconds < self._most else "slow")
            raise Unreachable("the model server did not answer in time") from None
        except RemoteError as fault:
            self._doubted(fault, question.held_to)
            raise
        finally:
            ended = self._clock()
            budget.waited += ended - started
            self.window.release(started, ended, seconds if seconds >= TELLING * self._most else None)
        if self.breaker.state() != "closed":
            note("model_answers")
        self.breaker.succeeded()
        self._count("scored")
        return RemoteScores(question.held_to.digest, scores)

    async def _first_of_two(self, question: Question, seconds: float) -> IntArray:
        """Return the first answer that is valid, of one request or of two."""
        began, delay = self._clock(), self._hedge.delay()
        waiting = {asyncio.create_task(self._once(question, seconds))}
        second: asyncio.Task[IntArray] | None = None
        try:
            if delay is not None:
                done, waiting = await asyncio.wait(waiting, timeout=delay)
                if not done and self._hedge.spend():
                    self._count_hedge("sent")
                    second = asyncio.create_task(self._once(question, seconds - delay))
                    waiting.add(second)
                waiting |= done
            while True:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                answered = next((one for one in done if one.exception() is None), None)
                if answered is not None:
                    self._hedge.saw(self._clock() - began)
                    if answered is second:
                        self._count_hedge("won")
                    return answered.result()
                if not waiting:
                    return done.pop().result()
        finally:
            for one in waiting:
                one.cancel()

    async def _once(self, question: Question, seconds: float) -> IntArray:
        reply: Reply = await self._transport.infer(question.asked, seconds)
        agreed = question.held_to.agreed[question.surface]
        return scores_of(reply, agreed, question.asked.id, question.asked.rows)

    def _doubted(self, fault: RemoteError, held_to: Verified) -> None:
        outcome = next(word for kind, word in OUTCOMES if isinstance(fault, kind))
        self._failed(outcome)
        if outcome == "missigned" and self.verified is held_to:
            # Not a slip but another model: nothing it says is of use until all of it was looked at again.
            self.verified, self.why = None, str(fault)
            self._doubt.set()
            note("model_unverified", level=logging.WARNING, why=self.why)

    def _failed(self, outcome: Outcome) -> None:
        self._count(outcome)
        if outcome == "hurried":
            return
        was = self.breaker.state()
        self.breaker.failed(self._clock())
        if was == "closed" and self.breaker.state() != "closed":
            note("model_rests", level=logging.WARNING)

    async def close(self) -> None:
        """End every connection."""
        await self._transport.close()
