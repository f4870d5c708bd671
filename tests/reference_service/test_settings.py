"""Settings: strict, and precise about what is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reference_service.settings import ModelServer, RedisAddress, Settings, SettingsError, StoreChoice


def test_an_empty_environment_gives_the_defaults_and_other_variables_are_not_ours() -> None:
    assert Settings.from_environment({"PATH": "/bin", "PLAYING": "1"}) == Settings()


def test_all_variables_are_read() -> None:
    settings = Settings.from_environment(
        {
            "NOW_PLAYING_CLOCK": "2026-01-01T01:00:00+01:00",
            "NOW_PLAYING_SEED": "0",
            "NOW_PLAYING_MAX_BODY_BYTES": "1024",
            "NOW_PLAYING_DEADLINE_MS": "150",
            "NOW_PLAYING_FEATURES": "sqlite:/data/listeners.db",
            "NOW_PLAYING_FEATURES_FRESH_S": "3600",
            "NOW_PLAYING_EVENTS": "/data/events",
            "NOW_PLAYING_EVENTS_BYTES": "4096",
            "NOW_PLAYING_DRAIN_MS": "0",
            "NOW_PLAYING_PAGE": "on",
            "NOW_PLAYING_TRACES": "http://[::1]:4318/v1/traces",
            "NOW_PLAYING_TRACE_SHARE": "0.001",
            "NOW_PLAYING_MODELS": "/srv/models",
            "NOW_PLAYING_MODEL_SERVER": "grpc://[::1]:8081/now_playing/7",
            "NOW_PLAYING_MODEL_SERVER_MS": "40",
        }
    )
    assert settings == Settings(
        clock=datetime(2026, 1, 1, tzinfo=UTC),
        seed=0,
        max_body_bytes=1024,
        deadline_ms=150,
        features=StoreChoice(file=Path("/data/listeners.db")),
        features_fresh_s=3_600,
        events=Path("/data/events"),
        events_bytes=4096,
        drain_ms=0,
        page=True,
        traces="http://[::1]:4318/v1/traces",
        trace_share=0.001,
        models=Path("/srv/models"),
        model_server=ModelServer("grpc", "::1", 8081, "now_playing", "7"),
        model_server_ms=40,
    )


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("sqlite", StoreChoice()),
        ("redis://cache.internal:6379", StoreChoice(redis=RedisAddress("cache.internal", 6379))),
        ("redis://[::1]:1/15", StoreChoice(redis=RedisAddress("::1", 1, database=15))),
        ("redis+unix:///run/redis.sock", StoreChoice(redis=RedisAddress(path="/run/redis.sock"))),
    ],
)
def test_a_store_is_chosen_by_one_word(text: str, choice: StoreChoice) -> None:
    assert Settings.from_environment({"NOW_PLAYING_FEATURES": text}).features == choice


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CLOCK", ""),
        ("CLOCK", "yesterday"),
        ("CLOCK", "2026-01-01T00:00:00"),
        ("SEED", "-1"),
        ("SEED", "4294967296"),
        ("SEED", "9" * 5_000),
        ("SEED", "٣"),
        ("MAX_BODY_BYTES", "1e6"),
        ("MAX_BODY_BYTES", "1023"),
        ("FEATURES", "redis://user:secret@cache:6379"),
        ("FEATURES", "redis://cache:65536"),
        ("FEATURES", "redis://cache"),
        ("FEATURES", "postgres://cache:5432"),
        ("EVENTS", ""),
        ("MODELS", ""),
        ("MODEL_SERVER", "localhost:8080"),
        ("MODEL_SERVER", "http://localhost:8080"),
        ("MODEL_SERVER", "http://localhost:65536/model"),
        ("MODEL_SERVER", "https://localhost:8080/model"),
        ("MODEL_SERVER", "http://localhost:8080/../model"),
        ("MODEL_SERVER", "http://localhost:8080/model/1/infer"),
        ("MODEL_SERVER", "http://user:secret@localhost:8080/model"),
        ("MODEL_SERVER_MS", "0"),
        ("DEADLINE_MS", "9"),
        ("PAGE", "true"),
        ("TRACES", "127.0.0.1:4318"),
        ("TRACES", "http://user:secret@collector/v1/traces"),
        ("TRACES", "http://collector/v1/traces\n"),
        ("TRACE_SHARE", "1.1"),
        ("TRACE_SHARE", "1e-3"),
        ("TRACE_SHARE", "nan"),
        ("CLOK", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"NOW_PLAYING_{name}"):
        Settings.from_environment({f"NOW_PLAYING_{name}": text})
