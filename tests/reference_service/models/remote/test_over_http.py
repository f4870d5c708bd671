"""Answers that no model server should give, as bytes: each is an error of ours, and ends in bounded memory."""

import asyncio
from contextlib import suppress

import pytest

from reference_service.models.remote.over_http import HttpTransport
from reference_service.models.remote.tensors import Nonsense, Refused, RemoteError, Unreachable
from reference_service.models.remote.transport import Asked

OK = b"HTTP/1.1 200 OK\r\n"


def whole(body: bytes) -> bytes:
    return OK + b"content-length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("says", "kind", "message"),
    [
        (b"", Unreachable, "closed the connection without an answer"),
        (OK + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\n\x1f\x8b\x08", Nonsense, "is no JSON"),
        (b"HTTP/1.1 301 X\r\nlocation: http://x/\r\ncontent-length: 0\r\n\r\n", Refused, "with status 301"),
        (b"HTTP/1.1 100 C\r\n\r\n" * 50 + whole(b"{}"), Nonsense, "answered 0 tensors"),
        (b"HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", Nonsense, "does not speak HTTP"),
        (OK + b"x: " + b"a" * 100_000 + b"\r\n\r\n", Nonsense, "does not speak HTTP"),
        (
            OK + b"transfer-encoding: chunked\r\n\r\nffff\r\n" + b"a" * 65_535 + b"\r\n",
            Nonsense,
            "is longer than",
        ),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Nonsense, "does not speak HTTP"),
        (whole(b"[" * 10_000), Nonsense, "is no JSON"),
        (whole(b"[]"), Nonsense, "lacks an object"),
        (whole(b'{"id": 7, "outputs": [{"data": []}]}'), Nonsense, "lacks a text as id"),
        (whole(b'{"model_name": "\\ud800"}'), Nonsense, "is no JSON"),
        (whole(b'{"outputs": [{"shape": [true], "data": [1]}]}'), Nonsense, "lacks whole numbers as a shape"),
        (
            whole(b'{"outputs": [{"shape": [1], "data": [%s, 1.5]}]}' % (b"9" * 400)),
            Nonsense,
            "lacks numbers",
        ),
        (whole(b'{"outputs": [{"shape": [2], "data": [1, [2]]}]}'), Nonsense, "lacks numbers of one shape"),
        (whole(b'{"outputs": {"shape": [2]}}'), Nonsense, "lacks a list as outputs"),
    ],
)
def test_nonsense_is_named(says: bytes, kind: type[RemoteError], message: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(says)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        transport = HttpTransport("127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(kind, match=message):
            await transport.infer(Asked("q1", "model", None, 5, b""), 30.0)
        await transport.close()
        server.close()

    asyncio.run(run())
