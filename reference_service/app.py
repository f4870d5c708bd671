"""Wires the service: the only module that knows which store, model and clock serve.

uvicorn --factory reference_service.app:create_app --host 127.0.0.1 --port 8000
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI

from reference_service.api.answering import Ranker
from reference_service.api.describe import describe
from reference_service.api.envelope import BodyLimit, Envelope
from reference_service.api.problems import install_problems
from reference_service.api.routes import Rankings
from reference_service.features.assembly import NAMES
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import items
from reference_service.features.listeners import ListenerStore, SeededStore
from reference_service.models.bundle import load_bundle
from reference_service.models.lock import MODELS, read_lock
from reference_service.settings import Settings
from reference_service.telemetry.metrics import Metrics

DESCRIPTION = "Ranks what stands under the player and what plays next, and says why."


def create_app(settings: Settings | None = None, store: ListenerStore | None = None) -> FastAPI:
    """Return the service, by default as the environment sets it, or raise SettingsError.

    It answers 503 until its lifespan has started, which builds and warms what it serves from.
    """
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    metrics = Metrics()
    rankings = Rankings(metrics, clock_of(chosen))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Reading files may block; what answers /healthz meanwhile must not.
        rankings.ranker = await asyncio.to_thread(build_ranker, chosen, metrics, store)
        yield
        rankings.ranker = None

    app = FastAPI(
        title="Now Playing",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False},
    )
    app.include_router(rankings.router())
    app.add_middleware(BodyLimit, most=chosen.max_body_bytes)
    app.add_middleware(Envelope, metrics=metrics, replayed=chosen.clock is not None)
    install_problems(app)
    # FastAPI documents this override: https://fastapi.tiangolo.com/how-to/extending-openapi/
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


def build_ranker(settings: Settings, metrics: Metrics, store: ListenerStore | None = None) -> Ranker:
    """Return the ranker of these settings and of the model in active.lock, or raise BundleError."""
    return Ranker(
        Catalogue(items(settings.seed)),
        SeededStore(settings.seed) if store is None else store,
        load_bundle(MODELS / "bundles", read_lock(MODELS).bundle, NAMES).scorer,
        metrics,
    )


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """Return the clock of these settings: one instant for ever, or the machine's."""
    fixed = settings.clock
    return partial(datetime.now, UTC) if fixed is None else lambda: fixed
