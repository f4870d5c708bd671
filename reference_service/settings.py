"""What an operator may set, read once from the environment.

Strict on purpose: a misspelt variable stops the service at start, where someone is looking, and does not
become a default that nobody chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PREFIX = "NOW_PLAYING_"


class SettingsError(ValueError):
    """A variable of the environment is unknown or malformed; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; the defaults serve as they are.

    NOW_PLAYING_CLOCK           an instant such as 2026-01-01T00:00:00Z: every request is answered as of it,
                                and request ids derive from the request, so that a replay repeats its bytes
    NOW_PLAYING_SEED            the seed of the catalogue and of the listeners, 0 to 2**32 - 1
    NOW_PLAYING_MAX_BODY_BYTES  the longest request body that is read, 1,024 to 16,777,216 bytes
    """

    clock: datetime | None = None
    seed: int = 7
    max_body_bytes: int = 262_144

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings that the NOW_PLAYING_ variables state, or raise SettingsError."""
        given = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
        clock = given.pop(f"{PREFIX}CLOCK", None)
        seed = given.pop(f"{PREFIX}SEED", None)
        limit = given.pop(f"{PREFIX}MAX_BODY_BYTES", None)
        if given:
            raise SettingsError(
                f"{min(given)}: unknown variable; known are NOW_PLAYING_CLOCK, NOW_PLAYING_SEED"
                " and NOW_PLAYING_MAX_BODY_BYTES"
            )
        default = cls()
        return cls(
            clock=default.clock if clock is None else _instant(f"{PREFIX}CLOCK", clock),
            seed=default.seed if seed is None else _integer(f"{PREFIX}SEED", seed, 0, 2**32 - 1),
            max_body_bytes=default.max_body_bytes
            if limit is None
            else _integer(f"{PREFIX}MAX_BODY_BYTES", limit, 1_024, 16_777_216),
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
