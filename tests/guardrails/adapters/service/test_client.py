import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from guardrails.adapters.service.client import Client, NoAnswer
from guardrails.model.ports import Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answering(*pieces: bytes) -> Callable[[socket.socket], None]:
    def talk(link: socket.socket) -> None:
        link.recv(65536)
        for piece in pieces:
            link.sendall(piece)

    return talk


@contextmanager
def served(
    folder: Path,
    *talks: Callable[[socket.socket], None],
    seconds: float = 10.0,
    closed: queue.SimpleQueue[None] | None = None,
) -> Iterator[Client]:
    """Yield a client of a server that meets each new connection with the next of `talks`, then closes it and
    says so in `closed`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen()

        def serve() -> None:
            for talk in talks:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                with link, suppress(OSError):
                    talk(link)
                if closed is not None:
                    closed.put(None)

        thread = threading.Thread(target=serve)
        thread.start()
        client = Client(folder / "socket", seconds)
        try:
            yield client
        finally:
            client.close()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "closed without an answer"),
        (b"\x00\xff" * 50 + b"\r\n", "not HTTP: BadStatusLine"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 70000 + b"\r\n\r\n", "not HTTP: LineTooLong"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "not HTTP: HTTPException"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "shorter than its content-length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nx" % 10**30, "shorter than its content-length"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx",
            "not HTTP: IncompleteRead",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nx", "not HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "closed without an answer"),
    ],
)
def test_nonsense_is_no_answer(tmp_path: Path, answer: bytes, told: str) -> None:
    with served(tmp_path, answering(answer)) as client, pytest.raises(NoAnswer, match=told):
        client.request(Request("GET", "/"))


def test_an_answer_that_trickles_has_one_deadline(tmp_path: Path) -> None:
    def trickle(link: socket.socket) -> None:
        link.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            link.sendall(b"A: b\r\n")
            link.settimeout(0.05)
            try:
                if not link.recv(65536):
                    return
            except TimeoutError:
                continue

    with served(tmp_path, trickle, seconds=0.3) as client, pytest.raises(NoAnswer, match=r"in time|not HTTP"):
        client.request(Request("GET", "/"))


def test_a_connection_is_used_again_until_the_server_closes_it(tmp_path: Path) -> None:
    def two(link: socket.socket) -> None:
        for _ in range(2):
            answering(OK)(link)

    last = answering(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"x")
    closed = queue.SimpleQueue[None]()
    with served(tmp_path, two, answering(OK), last, closed=closed) as client:
        bodies = [client.request(Request("GET", "/")).body for _ in range(2)]
        for _ in range(2):
            closed.get(timeout=60)
            bodies.append(client.request(Request("GET", "/")).body)

    assert bodies == [b"ok"] * 4


def test_bytes_that_nobody_asked_for_are_not_the_next_answer(tmp_path: Path) -> None:
    forged = OK.replace(b"ok", b"no")
    asked_again = queue.SimpleQueue[bytes]()

    def forging(link: socket.socket) -> None:
        answering(OK + forged)(link)
        asked_again.put(link.recv(65536))

    with served(tmp_path, forging, answering(OK)) as client:
        assert client.request(Request("GET", "/")).body == b"ok"
        assert client.request(Request("GET", "/")).body == b"ok"

    assert asked_again.get(timeout=60) == b""


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b"),
        Request("GET", ""),
        Request("GET", "/é"),
        Request("GET /x HTTP/1.1\r\n\r\n", "/"),
        Request("GET", "/", (("a", "b\r\nc: d"),)),
        Request("GET", "/", (("a b", "c"),)),
        Request("GET", "/", (("a", "☃"),)),
    ],
)
def test_what_cannot_be_written_as_http_is_not_sent(tmp_path: Path, request_: Request) -> None:
    with served(tmp_path, answering(OK)) as client:
        with pytest.raises(NoAnswer, match=r"cannot be written|cannot carry"):
            client.request(request_)
        assert client.request(Request("GET", "/")).body == b"ok"


def test_a_socket_at_the_end_of_a_long_path_is_reached(tmp_path: Path) -> None:
    short, long = tmp_path / "short", tmp_path / ("x" * 120)
    short.mkdir()
    with served(short, answering(OK)):
        short.rename(long)
        client = Client(long / "socket", 5)
        assert client.request(Request("GET", "/")).status == 200
        client.close()
