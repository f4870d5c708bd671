"""Serves with a drain: python -m reference_service.serve [--host HOST --port PORT | --uds PATH]

uvicorn alone closes its sockets the moment it is told to stop, while a balancer still sends. Here the process
first says that it is not ready, goes on answering while balancers notice, and closes then.
"""

import argparse
import gc
import os
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from reference_service.api.desk import Desk
from reference_service.api.lifecycle import Lifecycle
from reference_service.app import UNOPENED, create_app
from reference_service.connection import attended_by
from reference_service.logs import configure, note
from reference_service.settings import Settings, SettingsError

FINISH_SECONDS = 30
WRONG_SETTING = 2
YOUNG = 20_000
"""How many new objects the garbage collector lets be before it looks at them."""


class DrainingServer(uvicorn.Server):
    """A uvicorn that stops in two steps: not ready for a while, then closed; a second signal skips the wait."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, lifecycle: Lifecycle, seconds: float) -> None:
        super().__init__(config)
        self._serving = app.router.lifespan_context(app)
        self._lifecycle = lifecycle
        self._seconds = seconds
        self._closes: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and take all that is there by then out of the collector's sight; raise what the app raises."""
        # Not by uvicorn, which would log the failure as a traceback and say no more.
        await self._serving.__aenter__()
        await super().startup(sockets)
        # What a request makes is gone with it; to look through the models for garbage takes a tenth of the time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, and then what the app serves from."""
        await super().shutdown(sockets)
        await self._serving.__aexit__(None, None, None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; on a second signal, stop as uvicorn does."""
        if self._closes is None:
            self._lifecycle.draining = True
            self._closes = time.monotonic() + self._seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop now; uvicorn asks ten times a second."""
        if self._closes is not None and time.monotonic() >= self._closes:
            note("draining", seconds=self._seconds)
            self.should_exit = True
        return await super().on_tick(counter)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m reference_service.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--uds", help="listen on a unix socket at this path instead")
    options = parser.parse_args()
    configure()
    try:
        serve(options)
    except SettingsError as wrong:
        parser.exit(WRONG_SETTING, f"{parser.prog}: {wrong}\n")
    except UNOPENED as failed:
        notes: list[str] = getattr(failed, "__notes__", [])
        if not notes:
            raise
        parser.exit(WRONG_SETTING, f"{parser.prog}: {' '.join(notes[0].split())}\n")
    note("stopped")


def serve(options: argparse.Namespace) -> None:
    """Serve until told to stop, or raise SettingsError."""
    settings = Settings.from_environment(os.environ)
    app = create_app(settings)
    desk: Desk = app.state.desk
    config = uvicorn.Config(
        app,
        http=attended_by(desk),
        host=options.host,
        port=options.port,
        uds=options.uds,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    DrainingServer(config, app, desk.lifecycle, settings.drain_ms / 1_000).run()


if __name__ == "__main__":
    main()
