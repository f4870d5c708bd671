"""What an operator may set, read once from the environment.

Strict on purpose: a misspelt variable stops the service at start, where someone is looking, and does not
become a default that nobody chose.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

PREFIX = "NOW_PLAYING_"


HIGHEST_PORT = 65_535
_TCP = re.compile(r"redis://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})(?:/([0-9]{1,2}))?\Z")
_UNIX = re.compile(r"redis\+unix://(/[^\0?#]{1,100})\Z")
_MODEL = re.compile(
    r"(http|grpc)://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})"
    r"/([A-Za-z][A-Za-z0-9._-]{0,79})(?:/([A-Za-z0-9._-]{1,40}))?\Z"
)
_COLLECTOR = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,260}(/[A-Za-z0-9._/-]{0,200})?\Z")
_SHARE = re.compile(r"(0(\.[0-9]{1,9})?|1(\.0{1,9})?)\Z")
_FILE = re.compile(r"sqlite:([^\0]{1,1000})\Z")

Value = TypeVar("Value")


class SettingsError(ValueError):
    """A variable of the environment is unknown or malformed; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis listens: a host and a port, or the path of a unix socket; and which database."""

    host: str = ""
    port: int = 6379
    path: str = ""
    database: int = 0


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """Where listeners are read: the seeded database in memory, one in a file, or a Redis."""

    file: Path | None = None
    redis: RedisAddress | None = None


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server of the Open Inference Protocol, the model that it is asked for, and of which version."""

    protocol: Literal["http", "grpc"]
    host: str
    port: int
    model: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; the defaults serve as they are.

    NOW_PLAYING_CLOCK           an instant such as 2026-01-01T00:00:00Z: every request is answered as of it,
                                and request ids derive from the request, so that a replay repeats its bytes
    NOW_PLAYING_SEED            the seed of the catalogue and of the listeners, 0 to 2**32 - 1
    NOW_PLAYING_MAX_BODY_BYTES  the longest request body that is read, 1,024 to 16,777,216 bytes
    NOW_PLAYING_DEADLINE_MS     what a ranking may take whose caller set no deadline, 10 to 60,000 ms; a fixed
                                clock lifts it
    NOW_PLAYING_FEATURES        where listeners are read: sqlite (seeded, in memory), sqlite:PATH,
                                redis://HOST:PORT[/DATABASE] or redis+unix:///PATH
    NOW_PLAYING_FEATURES_FRESH_S  how old features may be before a ranking with them counts as degraded, 60 to
                                31,536,000 s; ten times as old, they are no longer used
    NOW_PLAYING_EVENTS          the folder that events are written to; without it they go to a temporary one
                                that ends with the process
    NOW_PLAYING_EVENTS_BYTES    what the events of one process may fill, 4,096 to 2**40 bytes
    NOW_PLAYING_DRAIN_MS        how long a stopping process says that it is not ready before it takes no more
                                connections, 0 to 60,000 ms
    NOW_PLAYING_TRACES          where sampled traces are sent: the http or https address of an OTLP collector,
                                such as http://127.0.0.1:4318/v1/traces; without it nothing is traced
    NOW_PLAYING_TRACE_SHARE     the share of requests without a trace of their caller that is traced, 0 to 1
    NOW_PLAYING_PAGE            on or off: whether `/` shows answers of any listener, and why they are so
    NOW_PLAYING_MODELS          the folder of active.lock and bundles/; without it, the one that comes with
                                the service. A lock that changes is followed while the service runs
    NOW_PLAYING_MODEL_SERVER    a model server that scores instead, http://HOST:PORT/MODEL[/VERSION] or
                                grpc://HOST:PORT/MODEL[/VERSION]: it is asked for the models MODEL_cards and
                                MODEL_up_next, and what it cannot score the bundle does
    NOW_PLAYING_MODEL_SERVER_MS what a model server may take to score a request, 1 to 10,000 ms
    """

    clock: datetime | None = None
    seed: int = 7
    max_body_bytes: int = 262_144
    deadline_ms: int = 1_000
    features: StoreChoice = StoreChoice()
    features_fresh_s: int = 172_800
    events: Path | None = None
    events_bytes: int = 2**30
    drain_ms: int = 3_000
    page: bool = False
    models: Path | None = None
    model_server: ModelServer | None = None
    model_server_ms: int = 100
    traces: str | None = None
    trace_share: float = 0.01

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings that the NOW_PLAYING_ variables state, or raise SettingsError."""
        known = {f"{PREFIX}{field.name.upper()}" for field in fields(cls)}
        unknown = sorted(name for name in environment.keys() - known if name.startswith(PREFIX))
        if unknown:
            raise SettingsError(f"{unknown[0]}: unknown variable; known are {', '.join(sorted(known))}")

        def stated(name: str, reader: Callable[[str, str], Value], default: Value) -> Value:
            text = environment.get(f"{PREFIX}{name}")
            return default if text is None else reader(f"{PREFIX}{name}", text)

        default = cls()
        return cls(
            clock=stated("CLOCK", _instant, default.clock),
            seed=stated("SEED", _within(0, 2**32 - 1), default.seed),
            max_body_bytes=stated("MAX_BODY_BYTES", _within(1_024, 16_777_216), default.max_body_bytes),
            deadline_ms=stated("DEADLINE_MS", _within(10, 60_000), default.deadline_ms),
            features=stated("FEATURES", _store, default.features),
            features_fresh_s=stated("FEATURES_FRESH_S", _within(60, 31_536_000), default.features_fresh_s),
            events=stated("EVENTS", _folder, default.events),
            events_bytes=stated("EVENTS_BYTES", _within(4_096, 2**40), default.events_bytes),
            drain_ms=stated("DRAIN_MS", _within(0, 60_000), default.drain_ms),
            page=stated("PAGE", _switch, default.page),
            models=stated("MODELS", _folder, default.models),
            model_server=stated("MODEL_SERVER", _model_server, default.model_server),
            model_server_ms=stated("MODEL_SERVER_MS", _within(1, 10_000), default.model_server_ms),
            traces=stated("TRACES", _collector, default.traces),
            trace_share=stated("TRACE_SHARE", _share, default.trace_share),
        )


