"""Wires the service: the only module that knows which store, model and clock serve.

uvicorn --factory reference_service.app:create_app --host 127.0.0.1 --port 8000
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fastapi import FastAPI

from reference_service.api.admission import Admission
from reference_service.api.answering import Ranker
from reference_service.api.describe import describe
from reference_service.api.desk import Desk
from reference_service.api.envelope import BodyLimit, Envelope
from reference_service.api.events import Events
from reference_service.api.lifecycle import Lifecycle
from reference_service.api.problems import install_problems
from reference_service.api.routes import Rankings
from reference_service.api.shedding import Shedding
from reference_service.events.log import EventLog
from reference_service.features.assembly import NAMES
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import items
from reference_service.features.listeners import FeaturesUnavailable, ListenerStore
from reference_service.features.stores.choice import opened
from reference_service.features.stores.guarded import GuardedStore
from reference_service.features.stores.record import Freshness
from reference_service.features.stores.sqlite import SqliteStore
from reference_service.models.bundle import load_bundle
from reference_service.models.choice import Counts, Models, served
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, read_lock
from reference_service.models.serving import ActiveModel
from reference_service.page.handlers import Page
from reference_service.ranking.nouns import Scorer
from reference_service.resilience.limit import Limit
from reference_service.settings import PREFIX, Settings, SettingsError
from reference_service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from reference_service.telemetry.traces import Traces

UNOPENED = (FeaturesUnavailable, BundleError, OSError)
"""What fails at start where a setting names what cannot be opened; its notes say which one."""
DESCRIPTION = "Ranks what stands under the player and what plays next, and says why."


def create_app(settings: Settings | None = None, store: ListenerStore | None = None) -> FastAPI:
    """Return the service, by default as the environment sets it, or raise SettingsError.

    It answers 503 until its lifespan has started, which builds and warms what it serves from.
    """
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    traces = traces_of(chosen)
    metrics, lifecycle = Metrics(traced=traces is not None), Lifecycle()
    rankings, events = Rankings(metrics, clock_of(chosen), lifecycle), Events()

    app = FastAPI(
        title="Now Playing",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lambda _app: _serving(chosen, metrics, store, rankings, events, traces),
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False},
    )
    app.state.desk = desk = _desk(chosen, rankings, metrics, lifecycle)
    _offer(app, chosen, rankings, events)
    _surround(app, desk, traces)
    install_problems(app)
    # FastAPI documents this override: https://fastapi.tiangolo.com/how-to/extending-openapi/
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _serving(
    settings: Settings,
    metrics: Metrics,
    store: ListenerStore | None,
    rankings: Rankings,
    events: Events,
    traces: "Traces | None",
) -> AsyncIterator[None]:
    """Open all that rankings and events need, let them be answered, and close it again."""
    async with AsyncExitStack() as held:
        with blaming("FEATURES", "name a store that can be read"):
            guarded = await held.enter_async_context(serving_store(settings, metrics, store))
        with blaming("EVENTS", "name a folder that this process may write to"):
            log = await held.enter_async_context(event_log(settings, metrics))
        with blaming("MODELS", "name a folder that holds active.lock and the bundle that it names"):
            models = await held.enter_async_context(serving_models(settings, metrics))
            # Building may block; what answers /healthz meanwhile must not.
            ranker = await asyncio.to_thread(build_ranker, settings, metrics, guarded, models)
        rankings.ranker = ranker
        events.log = log
        try:
            yield
        finally:
            rankings.ranker = events.log = None
            ranker.close()
            if traces is not None:
                await asyncio.to_thread(traces.close)


@contextmanager
def blaming(name: str, remedy: str) -> Iterator[None]:
    """Note in whatever fails to open that this setting is to blame, and what to do."""
    try:
        yield
    except UNOPENED as error:
        error.add_note(f"{PREFIX}{name}: {error}; {remedy}")
        raise


def _desk(settings: Settings, rankings: Rankings, metrics: Metrics, lifecycle: Lifecycle) -> Desk:
    replayed = settings.clock is not None
    # A replay must repeat its bytes on the slowest machine, so nothing but its caller bounds it.
    patience = None if replayed else settings.deadline_ms / 1_000
    shedding = Shedding(rankings, Limit())
    return Desk(
        shedding,
        metrics,
        lifecycle,
        patience,
        settings.max_body_bytes,
        replayed=replayed,
        traced=settings.traces is not None,
    )


def _offer(app: FastAPI, settings: Settings, rankings: Rankings, events: Events) -> None:
    """Add the routes that these settings offer."""
    app.include_router(rankings.router())
    app.include_router(events.router())
    if settings.page:
        app.include_router(page_of(settings, rankings).router())


def _surround(app: FastAPI, desk: Desk, traces: "Traces | None") -> None:
    """Put around the routes what every request passes; the last one added is the outermost."""
    app.add_middleware(Admission, shedding=desk.shedding, metrics=desk.metrics, patience=desk.patience)
    app.add_middleware(BodyLimit, most=desk.most_body)
    app.add_middleware(Envelope, metrics=desk.metrics, lifecycle=desk.lifecycle, replayed=desk.replayed)
    if traces is not None:
        from reference_service.telemetry.traced import Traced  # noqa: PLC0415 - an optional library

        app.add_middleware(Traced, traces=traces)


def traces_of(settings: Settings) -> "Traces | None":
    """Return what records traces, None where nobody wants them, or raise SettingsError."""
    if settings.traces is None:
        return None
    try:
        from reference_service.telemetry.traces import Traces  # noqa: PLC0415 - an optional library
    except ModuleNotFoundError as missing:
        raise SettingsError(
            f"NOW_PLAYING_TRACES: {missing.name} is not installed; pip install guardrails-harness[traces]"
        ) from None
    return Traces(settings.traces, settings.trace_share)


@asynccontextmanager
async def serving_store(
    settings: Settings, metrics: Metrics, store: ListenerStore | None
) -> AsyncIterator[GuardedStore]:
    """Open the store of these settings, or take the given one, behind its guard."""
    if store is None:
        async with opened(
            settings.features, settings.seed, freshness_of(settings), metrics.count_read
        ) as guarded:
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


@asynccontextmanager
async def serving_models(settings: Settings, metrics: Metrics) -> AsyncIterator[Models]:
    """Open the models of these settings, and show whether what is configured is what scores."""
    counts = Counts(metrics.count_swap, metrics.count_question, metrics.count_hedge)
    seconds = settings.model_server_ms / 1_000
    async with served(settings.models, settings.model_server, seconds, NAMES, counts) as models:
        metrics.watch(
            "now_playing_model_faults",
            "How much of what is configured does not score: /readyz says why.",
            lambda: len(models.faults()),
        )
        yield models


def build_ranker(
    settings: Settings, metrics: Metrics, store: ListenerStore | None = None, models: Models | None = None
) -> Ranker:
    """Return the ranker of these settings and models; by default of active.lock's, or raise BundleError."""
    folder = settings.models or MODELS
    return Ranker(
        Catalogue(items(settings.seed)),
        SqliteStore(None, settings.seed) if store is None else store,
        Models(ActiveModel(folder, NAMES, metrics.count_swap)) if models is None else models,
        metrics,
    )


def page_of(settings: Settings, rankings: Rankings) -> Page:
    """Return the page over what serves, and over the models that it was promoted over and falls back to."""
    folder = settings.models or MODELS
    with blaming("MODELS", "name a folder that holds active.lock and the bundle that it names"):
        lock = read_lock(folder)
    others = sorted({digest for digest in (lock.parent, lock.rollback) if digest is not None})
    models = {digest: partial(scorer_of, folder, digest) for digest in others}
    return Page(lambda: rankings.ranker, models, clock_of(settings))


def scorer_of(models: Path, bundle: str) -> Scorer:
    """Return the model of this digest, or raise BundleError."""
    return load_bundle(models / "bundles", bundle, NAMES).scorer


def freshness_of(settings: Settings) -> Freshness:
    """Return how old features may be by these settings, and by their clock."""
    clock = clock_of(settings)
    return Freshness(settings.features_fresh_s, lambda: clock().timestamp())


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Return the clock of these settings: one instant for ever, or the machine's."""
    fixed = settings.clock
    return partial(datetime.now, UTC) if fixed is None else lambda: fixed
