"""The little of Redis' protocol that reading listeners needs: commands out, bulk strings back.

Written here because a client library would bring pools and retries that the hot path must not have. Every
length that a server states is bounded before a byte of it is awaited.
https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import asyncio

LONGEST_LINE = 512
LONGEST_BULK = 64 * 1024
MOST_VALUES = 128

Reply = bytes | int | None | list[bytes | None]


class ProtocolError(ConnectionError):
    """The server's bytes are not what a Redis would answer; the connection is of no more use."""


class ServerError(RuntimeError):
    """The server answered the command with an error; the connection is still in step."""


def command(*words: bytes) -> bytes:
    """Return a command as a server reads it."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


async def reply(reader: asyncio.StreamReader) -> Reply:
    """Return the next reply, or raise ServerError, ProtocolError or another ConnectionError."""
    kind, rest = await _line(reader)
    if kind == b"+":
        return rest
    if kind == b"-":
        raise ServerError(rest[:80].decode("ascii", "replace"))
    if kind == b":":
        return _number(rest, 2**63)
    if kind == b"$":
        return await _bulk(reader, rest)
    if kind == b"*":
        return [await _value(reader) for _ in range(_number(rest, MOST_VALUES))]
    raise ProtocolError("a reply of no known kind")


async def _value(reader: asyncio.StreamReader) -> bytes | None:
    kind, rest = await _line(reader)
    if kind != b"$":
        raise ProtocolError("a list of something else than strings")
    return await _bulk(reader, rest)


async def _bulk(reader: asyncio.StreamReader, length: bytes) -> bytes | None:
    if length == b"-1":
        return None
    size = _number(length, LONGEST_BULK)
    try:
        content = await reader.readexactly(size + 2)
    except asyncio.IncompleteReadError:
        raise ProtocolError("the reply ends early") from None
    if content[size:] != b"\r\n":
        raise ProtocolError("a string without its end")
    return content[:size]


async def _line(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    try:
        line = await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError:
        raise ProtocolError("a line without end") from None
    except asyncio.IncompleteReadError:
        raise ProtocolError("the server closed the connection") from None
    if len(line) > LONGEST_LINE:
        raise ProtocolError("a line that is too long")
    return line[:1], line[1:-2]


def _number(text: bytes, most: int) -> int:
    if not (text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ProtocolError("a length out of bounds")
    return int(text)
