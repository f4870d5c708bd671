"""A seeded log of impressions whose truth is known, so that what a trainer recovers can be measured.

Listeners, items and features are the service's own. What is simulated is what a real log hides: how much
each listener would enjoy each item, and that lower places are looked at less.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator, SeedSequence

from reference_service.features.assembly import NAMES, assemble
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import items
from reference_service.features.listeners import KNOWN, Listener, SeededStore
from reference_service.models.additive import AdditiveScorer
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import (
    POINT,
    SOURCES,
    BoolArray,
    Context,
    Features,
    FloatArray,
    IntArray,
    Question,
    Source,
    Surface,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORLD_SEED = 7
SHOWN = 10
CANDIDATES: Mapping[Surface, int] = {"cards": 20, "up_next": 40}
EYES_DECLINE = 0.7
"""Place p is looked at with probability p ** -0.7; the trainer is not told."""
RANDOM_SHARE = 0.1
"""Share of requests that are answered in random order, which is what makes that decline measurable."""
POLICY_NOISE = 0.25
"""Points of Gumbel noise on the logging policy's scores: it explores a little everywhere."""
DRAWN_SOURCES: tuple[Source, ...] = ("queue", "collaborative", "editorial", "radio")
SHUFFLED_SHARE = 0.3
VISITORS = 40
"""How many of 440 listeners are not known."""


@dataclass(frozen=True, slots=True)
class Log:
    """Impressions in columns of length n, with the truth beside them.

    features   (n, len(NAMES)) as they were served
    place      1 for the first
    is_random  whether its request was answered in random order
    clicked    what a real log would hold
    relevance  probability that the listener wants it, once seen: what a real log does not hold
    """

    features: FloatArray
    place: IntArray
    is_random: BoolArray
    clicked: BoolArray
    relevance: FloatArray


@dataclass(frozen=True, slots=True)
class Drawn:
    """One simulated request: the rows of its candidates in the catalogue, each one's source, and who asks."""

    rows: IntArray
    sources: Sequence[Source]
    context: Context
    listener: Listener


class World:
    """The catalogue and the listeners that all requests draw from."""

    def __init__(self) -> None:
        self.catalogue = Catalogue(items(WORLD_SEED))
        self.listeners = asyncio.run(_listeners(SeededStore(WORLD_SEED)))
        rows = np.arange(len(self.catalogue.rows))
        on_up_next = self.catalogue.facts(rows).on_up_next
        self.rows: Mapping[Surface, IntArray] = {"cards": rows[~on_up_next], "up_next": rows[on_up_next]}

    def draw(self, surface: Surface, random: Generator) -> Drawn:
        """Return a request, with its listener and context drawn at random."""
        rows = random.choice(self.rows[surface], CANDIDATES[surface], replace=False)
        sources = [DRAWN_SOURCES[code] for code in random.integers(len(DRAWN_SOURCES), size=len(rows))]
        tracks = self.rows["up_next"]
        names = list(self.catalogue.rows)
        playing = names[random.choice(tracks)]
        hour, shuffle = int(random.integers(24)), bool(random.random() < SHUFFLED_SHARE)
        position = int(random.integers(1, 30))
        skips = tuple(names[row] for row in random.choice(tracks, random.integers(8)))
        listener_id, listener = self.listeners[int(random.integers(len(self.listeners)))]
        context = Context(
            listener_id=listener_id,
            market="GB",
            product_tier="premium",
            explicit_allowed=True,
            age_band="adult",
            hour_local=hour,
            device="phone",
            now_playing=playing,
            shuffle=shuffle,
            session_position=position,
            recent_skips=skips,
        )
        return Drawn(rows, sources, context, listener)

    def request(self, surface: Surface, random: Generator) -> FloatArray:
        """Return the features of one request's candidates, as serving computes them."""
        drawn = self.draw(surface, random)
        playing = self.catalogue.playing(drawn.context.now_playing)
        question = Question(surface, drawn.context, NOW, SHOWN, playing)
        sources = np.array([SOURCES.index(source) for source in drawn.sources])
        return assemble(self.catalogue, drawn.rows, sources, drawn.listener, question).values


