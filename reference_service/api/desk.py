"""Answers at the socket what is shed, before a request is made of its bytes.

Under overload nearly all requests are shed, so a shed answer must cost a tenth of a ranking, and making a task and
a scope and passing every layer costs that alone. What is not plainly one whole ranking request, and all that is
not to be shed, goes the usual way.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reference_service.api.admission import JSON, NAME, OPERATIONS, SURFACES, Shedding
from reference_service.api.envelope import REQUEST_ID, request_id_of
from reference_service.api.lifecycle import Lifecycle
from reference_service.api.problems import Busy
from reference_service.ranking.nouns import Surface
from reference_service.resilience.deadline import milliseconds
from reference_service.telemetry.metrics import Metrics

LINES: Mapping[bytes, tuple[str, Surface]] = {
    f"POST {path} HTTP/1.1".encode(): (path, surface) for path, surface in SURFACES.items()
}
END = b"\r\n\r\n"
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding"})
LONGEST_LENGTH = 7
PUSH_BACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Looks at what arrives, and answers it if it is to be shed.

    patience  seconds that a request without a deadline of its own may take, or None for no bound
    """

    shedding: Shedding
    metrics: Metrics
    lifecycle: Lifecycle
    patience: float | None
    most_body: int
    replayed: bool

    def answer(self, data: bytes, defaults: list[tuple[bytes, bytes]]) -> bytes | None:
        """Return the response to these bytes, or None if they are not one whole request that is to be shed.

        `defaults` are the headers of every response.
        """
        began = time.perf_counter()
        end = data.find(END)
        line, *fields = data[: max(end, 0)].split(b"\r\n")
        path, surface = LINES.get(line, ("", None))
        headers = None if surface is None else _headers(fields)
        if surface is None or headers is None or not self._is_shed(headers, len(data) - end - len(END)):
            return None
        given = headers.get(b"x-request-id", b"")
        request_id = (
            given.decode() if REQUEST_ID.match(given) else request_id_of("POST", path, replayed=self.replayed)
        )
        try:
            content = self.shedding.answer(surface, data[end + len(END) :], request_id)
        except Busy:
            # To say so is for those who answer with problems.
            return None
        self.metrics.count_request(OPERATIONS[surface], 200, time.perf_counter() - began)
        return b"".join(
            [
                b"HTTP/1.1 200 OK\r\n",
                *(b"%s: %s\r\n" % pair for pair in defaults),
                b"content-length: %d\r\ncontent-type: application/json\r\nx-request-id: %s\r\n\r\n"
                % (len(content), request_id.encode()),
                content,
            ]
        )

    def _is_shed(self, headers: Mapping[bytes, bytes], length: int) -> bool:
        """Return whether this is to be shed, and all of its body is here."""
        stated = headers.get(b"content-length", b"")
        whole = stated.isdigit() and len(stated) <= LONGEST_LENGTH and int(stated) == length
        if not whole or length > self.most_body or headers.get(b"content-type") != JSON[1]:
            return False
        left = self.patience
        if NAME in headers:
            given = milliseconds(headers[NAME])
            if given is None:
                return False
            left = given / 1_000
        return not self.lifecycle.draining and not self.shedding.limit.has_room(left)


def _headers(fields: list[bytes]) -> dict[bytes, bytes] | None:
    """Return the headers by lower name, or None where they are not plain."""
    headers: dict[bytes, bytes] = {}
    for field in fields:
        name, _, value = field.partition(b":")
        name = name.lower()
        if name in headers or name in UNUSUAL or not name.strip() == name != b"":
            return None
        headers[name] = value.strip(b" \t")
    return headers


def attended_by(desk: Desk) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol with this desk before it."""

    class Attended(HttpToolsProtocol):
        """One connection."""

        between_requests = True
        rested = 0.0

        def data_received(self, data: bytes) -> None:
            """Answer at the desk, or pass on."""
            # Before its first request a connection has no cycle, whatever uvicorn's types say.
            idle = self.between_requests and getattr(self.cycle, "response_complete", True)
            if idle and not self.pipeline and not self.flow.write_paused:
                response = desk.answer(data, self.server_state.default_headers)
                if response is not None:
                    self.transport.write(response)
                    self._stay_open()
                    return
            super().data_received(data)

        def _stay_open(self) -> None:
            now = time.monotonic()
            # An idle connection is closed after seconds: to push that back at every answer takes as long as to
            # read its headers.
            if now - self.rested > PUSH_BACK_SECONDS:
                self.rested = now
                self.on_response_complete()

        def on_message_begin(self) -> None:
            """Note that a request has begun, which may come in pieces."""
            self.between_requests = False
            super().on_message_begin()

        def on_message_complete(self) -> None:
            """Note that a request has come whole."""
            super().on_message_complete()
            self.between_requests = True

    return Attended
