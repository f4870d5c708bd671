"""Settings: strict, and precise about what is wrong."""

from datetime import UTC, datetime

import pytest

from reference_service.settings import Settings, SettingsError


def test_an_empty_environment_gives_the_defaults_and_other_variables_are_not_ours() -> None:
    assert Settings.from_environment({"PATH": "/bin", "PLAYING": "1"}) == Settings()


def test_all_variables_are_read() -> None:
    settings = Settings.from_environment(
        {
            "NOW_PLAYING_CLOCK": "2026-01-01T01:00:00+01:00",
            "NOW_PLAYING_SEED": "0",
            "NOW_PLAYING_MAX_BODY_BYTES": "1024",
        }
    )
    assert settings == Settings(clock=datetime(2026, 1, 1, tzinfo=UTC), seed=0, max_body_bytes=1024)


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
        ("CLOK", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"NOW_PLAYING_{name}"):
        Settings.from_environment({f"NOW_PLAYING_{name}": text})
