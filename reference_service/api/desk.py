"""Serves rankings at the socket: those that are to be shed at once, and the others without an application's layers.

Under overload nearly all requests are shed, so a shed answer must cost a tenth of a ranking, and making a task and
a scope and passing every layer costs that alone. For a ranking they are a third of what it costs beyond scoring.
What is not plainly one ranking request goes the usual way, and so does whatever cannot be ranked here.
"""

import time
from collections.abc import Coroutine, Mapping, Sequence

from starlette.exceptions import HTTPException

from reference_service.api.admission import JSON, NAME, OPERATIONS, SURFACES, instant
from reference_service.api.envelope import REQUEST_ID, request_id_of
from reference_service.api.lifecycle import Lifecycle
from reference_service.api.reading.lean import Asked
from reference_service.api.shedding import Shedding, Visit
from reference_service.ranking.nouns import Surface
from reference_service.resilience.deadline import Budget, begin, milliseconds
from reference_service.telemetry.metrics import Metrics

LINES: Mapping[bytes, tuple[str, Surface]] = {
    f"POST {path} HTTP/1.1".encode(): (path, surface) for path, surface in SURFACES.items()
}
LONGEST_LINE = max(map(len, LINES))
END = b"\r\n\r\n"
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding"})
LONGEST_LENGTH = 7

Headers = list[tuple[bytes, bytes]]


class Desk:
    """Looks at what arrives.

    patience  seconds that a request without a deadline of its own may take, or None for no bound
    traced    whether requests are traced, which is the application's matter, so that it ranks
    """

    def __init__(
        self,
        shedding: Shedding,
        metrics: Metrics,
        lifecycle: Lifecycle,
        patience: float | None,
        most_body: int,
        *,
        replayed: bool,
        traced: bool,
    ) -> None:
        self.shedding = shedding
        self.metrics = metrics
        self.lifecycle = lifecycle
        self.patience = patience
        self.most_body = most_body
        self.replayed = replayed
        self._traced = traced
        self._defaults: tuple[Headers, bytes] = ([], b"")

    def visit(self, data: bytes) -> Visit | None:
        """Return the request that these bytes are or begin, or None if it is for others to serve."""
        end = data.find(b"\r\n", 0, LONGEST_LINE + 2)
        path, surface = LINES.get(data[: max(end, 0)], ("", None))
        if surface is None or self.lifecycle.draining:
            return None
        head = data.find(END, end)
        headers = None if head < 0 else _headers(data[end + 2 : head + 2])
        if headers is None or headers.get(b"content-type") != JSON[1]:
            return None
        stated, start = headers.get(b"content-length", b""), head + len(END)
        if not (stated.isdigit() and len(stated) <= LONGEST_LENGTH):
            return None
        length, here = int(stated), len(data) - start
        left = self._left(headers)
        if here > length or length > self.most_body or left == 0:
            return None
        given = headers.get(b"x-request-id", b"")
        request_id = (
            given.decode() if REQUEST_ID.match(given) else request_id_of("POST", path, replayed=self.replayed)
        )
        return Visit(surface, request_id, data, start, length - here, left, time.monotonic())

    def has_room(self, visit: Visit) -> bool:
        """Return whether one more may be ranked in time."""
        return self.shedding.limit.has_room(visit.left)

    def shed(self, visits: Sequence[Visit], defaults: Headers) -> list[bytes | None]:
        """Return the response of what is popular to each, or None where that is for others to say.

        `defaults` are the headers of every response.
        """
        contents = self.shedding.answers(visits)
        return [
            None if content is None else self._response(visit, content, defaults)
            for visit, content in zip(visits, contents, strict=True)
        ]

    def ranking(self, visit: Visit, defaults: Headers) -> Coroutine[None, None, bytes | None] | None:
        """Take a place and return the work that ends with the response, or with None where others must say what is
        wrong; return None where others must rank. The work must be done.
        """
        ranker = self.shedding.rankings.ranker
        if ranker is None or ranker.models.remote is not None or self._traced:
            return None
        asked = ranker.reader.read(visit.surface, visit.data, visit.start)
        if asked is None or not self.shedding.limit.acquire(visit.left):
            return None
        return self._ranked(visit, asked, defaults)

    async def _ranked(self, visit: Visit, asked: Asked, defaults: Headers) -> bytes | None:
        began = time.monotonic()
        budget = Budget(None if visit.left is None else instant(visit.arrived, visit.left))
        begin(budget)
        try:
            content = await self.shedding.rankings.rank(visit.surface, asked, visit.request_id)
        except HTTPException:
            return None
        finally:
            self.shedding.limit.release(began + budget.waited, time.monotonic(), done=not budget.spent)
        return self._response(visit, content, defaults)

    def _left(self, headers: Mapping[bytes, bytes]) -> float | None:
        """Return the seconds that these headers leave, or 0 where they are wrong."""
        if NAME not in headers:
            return self.patience
        return (milliseconds(headers[NAME]) or 0) / 1_000

    def _response(self, visit: Visit, content: bytes, defaults: Headers) -> bytes:
        self.metrics.count_request(OPERATIONS[visit.surface], 200, time.monotonic() - visit.arrived)
        if self._defaults[0] is not defaults:
            self._defaults = (defaults, b"".join(b"%s: %s\r\n" % pair for pair in defaults))
        return (
            b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\ncontent-type: application/json\r\nx-request-id: %s\r\n\r\n%s"
            % (self._defaults[1], len(content), visit.request_id.encode(), content)
        )


def _headers(lines: bytes) -> dict[bytes, bytes] | None:
    """Return the headers by lower name, or None where they are not plain."""
    headers: dict[bytes, bytes] = {}
    for field in lines.split(b"\r\n")[:-1]:
        name, _, value = field.partition(b":")
        name = name.lower()
        if name in headers or name in UNUSUAL or not name.strip() == name != b"":
            return None
        headers[name] = value.strip(b" \t")
    return headers
