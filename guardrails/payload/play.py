"""Answers scripts of requests in process: the application is loaded once and forked for each script.

Every script meets the state that the application had when it was loaded, files that it may
write included, so no request sees what another script left behind. It speaks with the harness
in frames (lengths of header and body, a JSON header, the body) over one inherited socket.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guardrails.payload.application import Application, described, enter, load
    from guardrails.payload.freeze import Frozen, frozen
    from guardrails.payload.handlers import handlers_of
    from guardrails.payload.late import Late
    from guardrails.payload.script import AFAR, NEAR, Performance
    from guardrails.payload.state import Files
else:
    # In the box this folder stands alone, so its files know each other by bare names.
    from application import described, enter, load
    from freeze import frozen
    from handlers import handlers_of
    from late import Late
    from script import AFAR, NEAR, Performance
    from state import Files

LENGTHS = struct.Struct(">II")
_PIECE = 1 << 20


class Channel:
    """Frames to and from the harness."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._file = link.makefile("rb")

    def read(self) -> tuple[Any, bytes] | None:  # Any: decoded JSON of the harness
        """Return the next header and body; None when the harness has left."""
        start = self._file.read(LENGTHS.size)
        if len(start) < LENGTHS.size:
            return None
        header, body = LENGTHS.unpack(start)
        return json.loads(self._file.read(header)), self._file.read(body)

    def send(self, data: bytes) -> None:
        """Send whole frames."""
        self._link.sendall(data)

    def set_inheritable(self) -> None:
        """Let a program that this process becomes go on with the channel."""
        self._link.set_inheritable(True)


def frame(header: object, body: bytes = b"") -> bytes:
    """Return one frame."""
    text = json.dumps(header).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


class Theatre:
    """The loaded application, and a child of this process for each script."""

    def __init__(self, order: dict[str, Any], channel: Channel) -> None:
        self._order = order
        self._channel = channel
        self._still: Frozen = frozen(order["clock"], 0)
        self._application: Application | None = None
        self._files = Files(order["writable"])
        self._late: Late | None = None

    def open(self) -> dict[str, object]:
        """Load the application; return what the harness is told of it."""
        if not self._order["preload"]:
            return {"ready": True, "handlers": {}}
        self._application = self._loaded()
        if threading.active_count() > 1:
            # A fork would not have its threads: start over and let each child load for itself.
            self._start_over(is_told=False)
        self._files.remember()
        gc.freeze()  # else the first collection in each child would copy every page
        self._late = Late((self._order["root"], self._order["writable"]))
        return {"ready": True, "handlers": handlers_of(self._application)}

    def _start_over(self, *, is_told: bool) -> None:
        """Become a process that has nothing loaded; the harness is told that it is ready unless it was."""
        again = json.dumps({**self._order, "preload": False, "told": is_told})
        self._channel.set_inheritable()
        os.execv(sys.executable, [sys.executable, sys.argv[0], again])  # noqa: S606 - there is no shell

    def _loaded(self) -> Application:
        enter(self._order["root"])
        return load(self._order["app"], factory=self._order["factory"])

    def perform(self, steps: list[Any], header: dict[str, Any]) -> None:
        """Play one script in a child, pass on its answers, and say how it ended."""
        self._files.restore()
        read, write = os.pipe()
        names, named = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.close(names)
            self._still.seed = header["seed"]
            self._still.is_late = header["afar"]
            self._child(steps, header, (write, named))
        os.close(write)
        os.close(named)
        hung = self._relayed(read, header["seconds"])
        os.close(read)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        self._channel.send(frame({"end": "hung" if hung else _ending(status)}))
        self._learn(names)

    def _learn(self, names: int) -> None:
        """Import what the child imported late, so that the next one need not."""
        if self._late is not None and self._late.load(names):
            gc.freeze()
            if threading.active_count() > 1:  # what a library did then, no fork would have
                self._files.restore()
                self._start_over(is_told=True)
        os.close(names)

    def _child(self, steps: list[Any], header: dict[str, Any], ends: tuple[int, int]) -> None:
        report, named = ends
        try:
            os.setsid()
            application = self._application or self._loaded()
            client = AFAR if header["afar"] else NEAR
            performance = Performance(application, self._still, report, lambda: self._tell(named), client)
            performance.play(steps, header["first"])
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - it must not return into the parent's loop
            print("the script ended early: %s: %s" % (described(error), error), file=sys.stderr)
            os._exit(70)

    def _tell(self, named: int) -> None:
        if self._late is not None:
            self._late.tell(named)

    def _relayed(self, read: int, seconds: float) -> bool:
        """Pass on whole frames until the child closes its end; whether it went silent instead."""
        kept = bytearray()
        while select.select([read], [], [], seconds)[0]:
            piece = os.read(read, _PIECE)
            if not piece:
                return False
            kept += piece
            whole = _whole(kept)
            if whole:
                self._channel.send(bytes(kept[:whole]))
                del kept[:whole]
        return True


def _whole(data: bytearray) -> int:
    """Return the length of the whole frames that the bytes begin with."""
    end = 0
    while len(data) - end >= LENGTHS.size:
        header, body = LENGTHS.unpack_from(data, end)
        if len(data) - end < LENGTHS.size + header + body:
            break
        end += LENGTHS.size + header + body
    return end


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        return "signal %d" % os.WTERMSIG(status)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
    return "exit %d" % code if code else ""


def main(argument: str) -> int:
    """Serve scripts as the JSON `argument` orders until the harness leaves."""
    order = json.loads(argument)
    link = socket.socket(fileno=order["channel"])
    channel = Channel(link)
    try:
        theatre = Theatre(order, channel)
        told = theatre.open()
        if not order.get("told"):
            channel.send(frame(told))
    except BaseException as error:
        channel.send(
            frame({"failed": ("import of %s: %s: %s" % (order["app"], described(error), error))[:2000]})
        )
        raise
    while (asked := channel.read()) is not None:
        header, body = asked
        theatre.perform(json.loads(body), header)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
