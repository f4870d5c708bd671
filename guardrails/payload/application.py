"""Finds the project's application and speaks the ASGI lifespan with it."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Awaitable, Callable

Message = dict[str, object]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_OURS = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs start-up time


def enter(root: str) -> None:
    """Make `root` the first place of imports, and forget our own files' module names."""
    sys.path[0] = root
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None) or ""
        if name != "__main__" and os.path.dirname(place) == _OURS:  # noqa: PTH120
            del sys.modules[name]


def load(target: str, *, factory: bool) -> Application:
    """Return the application that `module:attribute` names, called first where it is a factory."""
    module, _, attribute = target.partition(":")
    found: object = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    if factory:
        if not callable(found):
            raise TypeError(f"{target} is no factory: it cannot be called")
        found = found()
    if not callable(found):
        raise TypeError(f"{target} is no ASGI application: it cannot be called")
    return found


def described(error: BaseException) -> str:
    """Return `Type at file:line in function` for the last frame of the project, in plain ASCII."""
    while parts := getattr(error, "exceptions", None):
        error = parts[0]
    kind = type(error).__qualname__
    frames = traceback.extract_tb(error.__traceback__)
    root = os.path.join(sys.path[0], "")  # noqa: PTH118
    own = [frame for frame in frames if frame.filename.startswith(root)] or frames[-1:]
    if own:
        place = own[-1].filename
        place = place[len(root) :] if place.startswith(root) else os.path.basename(place)  # noqa: PTH119
        kind += f" at {place}:{own[-1].lineno} in {own[-1].name}"
    return "".join(letter if " " <= letter <= "~" else "?" for letter in kind)[:300]


class Lifespan:
    """The application's start-up and shutdown, for those that have one."""

    def __init__(self, application: Application) -> None:
        self.state: Message = {}
        self.failure = ""
        self._application = application
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> bool:
        """Run the start-up; False, with `failure` set, when the application says that it failed."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._asked.put({"type": "lifespan.startup"})
        return await self._answered.get() != "lifespan.startup.failed"

    async def stop(self, seconds: float) -> None:
        """Run the shutdown, for at most `seconds`."""
        if self._task is not None and not self._task.done():
            await self._asked.put({"type": "lifespan.shutdown"})
            await asyncio.wait([self._task], timeout=seconds)

    async def _run(self) -> None:
        scope: Message = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._application(scope, self._asked.get, self._send)
        except Exception as error:  # noqa: BLE001 - an application without lifespan raises whatever it likes
            self.failure = self.failure or described(error)
        self._answered.put_nowait("lifespan.unsupported")

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            self.failure = str(message.get("message", ""))
        self._answered.put_nowait(str(message["type"]))
