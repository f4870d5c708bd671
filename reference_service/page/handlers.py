"""The routes of the page: one answer at `/`, two beside each other at `/compare`.

Nothing of it is for clients: it is off unless an operator switches it on, it is no part of the contract, and no
answer of it may be kept by a cache.
"""

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from reference_service.api.answering import Ranker
from reference_service.api.problems import NotReady
from reference_service.api.reading.lean import asked_of
from reference_service.api.responses import RankingAnswer
from reference_service.api.routes import rendered
from reference_service.features.catalogue import Catalogue
from reference_service.features.listeners import FeaturesUnavailable, Listener
from reference_service.page import choices, view
from reference_service.page.names import artist_name, hue, title_of
from reference_service.ranking.nouns import Scorer

HERE = Path(__file__).parent / "templates"
STYLE = (HERE / "page.css").read_text("utf-8")
POLICY = (
    "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
REQUEST_ID = "page"
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32'"
    " rx='8' fill='%230d6b5f'/%3E%3Cpath d='M8 21v-6M14 24V8M20 21v-9M26 18v-3' stroke='white' stroke-width='3'"
    " stroke-linecap='round'/%3E%3C/svg%3E"
)


class FeaturesDown:
    """A feature store that never answers."""

    digest = "0" * 64

    async def read(self, listener_id: str) -> Listener:
        """Raise FeaturesUnavailable."""
        raise FeaturesUnavailable(f"the page was asked to leave out {listener_id}")


class Page:
    """Renders answers of the ranker that serves, and of the same ranker with other models.

    models  by digest what loads them; the one that serves need not be among them
    """

    def __init__(
        self,
        ranker: Callable[[], Ranker | None],
        models: Mapping[str, Callable[[], Scorer]],
        clock: Callable[[], datetime],
    ) -> None:
        self._ranker = ranker
        self._models = {digest: cache(load) for digest, load in models.items()}
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def router(self) -> APIRouter:
        """Return the routes, which the OpenAPI document does not show."""
        router = APIRouter(include_in_schema=False)
        router.get("/", operation_id="page")(self.one)
        router.get("/compare", operation_id="compare")(self.two)
        return router

    async def one(self, request: Request) -> Response:
        """Show one answer, and beside each item why it stands there."""
        query = dict(request.query_params)
        return await self._shown("one.html.j2", query, {"": choices.side_in(query)})

    async def two(self, request: Request) -> Response:
        """Show two answers beside each other, with the moves between them."""
        query = dict(request.query_params)
        return await self._shown(
            "two.html.j2", query, {prefix: choices.side_in(query, prefix) for prefix in ("a.", "b.")}
        )

    async def _shown(
        self, template: str, query: Mapping[str, str], sides: Mapping[str, choices.Side]
    ) -> Response:
        ranker = self._ranker()
        if ranker is None:
            raise NotReady
        shared, faults = choices.shared_in(query), dict[str, str]()
        told: list[Told] = []
        pinned = sorted({side.pin for side in sides.values()})
        for prefix, side in sides.items():
            try:
                chosen = choices.chosen(side, shared, ranker.catalogue.every.names.ids, self._models, pinned)
            except choices.Refused as refusal:
                faults.update((prefix + name, text) for name, text in refusal.faults.items())
            else:
                told.append(await self._told(ranker, chosen))
        # A page takes longer to render than a ranking to answer; the loop is for rankings.
        content = await asyncio.to_thread(self._rendered, template, ranker, shared, sides, faults, told)
        return Response(content, 422 if faults else 200, HEADERS, media_type="text/html")

    async def _told(self, ranker: Ranker, chosen: choices.Chosen) -> "Told":
        asked, now = asked_of(chosen.request, ranker.known), self._clock()
        other = ranker.beside(
            scorer=self._models[chosen.model]() if chosen.model else None,
            store=FeaturesDown() if chosen.condition == "no_features" else None,
        )
        try:
            if chosen.condition == "overload":
                content = other.popular.answer("overloaded", chosen.surface, asked, now, REQUEST_ID)
            else:
                content = rendered(await other.answer(chosen.surface, asked, now), REQUEST_ID)
        finally:
            other.close()
        return Told(chosen, RankingAnswer.model_validate_json(content), ranker.catalogue)

    def _rendered(
        self,
        template: str,
        ranker: Ranker,
        shared: choices.Shared,
        sides: Mapping[str, choices.Side],
        faults: Mapping[str, str],
        told: Sequence["Told"],
    ) -> str:
        return self._templates.get_template(template).render(
            style=STYLE,
            icon=ICON,
            shared=shared,
            sides=sides,
            faults=faults,
            told=told if not faults else (),
            options=choices.OPTIONS,
            listeners=choices.LISTENERS,
            playing=choices.PLAYING,
            models={"": f"active {ranker.models.digest[:6]}"}
            | {digest: digest[:6] for digest in self._models if digest != ranker.models.digest},
            links=_links(shared, sides),
        )


class Told:
    """One answer as a template reads it."""

    def __init__(self, chosen: choices.Chosen, answer: RankingAnswer, catalogue: Catalogue) -> None:
        names = catalogue.every.names
        artists = dict(zip(names.ids, names.artists, strict=True))
        context = chosen.request.context
        self.surface = chosen.surface
        self.hour_local = context.hour_local
        self.answer = answer
        self.items = view.shown_in(answer, artists)
        self.withheld = view.withheld_in(answer, artists)
        self.reasons = dict(Counter(entry.reason for entry in self.withheld).most_common())
        self.degraded = view.DEGRADED.get(answer.degraded_reason or "", answer.degraded_reason)
        playing = context.now_playing if context.now_playing in artists else None
        self.playing = playing
        self.title = title_of(playing) if playing else "Nothing is playing"
        self.artist = artist_name(artists[playing]) if playing else ""
        self.hue = hue(playing or "nothing")
        self.left = len(chosen.request.candidates) - len(self.items) - len(self.withheld)

    def steps_from(self, before: "Told") -> list[view.Step]:
        """Return the items of this answer with their moves since `before`."""
        return view.steps(before.answer, self.answer, self.items)

    def gone_from(self, before: "Told") -> list[view.Step]:
        """Return the items of `before` that are not in this answer."""
        return view.gone(before.items, self.answer)


def _links(shared: choices.Shared, sides: Mapping[str, choices.Side]) -> dict[str, str]:
    """Return the addresses that lead from here: to a comparison, to each side alone, to both sides swapped."""
    first, last = next(iter(sides.values())), list(sides.values())[-1]
    both = {"shared": asdict(shared)}

    def compare(one: choices.Side, other: choices.Side) -> str:
        chosen = {f"a.{name}": text for name, text in asdict(one).items()}
        chosen |= {f"b.{name}": text for name, text in asdict(other).items()}
        return "/compare?" + urlencode(both["shared"] | chosen)

    return {
        "compare": compare(first, last),
        "swap": compare(last, first),
        "first": "/?" + urlencode(both["shared"] | asdict(first)),
        "last": "/?" + urlencode(both["shared"] | asdict(last)),
    }
