"""The event log: one writer thread that makes many waiting requests durable with one sync.

The thread alone knows which events are held, so an event is never acknowledged as a duplicate of one that is
not durable yet.
"""

import asyncio
import hashlib
import json
import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reference_service.events.segment import Disk, Full, RealDisk, Segment, event_of, lines_of
from reference_service.logs import note

MOST_WAITING = 256
"""How many requests may wait for the disk; one more is refused at once."""
MOST_REMEMBERED = 200_000
"""How many of the latest ids are told apart."""
MOST_SEGMENTS = 64
QUIET_SECONDS = 10.0


class LogUnavailable(RuntimeError):
    """The events are not held; the message says why, and the caller may send them again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its id, and its line of JSON, which holds the id as well."""

    id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """How many events were new, and how many had been held before."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class _Batch:
    events: Sequence[Event]
    answered: "asyncio.Future[Held]"
    loop: asyncio.AbstractEventLoop


class EventLog:
    """Holds events in a folder: a segment for each process that writes at one time."""

    def __init__(
        self, folder: Path, most_bytes: int, count: Callable[[str, int], None], disk: Disk | None = None
    ) -> None:
        """Open the log, recover what a crash left, or raise OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._count = count
        self._quiet_until = float("-inf")
        self._held: OrderedDict[bytes, None] = OrderedDict()
        self._segment = _taken(folder, most_bytes, RealDisk() if disk is None else disk)
        count("spoilt", self._segment.spoilt)
        self._remember(_ids_in(folder))
        self._waiting: queue.Queue[_Batch | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    async def append(self, events: Sequence[Event]) -> Held:
        """Return once all of these are durable, or raise LogUnavailable."""
        loop = asyncio.get_running_loop()
        batch = _Batch(events, loop.create_future(), loop)
        try:
            self._waiting.put_nowait(batch)
        except queue.Full:
            self._count("refused", len(events))
            raise LogUnavailable("too many events wait for the disk") from None
        return await batch.answered

    async def close(self) -> None:
        """Write what waits, and let the folder go."""
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._segment.close()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            taken = [self._waiting.get()]
            while len(taken) < MOST_WAITING and not self._waiting.empty():
                taken.append(self._waiting.get())
            stopping = None in taken
            self._commit([batch for batch in taken if batch is not None])

    def _commit(self, batches: list[_Batch]) -> None:
        """Hold what these batches bring, with one write and one sync, and answer each."""
        new: OrderedDict[bytes, bytes] = OrderedDict()
        answers = []
        for batch in batches:
            before = len(new)
            for event in batch.events:
                key = _key(event.id)
                if key not in self._held:
                    new.setdefault(key, event.content)
            accepted = len(new) - before
            answers.append(Held(accepted, len(batch.events) - accepted))
        try:
            if new:
                self._segment.append(list(new.values()))
        except OSError as error:
            reason = str(error) if isinstance(error, Full) else "the disk does not take the events"
            failed = sum(len(batch.events) for batch in batches)
            self._count("failed", failed)
            self._tell(error, failed)
            for batch in batches:
                _answer(batch, LogUnavailable(reason))
            return
        self._remember(new)
        self._count("accepted", len(new))
        self._count("duplicate", sum(answer.duplicates for answer in answers))
        for batch, held in zip(batches, answers, strict=True):
            _answer(batch, held)

    def _tell(self, error: OSError, count: int) -> None:
        """Log a failure, at most once a while: a full disk must not be filled with its own complaints."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            note("events_failed", level=logging.ERROR, failure=error, events=count)

    def _remember(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._held[key] = None
            if len(self._held) > MOST_REMEMBERED:
                self._held.popitem(last=False)


def _taken(folder: Path, most_bytes: int, disk: Disk) -> Segment:
    """Return the first segment that no other process writes to."""
    for number in range(MOST_SEGMENTS):
        try:
            return Segment(folder / f"events-{number:02d}.log", most_bytes, disk)
        except BlockingIOError:
            continue
    raise BlockingIOError(f"{folder}: {MOST_SEGMENTS} processes write events there already")


def _ids_in(folder: Path) -> Iterable[bytes]:
    for path in sorted(folder.glob("events-*.log")):
        for event in map(event_of, lines_of(path)):
            if event is not None:
                yield _key(json.loads(event)["id"])


def _key(event_id: str) -> bytes:
    # Sixteen bytes, because two ids that meet would lose an event that was acknowledged.
    return hashlib.blake2b(event_id.encode(), digest_size=16).digest()


def _answer(batch: _Batch, answer: Held | LogUnavailable) -> None:
    def deliver() -> None:
        if batch.answered.done():
            return
        if isinstance(answer, Held):
            batch.answered.set_result(answer)
        else:
            batch.answered.set_exception(answer)

    try:
        batch.loop.call_soon_threadsafe(deliver)
    except RuntimeError:
        # The loop has ended, and with it whoever asked.
        return
