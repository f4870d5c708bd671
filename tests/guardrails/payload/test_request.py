import ast
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.payload.request import MAX_BODY_BYTES, Refused, Request, requests_in

TWO = (
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    b"\r\nPUT /b?c=d HTTP/1.1\r\nhost:y\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;name=value\r\nde\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
    b"GET / HTTP/1.0\r\n\r\n"
)


def fed(*pieces: bytes) -> list[Request]:
    buffer, found = bytearray(), []
    reader = requests_in(buffer, lambda: None)
    for piece in pieces:
        buffer += piece
        while (request := next(reader)) is not None:
            found.append(request)
    return found


@given(st.lists(st.integers(0, len(TWO)), max_size=8))
def test_requests_read_the_same_however_they_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TWO)]
    found = fed(*[TWO[start:end] for start, end in pairwise(edges)])
    assert [(one.method, one.target, one.body) for one in found] == [
        (b"POST", b"/a", b"abc"),
        (b"PUT", b"/b?c=d", b"de0123456789"),
        (b"GET", b"/", b""),
    ]
    assert [one.keeps_alive() for one in found] == [True, True, False]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
    ],
)
def test_what_is_no_plain_request_is_refused(message: bytes, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        fed(message)
    assert refusal.value.status == status


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(message: bytes) -> None:
    try:
        fed(message, b"\r\n\r\n")
    except Refused as refusal:
        assert 400 <= refusal.status < 600


@pytest.mark.parametrize("name", ["application", "document", "exchange", "request", "serve"])
def test_the_payload_is_python_3_9(name: str) -> None:
    import guardrails.payload

    source = (Path(guardrails.payload.__path__[0]) / f"{name}.py").read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert not any(isinstance(node, ast.Match) for node in ast.walk(tree))
