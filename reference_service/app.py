"""Wires the service: the only module that knows which store, model and clock serve.

uvicorn --factory reference_service.app:create_app --host 127.0.0.1 --port 8000
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from reference_service.api.admission import Admission
from reference_service.api.answering import Ranker
from reference_service.api.describe import describe
from reference_service.api.envelope import BodyLimit, Envelope
from reference_service.api.events import Events
from reference_service.api.lifecycle import Lifecycle
from reference_service.api.problems import install_problems
from reference_service.api.routes import Rankings
from reference_service.events.log import EventLog
from reference_service.features.assembly import NAMES
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import items
from reference_service.features.listeners import ListenerStore
from reference_service.features.stores.choice import opened
from reference_service.features.stores.guarded import GuardedStore
from reference_service.features.stores.sqlite import SqliteStore
from reference_service.models.bundle import load_bundle
from reference_service.models.lock import MODELS, read_lock
from reference_service.page.handlers import Page
from reference_service.ranking.nouns import Scorer
from reference_service.settings import Settings
from reference_service.telemetry.metrics import Metrics

DESCRIPTION = "Ranks what stands under the player and what plays next, and says why."


def create_app(settings: Settings | None = None, store: ListenerStore | None = None) -> FastAPI:
    """Return the service, by default as the environment sets it, or raise SettingsError.

    It answers 503 until its lifespan has started, which builds and warms what it serves from.
    """
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    metrics = Metrics()
    lifecycle = Lifecycle()
    rankings, events = Rankings(metrics, clock_of(chosen), lifecycle), Events()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with serving_store(chosen, metrics, store) as guarded, event_log(chosen, metrics) as log:
            # Reading files may block; what answers /healthz meanwhile must not.
            ranker = await asyncio.to_thread(build_ranker, chosen, metrics, guarded)
            rankings.ranker = ranker
            events.log = log
            try:
                yield
            finally:
                rankings.ranker = events.log = None
                ranker.close()

    app = FastAPI(
        title="Now Playing",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False},
    )
    app.state.lifecycle = lifecycle
    _offer(app, chosen, rankings, events)
    _surround(app, chosen, metrics, rankings, lifecycle)
    install_problems(app)
    # FastAPI documents this override: https://fastapi.tiangolo.com/how-to/extending-openapi/
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


def _offer(app: FastAPI, settings: Settings, rankings: Rankings, events: Events) -> None:
    """Add the routes that these settings offer."""
    app.include_router(rankings.router())
    app.include_router(events.router())
    if settings.page:
        app.include_router(page_of(rankings, clock_of(settings)).router())


def _surround(
    app: FastAPI, settings: Settings, metrics: Metrics, rankings: Rankings, lifecycle: Lifecycle
) -> None:
    """Put around the routes what every request passes; the last one added is the outermost."""
    replayed = settings.clock is not None
    # A replay must repeat its bytes on the slowest machine, so nothing but its caller bounds it.
    patience = None if replayed else settings.deadline_ms / 1_000
    app.add_middleware(Admission, rankings=rankings, metrics=metrics, patience=patience)
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)
    app.add_middleware(Envelope, metrics=metrics, lifecycle=lifecycle, replayed=replayed)


@asynccontextmanager
async def serving_store(
    settings: Settings, metrics: Metrics, store: ListenerStore | None
) -> AsyncIterator[GuardedStore]:
    """Open the store of these settings, or take the given one, behind its guard."""
    if store is None:
        async with opened(settings.features, settings.seed, metrics.count_read) as guarded:
            _watch(guarded, metrics)
            yield guarded
    else:
        guarded = GuardedStore(store, None, metrics.count_read)
        _watch(guarded, metrics)
        yield guarded


@asynccontextmanager
async def event_log(settings: Settings, metrics: Metrics) -> AsyncIterator[EventLog]:
    """Open the event log of these settings; one without a folder of its own ends with the process."""
    with ExitStack() as held:
        folder = settings.events or Path(held.enter_context(TemporaryDirectory(prefix="now-playing-events-")))
        log = await asyncio.to_thread(EventLog, folder, settings.events_bytes, metrics.count_events)
        try:
            yield log
        finally:
            await log.close()


def _watch(store: GuardedStore, metrics: Metrics) -> None:
    metrics.watch(
        "now_playing_breaker_closed",
        "Whether the feature store is asked: 1, or 0 while it rests.",
        lambda: float(store.breaker.state() == "closed"),
    )


def build_ranker(settings: Settings, metrics: Metrics, store: ListenerStore | None = None) -> Ranker:
    """Return the ranker of these settings and of the model in active.lock, or raise BundleError."""
    return Ranker(
        Catalogue(items(settings.seed)),
        SqliteStore(None, settings.seed) if store is None else store,
        scorer_of(read_lock(MODELS).bundle),
        metrics,
    )


def page_of(rankings: Rankings, clock: Callable[[], datetime]) -> Page:
    """Return the page over what serves, and over the models that it was promoted over and falls back to."""
    lock = read_lock(MODELS)
    others = sorted({digest for digest in (lock.parent, lock.rollback) if digest is not None})
    return Page(lambda: rankings.ranker, {digest: partial(scorer_of, digest) for digest in others}, clock)


def scorer_of(bundle: str) -> Scorer:
    """Return the model of this digest, or raise BundleError."""
    return load_bundle(MODELS / "bundles", bundle, NAMES).scorer


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Return the clock of these settings: one instant for ever, or the machine's."""
    fixed = settings.clock
    return partial(datetime.now, UTC) if fixed is None else lambda: fixed
