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

from reference_service.api.desk import Desk
from reference_service.api.lifecycle import Lifecycle
from reference_service.app import create_app
from reference_service.connection import attended_by
from reference_service.logs import configure, note
from reference_service.settings import Settings

FINISH_SECONDS = 30
YOUNG = 20_000
"""How many new objects the garbage collector lets be before it looks at them."""


class DrainingServer(uvicorn.Server):
    """A uvicorn that stops in two steps: not ready for a while, then closed; a second signal skips the wait."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._seconds = seconds
        self._closes: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and take all that is there by then out of the collector's sight."""
        await super().startup(sockets)
        # What a request makes is gone with it; to look through the models for garbage takes a tenth of the time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])

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
    settings = Settings.from_environment(os.environ)
    app = create_app(settings)
    desk: Desk = app.state.desk
    config = uvicorn.Config(
        app,
        http=attended_by(desk),
        host=options.host,
        port=options.port,
        uds=options.uds,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    DrainingServer(config, desk.lifecycle, settings.drain_ms / 1_000).run()
    note("stopped")


if __name__ == "__main__":
    main()
