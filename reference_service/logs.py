"""Logs as one JSON object a line, without personal data.

A record is an event by name and fields from a closed set of numbers and words. What an exception says is never
written, because messages quote what they choked on; its type and its place in the code are.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Literal

Word = Literal[
    "draining",
    "stopped",
    "request_failed",
    "store_rests",
    "store_answers",
    "events_failed",
    "model_verified",
    "model_unverified",
    "model_rests",
    "model_answers",
    "model_swapped",
    "model_refused",
    "model_unfollowed",
]

LOGGER = logging.getLogger("now_playing")
PLAIN = frozenset(
    {
        "Started server process [%d]",
        "Finished server process [%d]",
        "Uvicorn running on %s://%s:%d (Press CTRL+C to quit)",
        "Uvicorn running on %s://[%s]:%d (Press CTRL+C to quit)",
        "Uvicorn running on unix socket %s (Press CTRL+C to quit)",
    }
)
"""What a library says of the process alone: its arguments quote no request."""
MOST_FRAMES = 12


def note(
    event: Word,
    *,
    level: int = logging.INFO,
    request_id: str | None = None,
    failure: BaseException | None = None,
    why: str | None = None,
    **numbers: float,
) -> None:
    """Log that this happened, with numbers that describe it and the type and place of a failure.

    why  the words of an error that speaks of models and configuration alone, never of what a request held
    """
    said = {"request_id": request_id, "why": why}
    fields = {name: text for name, text in said.items() if text is not None}
    LOGGER.log(level, event, extra={"fields": {**fields, **numbers}}, exc_info=failure)


class JsonLines(logging.Formatter):
    """Formats a record as JSON: ours with its fields, a library's by its template without arguments."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # A library's arguments may quote a request; its template cannot.
            "event": record.getMessage() if record.msg in PLAIN else str(record.msg),
        }
        said.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
            said["frames"] = [
                f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-MOST_FRAMES:]
            ]
        return json.dumps(said)


def configure() -> None:
    """Send every log of this process to standard error, as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
