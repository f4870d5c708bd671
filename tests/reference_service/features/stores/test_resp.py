"""The protocol: round trips of what Redis says, and bounds on what it may say."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.features.stores.resp import ProtocolError, Reply, ServerError, command, reply


def read(stream: bytes) -> Reply:
    async def one() -> Reply:
        reader = asyncio.StreamReader(limit=4_096)
        reader.feed_data(stream)
        reader.feed_eof()
        return await reply(reader)

    return asyncio.run(one())


@pytest.mark.parametrize(
    ("stream", "value"),
    [
        (b"+OK\r\n", b"OK"),
        (b":12\r\n", 12),
        (b"$-1\r\n", None),
        (b"$0\r\n\r\n", b""),
        (b"$4\r\n\r\n\r\n\r\n", b"\r\n\r\n"),
        (b"*2\r\n$1\r\na\r\n$-1\r\n", [b"a", None]),
        (b"*0\r\n", []),
    ],
)
def test_replies_are_read(stream: bytes, value: Reply) -> None:
    assert read(stream) == value


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"$5\r\nab",
        b"$1\r\nab\r\n",
        b"$65537\r\n",
        b"$99999999999999999999\r\n",
        b"$-2\r\n",
        b"*129\r\n",
        b"*-1\r\n",
        b"*1\r\n*1\r\n",
        b"*1\r\n:1\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"+" + b"x" * 600 + b"\r\n",
        b"+" + b"x" * 10_000,
        b":\xb2\r\n",
    ],
)
def test_what_no_redis_says_ends_the_connection(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(stream)


def test_an_error_of_the_server_is_told_apart() -> None:
    with pytest.raises(ServerError, match="LOADING"):
        read(b"-LOADING Redis is loading\r\n")


@given(stream=st.binary(max_size=64))
def test_any_bytes_are_a_reply_or_an_error_of_ours(stream: bytes) -> None:
    try:
        read(stream)
    except (ProtocolError, ServerError):
        return


def test_a_command_reads_as_the_protocol_has_it() -> None:
    assert command(b"GET", b"a\r\nb") == b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n"
