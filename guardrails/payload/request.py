"""Reads HTTP/1.1 requests strictly: what two readers could take in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import NamedTuple

MAX_HEAD_BYTES = 64 << 10
MAX_BODY_BYTES = 16 << 20

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-~]+) HTTP/1\.([01])")
_HEADER = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")


class Refused(Exception):
    """The bytes are no request that we serve; carries the status to answer with."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """One whole request; header names in lower case."""

    method: bytes
    target: bytes
    minor: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of every header called `name`."""
        return [value for key, value in self.headers if key == name]

    def keeps_alive(self) -> bool:
        """Whether the client expects to send another request on the same connection."""
        return self.minor == b"1" and b"close" not in b",".join(self.values(b"connection")).lower()


def requests_in(buffer: bytearray, say_continue: Callable[[], None]) -> Generator[Request | None, None, None]:
    """Yield each request of a growing buffer, None for "more bytes, please"; raises Refused."""
    while True:
        seen = 0
        while (end := _head_end(buffer, seen)) < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise Refused(431)
            seen = len(buffer)
            yield None
        request = _parsed_head(bytes(buffer[:end]))
        del buffer[: end + 4]
        if b"100-continue" in [value.lower() for value in request.values(b"expect")]:
            say_continue()
        length = _body_length(request)
        body = (yield from _chunks(buffer)) if length is None else (yield from _taken(buffer, length))
        yield request._replace(body=body)


def _head_end(buffer: bytearray, seen: int) -> int:
    """Return where the head ends, -1 for not yet; `seen` bytes were looked through before."""
    while buffer[:2] == b"\r\n":
        del buffer[:2]
        seen = 0
    return buffer.find(b"\r\n\r\n", max(0, seen - 3))


def _parsed_head(block: bytes) -> Request:
    if len(block) > MAX_HEAD_BYTES:
        raise Refused(431)
    first, *lines = block.split(b"\r\n")
    start = _REQUEST_LINE.fullmatch(first)
    matches = [_HEADER.fullmatch(line) for line in lines]
    if start is None:
        raise Refused(400)
    headers = [(found[1].lower(), found[2].rstrip(b" \t")) for found in matches if found is not None]
    if len(headers) != len(matches):
        raise Refused(400)
    request = Request(start[1], start[2], start[3], headers, b"")
    if request.minor == b"1" and len(request.values(b"host")) != 1:
        raise Refused(400)
    return request


def _body_length(request: Request) -> int | None:
    """Return the body's size, None when it is chunked; raises Refused where the two contradict."""
    lengths, codings = set(request.values(b"content-length")), request.values(b"transfer-encoding")
    if codings:
        if lengths or request.minor == b"0":
            raise Refused(400)
        if [coding.lower() for coding in codings] != [b"chunked"]:
            raise Refused(501)
        return None
    if not lengths:
        return 0
    text = lengths.pop()
    if lengths or not re.fullmatch(rb"[0-9]{1,18}", text):
        raise Refused(400)
    if int(text) > MAX_BODY_BYTES:
        raise Refused(413)
    return int(text)


def _taken(buffer: bytearray, count: int) -> Generator[None, None, bytes]:
    while len(buffer) < count:
        yield None
    taken = bytes(buffer[:count])
    del buffer[:count]
    return taken


def _line(buffer: bytearray) -> Generator[None, None, bytes]:
    while (end := buffer.find(b"\r\n")) < 0:
        if len(buffer) > MAX_HEAD_BYTES:
            raise Refused(400)
        yield None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    return line


def _chunks(buffer: bytearray) -> Generator[None, None, bytes]:
    body = bytearray()
    while True:
        found = _CHUNK_SIZE.fullmatch((yield from _line(buffer)))
        if found is None:
            raise Refused(400)
        size = int(found[1], 16)
        if len(body) + size > MAX_BODY_BYTES:
            raise Refused(413)
        if size == 0:
            break
        body += yield from _taken(buffer, size)
        if (yield from _taken(buffer, 2)) != b"\r\n":
            raise Refused(400)
    trailer_bytes = 0
    while line := (yield from _line(buffer)):
        trailer_bytes += len(line)
        if trailer_bytes > MAX_HEAD_BYTES:
            raise Refused(431)
    return bytes(body)
