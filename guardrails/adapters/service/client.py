"""A small HTTP/1.1 client over a unix socket, for a server that may answer anything at all.

Each request has one deadline for the whole answer and a bound on its size. The socket's file may
lie where head's code can write, so it is opened without following links before we connect.
"""

import io
import os
import re
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException, HTTPResponse, RemoteDisconnected
from pathlib import Path

from guardrails.model.ports import Request, Response

ANSWER_BYTES = 32 << 20
_PIECE = 1 << 18
_IDLE_SECONDS = 1.0
_TARGET = re.compile(r"[!-~]+")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[^\x00\r\n]*")


class NoAnswer(Exception):
    """There is no whole HTTP answer to a request; the text says why."""


class _Wire(io.RawIOBase):
    """The socket as HTTPResponse reads one answer from it, with a deadline and a bound on bytes."""

    def __init__(self, link: socket.socket, deadline: float) -> None:
        self.link = link
        self.deadline = deadline
        self.left = ANSWER_BYTES
        self.is_over = False
        self.has_rest = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io always passes
        if self.is_over:
            return 0
        if self.left <= 0:
            raise NoAnswer(f"the answer is longer than {ANSWER_BYTES >> 20} MiB")
        self.link.settimeout(_until(self.deadline))
        count = self.link.recv_into(buffer, min(len(buffer), self.left))
        self.left -= count
        return count

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a buffered reader, as a socket does."""
        del mode
        return _Reader(self)


class _Reader(io.BufferedReader):
    """Reads one answer; what is left when it ends belongs to no request, and the wire is told so."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__(wire, 1 << 16)
        self._wire = wire

    def close(self) -> None:
        if not self.closed:
            self._wire.is_over = True
            self._wire.has_rest = bool(self.peek(1))
        super().close()


class _Connection:
    def __init__(self, path: Path, deadline: float) -> None:
        self.link = _connected(path, deadline)
        self.used = time.monotonic()

    def is_fresh(self) -> bool:
        """Whether the server has surely not closed it, nor sent what nobody asked for."""
        if time.monotonic() - self.used > _IDLE_SECONDS:
            return False
        self.link.settimeout(0)
        try:
            self.link.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


class Client:
    """Requests to the server on one unix socket; connections are kept and shared between threads."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._idle: list[_Connection] = []

    def request(self, request: Request, seconds: float | None = None) -> Response:
        """Send one request and return its whole answer; raises NoAnswer."""
        deadline = time.monotonic() + (self._seconds if seconds is None else seconds)
        message = _encoded(request)
        with _explained():
            connection = self._connection(deadline)
            try:
                answer, keep = _exchanged(connection, message, request.method, deadline)
            except BaseException:
                connection.link.close()
                raise
        if keep:
            connection.used = time.monotonic()
            self._idle.append(connection)
        else:
            connection.link.close()
        return answer

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().link.close()

    def _connection(self, deadline: float) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            connection.link.close()
        return _Connection(self._path, deadline)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise NoAnswer("no whole answer in time") from error
    except RemoteDisconnected as error:
        raise NoAnswer("the connection was closed without an answer") from error
    except (HTTPException, ValueError) as error:
        raise NoAnswer(f"the answer is not HTTP: {type(error).__name__}: {str(error)[:200]!a}") from error
    except OSError as error:
        raise NoAnswer(f"the connection failed: {error.strerror or type(error).__name__}") from error


def _until(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connected(path: Path, deadline: float) -> socket.socket:
    """Connect to the socket that is itself at `path`, however long the path, never through a link."""
    held = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(held).st_mode):
            raise NoAnswer(f"{path.name} is not a socket")
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(_until(deadline))
            link.connect(f"/proc/self/fd/{held}")
        except BaseException:
            link.close()
            raise
    finally:
        os.close(held)
    return link


def _encoded(request: Request) -> bytes:
    """Return the request's bytes; raises NoAnswer for what cannot be written as HTTP."""
    names = {name.lower() for name, _ in request.headers}
    headers = list(request.headers)
    if "host" not in names:
        headers.insert(0, ("host", "localhost"))
    if not names & {"content-length", "transfer-encoding"} and (
        request.body or request.method in {"POST", "PUT", "PATCH"}
    ):
        headers.append(("content-length", str(len(request.body))))
    sound = _NAME.fullmatch(request.method) and _TARGET.fullmatch(request.path)
    if not sound or not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers):
        raise NoAnswer("the request cannot be written as HTTP; percent-encode its path and header values")
    lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body
    except UnicodeEncodeError:
        raise NoAnswer("a header of the request holds letters that HTTP cannot carry") from None


def _exchanged(
    connection: _Connection, message: bytes, method: str, deadline: float
) -> tuple[Response, bool]:
    """Send the message and return the answer, and whether the connection may be used again."""
    wire = _Wire(connection.link, deadline)
    connection.link.settimeout(_until(deadline))
    with suppress(BrokenPipeError, ConnectionResetError):
        # A server may refuse before it has read everything; its answer says more than our error.
        connection.link.sendall(message)
    with closing(HTTPResponse(wire, method=method)) as answer:  # type: ignore[arg-type]  # it only calls makefile
        answer.begin()
        body = _body_of(answer)
        headers = tuple((name.lower(), value) for name, value in answer.getheaders())
        keep = not answer.will_close and not wire.has_rest
        return Response(answer.status, headers, body), keep


def _body_of(answer: HTTPResponse) -> bytes:
    """Read the body in pieces, since the size that the server announces may be any number."""
    pieces = []
    while piece := answer.read(_PIECE):
        pieces.append(piece)
    if answer.length:
        raise NoAnswer("the answer is shorter than its content-length")
    return b"".join(pieces)
