"""Modules of libraries that an application imports only when it is asked something.

Every script runs in a fork of the loaded application, so each would pay for such an import
again: a server's event-loop back end alone costs more than ten requests. A child names what it
imported late, and its parent imports the same before the next fork. Modules of the application
itself are left to the children, since they may hold its state.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import select
import sys
import tokenize

_MOST_BYTES = 1 << 16
_PIECE = 1 << 14


class Late:
    """What children imported since this process was last asked; `own` folders hold no library."""

    def __init__(self, own: tuple[str, ...]) -> None:
        if "inspect" in sys.modules:  # FastAPI reads the source of each endpoint when it is first asked
            for _ in tokenize.generate_tokens(io.StringIO("a = 1\n").readline):
                pass  # it keeps the expression that it compiles
        self._own = tuple(os.path.join(os.path.realpath(one), "") for one in own)  # noqa: PTH118
        self._known = set(sys.modules)

    def tell(self, report: int) -> None:
        """Write the libraries' modules that this process imported since it was forked, and close the end."""
        names = [name for name in sys.modules if name not in self._known and self._is_library(name)]
        with contextlib.suppress(OSError):
            os.set_blocking(report, False)
            os.write(report, json.dumps(names).encode()[:_MOST_BYTES])
        os.close(report)

    def load(self, report: int) -> bool:
        """Import what a child told, as far as that works here; whether anything was told that is new."""
        said = b""
        while len(said) < _MOST_BYTES and select.select([report], [], [], 0)[0]:
            piece = os.read(report, _PIECE)
            said += piece
            if not piece:
                break
        try:
            names = [name for name in json.loads(said) if isinstance(name, str)]
        except (ValueError, TypeError):
            return False
        fresh = [name for name in names if name not in self._known]
        for name in fresh:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        self._known |= {*fresh, *sys.modules}
        return bool(fresh)

    def _is_library(self, name: str) -> bool:
        place = getattr(sys.modules[name], "__file__", None) or ""
        return bool(place) and not os.path.realpath(place).startswith(self._own)