async def _listeners(store: SeededStore) -> Sequence[tuple[str, Listener]]:
    known = [f"listener-{number:04d}" for number in range(1, KNOWN + 1)]
    return [(name, await store.read(name)) for name in (*known, *["visitor"] * VISITORS)]


def relevance(surface: Surface, values: FloatArray) -> FloatArray:
    """Return the truth: the probability that whoever sees the item wants it. Not additive on purpose."""
    of = dict(zip(NAMES, values.T, strict=True))
    liked = np.maximum(of["affinity"], 0.0)
    if surface == "up_next":
        points = (
            -3.2
            + 9.0 * of["affinity"]
            + 14.0 * liked * of["freshness"]
            + 1.5 * of["popularity"] * (1.0 - liked)
            + 3.0 * of["similarity"] * (1.0 - of["recent_skips"])
            - 3.0 * of["recent_skips"]
            + 2.4 * of["hour"] * of["source"]
            + 2.2 * of["kind_taste"]
        )
    else:
        points = (
            -3.6
            + 0.5 * of["kind_fit"]
            + 3.5 * of["kind_fit"] * of["kind_taste"]
            + 2.5 * of["same_artist"] * of["popularity"]
            + 2.0 * of["popularity"] * of["freshness"]
            + 8.0 * of["affinity"]
            + 2.0 * of["similarity"]
            + 0.8 * of["hour"]
        )
    probability: FloatArray = 1.0 / (1.0 + np.exp(-points))
    return probability


def simulate(world: World, surface: Surface, requests: int, seed: int) -> Log:
    """Return the log of this many requests under the hand-set policy; equal seeds give equal logs."""
    random = np.random.default_rng(SeedSequence([seed, SURFACES.index(surface)]))
    policy = AdditiveScorer()
    logs = []
    for _ in range(requests):
        values = world.request(surface, random)
        is_random = bool(random.random() < RANDOM_SHARE)
        scores = policy.scores(surface, Features(NAMES, values)) / POINT
        noisy = (
            random.random(len(values))
            if is_random
            else scores + POLICY_NOISE * random.gumbel(size=len(values))
        )
        logs.append(_impressions(surface, values[np.argsort(-noisy)[:SHOWN]], random, is_random=is_random))
    return Log(*(np.concatenate([getattr(log, field.name) for log in logs]) for field in fields(Log)))


def _impressions(surface: Surface, shown: FloatArray, random: Generator, *, is_random: bool) -> Log:
    place = np.arange(1, len(shown) + 1)
    wanted = relevance(surface, shown)
    seen = random.random(len(shown)) < place**-EYES_DECLINE
    clicked = seen & (random.random(len(shown)) < wanted)
    return Log(shown, place, np.full(len(shown), is_random), clicked, wanted)


Chooser = Callable[[FloatArray], FloatArray]
"""Scores of a request's candidates from their features."""


def expected_clicks(
    world: World, surface: Surface, choosers: Mapping[str, Chooser], requests: int, seed: int
) -> dict[str, float]:
    """Return the expected clicks a request of each way to choose, on the same requests; no sampling of clicks."""
    random = np.random.default_rng(SeedSequence([seed, SURFACES.index(surface), 1]))
    eyes = np.arange(1, SHOWN + 1) ** -EYES_DECLINE
    total = dict.fromkeys(choosers, 0.0)
    for _ in range(requests):
        values = world.request(surface, random)
        wanted = relevance(surface, values)
        for name, chooser in choosers.items():
            order = np.argsort(-chooser(values), kind="stable")[:SHOWN]
            total[name] += float(wanted[order] @ eyes)
    return {name: clicks / requests for name, clicks in total.items()}
