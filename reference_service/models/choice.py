"""Opens the models that an operator chose, and follows them until the service stops."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reference_service.logs import note
from reference_service.models.lock import MODELS
from reference_service.models.remote.model import Hedged, Outcome, RemoteModel
from reference_service.models.remote.over_http import HttpTransport
from reference_service.models.remote.tensors import Unreachable
from reference_service.models.remote.transport import Transport
from reference_service.models.serving import Active, ActiveModel, Swap
from reference_service.ranking.nouns import Scorer
from reference_service.settings import ModelServer, SettingsError


@dataclass(frozen=True, slots=True)
class Counts:
    """Who is told how swaps, questions to a model server and second requests ended."""

    swap: Callable[[Swap], None]
    question: Callable[[Outcome], None]
    hedge: Callable[[Hedged], None]


@dataclass(frozen=True, slots=True)
class Models:
    """The bundle that scores, and the model server that is asked before it, where one is configured."""

    active: Active
    remote: RemoteModel | None = None

    @property
    def scorer(self) -> Scorer:
        """Return the bundle's model, as it serves now."""
        return self.active.scorer

    @property
    def digest(self) -> str:
        """Return what names the model that scores what is asked now."""
        trusted = None if self.remote is None else self.remote.verified
        return self.scorer.digest if trusted is None else trusted.digest

    def faults(self) -> list[str]:
        """Return why what is configured does not score."""
        named = {
            "active.lock is not followed": self.active.refused,
            "the model server is not asked": None if self.remote is None else self.remote.why,
        }
        return [f"{what}: {why}" for what, why in named.items() if why is not None]


@asynccontextmanager
async def served(
    models: Path | None, server: ModelServer | None, seconds: float, names: Sequence[str], counts: Counts
) -> AsyncIterator[Models]:
    """Load, warm and follow the models; raise BundleError, SettingsError, or RemoteError where a model server
    answers, but not as our model. One that does not answer yet is asked again until it does."""
    # Reading files may block; what answers /healthz meanwhile must not.
    active = await asyncio.to_thread(ActiveModel, models or MODELS, names, counts.swap)
    remote = None if server is None else _remote(server, seconds, tuple(names), counts)
    followers = [_follower(active.watch())]
    try:
        if remote is not None:
            try:
                await remote.verify()
            except Unreachable:
                note("model_unverified", level=logging.WARNING, why=remote.why)
            followers.append(_follower(remote.keep_verified()))
        yield Models(active, remote)
    finally:
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
        if remote is not None:
            await remote.close()


def _remote(server: ModelServer, seconds: float, names: tuple[str, ...], counts: Counts) -> RemoteModel:
    return RemoteModel(
        _transport(server),
        server.model,
        server.version,
        names,
        seconds,
        count=counts.question,
        hedged=counts.hedge,
    )


def _transport(server: ModelServer) -> Transport:
    if server.protocol == "http":
        return HttpTransport(server.host, server.port)
    try:
        # Only here: it is an extra, and only a service with such a server needs it.
        from reference_service.models.remote.over_grpc import GrpcTransport  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "NOW_PLAYING_MODEL_SERVER names a server over gRPC, and grpcio is not installed; install grpcio, or"
            " ask the server over http://"
        ) from None
    return GrpcTransport(server.host, server.port)


def _follower(following: Coroutine[None, None, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(following)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        note("model_unfollowed", level=logging.ERROR, failure=task.exception())