def _instant(name: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SettingsError(f"{name} is {text!r}; give an instant with its zone, like 2026-01-01T00:00:00Z")
    return instant.astimezone(UTC)


def _integer(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise SettingsError(f"{name} is {text!r}; give a whole number from {least} to {most}")
    return int(text)


def _collector(name: str, text: str) -> str:
    if not _COLLECTOR.match(text):
        raise SettingsError(f"{name} is {text!r}; give an address such as http://127.0.0.1:4318/v1/traces")
    return text


def _share(name: str, text: str) -> float:
    if not _SHARE.match(text):
        raise SettingsError(f"{name} is {text!r}; give a decimal from 0 to 1, such as 0.01")
    return float(text)


def _switch(name: str, text: str) -> bool:
    if text not in ("on", "off"):
        raise SettingsError(f"{name} is {text!r}; give on or off")
    return text == "on"


def _store(name: str, text: str) -> StoreChoice:
    if text == "sqlite":
        return StoreChoice()
    if named := _FILE.match(text):
        return StoreChoice(file=Path(named[1]))
    if named := _UNIX.match(text):
        return StoreChoice(redis=RedisAddress(path=named[1]))
    named = _TCP.match(text)
    if named is None or not 0 < int(named[2]) <= HIGHEST_PORT:
        raise SettingsError(
            f"{name} is {text!r}; give sqlite, sqlite:PATH, redis://HOST:PORT[/DATABASE] or redis+unix:///PATH"
        )
    return StoreChoice(redis=RedisAddress(named[1].strip("[]"), int(named[2]), database=int(named[3] or 0)))


def _model_server(name: str, text: str) -> ModelServer:
    named = _MODEL.match(text)
    if named is None or not 0 < int(named[3]) <= HIGHEST_PORT:
        raise SettingsError(
            f"{name} is {text!r}; give http://HOST:PORT/MODEL[/VERSION] or grpc://HOST:PORT/MODEL[/VERSION]"
        )
    protocol: Literal["http", "grpc"] = "http" if named[1] == "http" else "grpc"
    return ModelServer(protocol, named[2].strip("[]"), int(named[3]), named[4], named[5])


def _folder(name: str, text: str) -> Path:
    if not text:
        raise SettingsError(f"{name} is empty; give the path of a folder")
    return Path(text)


def _within(least: int, most: int) -> Callable[[str, str], int]:
    return partial(_integer, least=least, most=most)
