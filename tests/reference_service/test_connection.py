"""Those that are to be shed are gathered, and whoever is in a hurry does not wait for others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from reference_service.api.shedding import Visit
from reference_service.connection import HURRIED_SECONDS, TOGETHER_SECONDS, Crowd


@dataclass
class Timers:
    """A loop that keeps what is to be called later, and calls nothing by itself."""

    set: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    def call_later(self, delay: float, call: Callable[[], None]) -> Any:
        """Return a handle whose cancelling is noted."""
        self.set.append((delay, call))
        return SimpleNamespace(cancel=partial(self.cancelled.append, len(self.set) - 1))


@dataclass
class Connection:
    """A connection that keeps what it is told to send."""

    loop: Timers
    sent: list[bytes | None] = field(default_factory=list)
    server_state: Any = field(default_factory=lambda: SimpleNamespace(default_headers=[]))

    def served(self, response: bytes | None, _data: bytes) -> None:
        """Note this response."""
        self.sent.append(response)


def visit(left: float | None) -> Visit:
    """Return a request that has so many seconds left."""
    return Visit("up_next", "r", b"", start=0, missing=0, left=left, arrived=0.0)


@pytest.fixture
def crowd() -> Crowd:
    """A crowd whose desk answers each visit with what it has left."""
    # Any: a stand-in for the one method that is called.
    desk: Any = SimpleNamespace(shed=lambda visits, _defaults: [b"%r" % one.left for one in visits])
    return Crowd(desk)


def test_what_comes_within_the_time_is_answered_together(crowd: Crowd) -> None:
    loop = Timers()
    one, two = Connection(loop), Connection(loop)
    # Any: stand-ins for connections.
    joined: list[Any] = [one, two]
    for connection, left in zip(joined, (None, 0.15), strict=True):
        crowd.add(connection, visit(left))
    assert [delay for delay, _ in loop.set] == [TOGETHER_SECONDS]
    loop.set[0][1]()
    assert (one.sent, two.sent) == ([b"None"], [b"0.15"])
    crowd.add(joined[0], visit(None))
    assert [delay for delay, _ in loop.set] == [TOGETHER_SECONDS, TOGETHER_SECONDS]


def test_who_is_in_a_hurry_is_answered_at_once_and_all_who_wait_with_them(crowd: Crowd) -> None:
    loop = Timers()
    one, two = Connection(loop), Connection(loop)
    # Any: stand-ins for connections.
    joined: list[Any] = [one, two]
    crowd.add(joined[0], visit(None))
    crowd.add(joined[1], visit(HURRIED_SECONDS / 2))
    assert [delay for delay, _ in loop.set] == [TOGETHER_SECONDS, 0]
    assert loop.cancelled == [0]
    loop.set[1][1]()
    assert (one.sent, two.sent) == ([b"None"], [b"0.01"])
