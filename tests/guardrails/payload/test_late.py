"""What is imported late: libraries once for all scripts, the application's own modules by each script anew."""

import textwrap
from pathlib import Path

from guardrails.model.ports import Request, Response, Step
from tests.guardrails.gates.contract.site import SERVICE, laboratory
from tests.repos.memory import MemoryTree

APP = """
import json, os, sys

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    told = [name in sys.modules for name in ("colorsys", "shop.inner", "threaded")]
    if scope["path"] == "/late":
        import colorsys
        import shop.inner
    if scope["path"] == "/threaded":
        import threaded
    body = json.dumps([*told, os.getpid()]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
THREADED = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"


def told(folder: Path, *paths: str) -> list[list[bool]]:
    """Return what each script of one request sees as imported already."""
    library = folder / "library"
    library.mkdir(exist_ok=True)
    (library / "threaded.py").write_text(THREADED)
    service = SERVICE.__class__(
        SERVICE.name, SERVICE.paths, app=SERVICE.app, variables={"PYTHONPATH": str(library)}
    )
    tree = MemoryTree({"shop/app.py": textwrap.dedent(APP), "shop/inner.py": "A = 1\n"})
    found = []
    with laboratory(folder, {}) as made, made.player(service, tree) as player:
        for path in paths:
            (answer,) = player.play([Step(Request("GET", path))], independent=True)
            assert isinstance(answer, Response)
            found.append([one == b"true" for one in answer.body.strip(b"[]").split(b", ")][:3])
    return found


def test_a_library_is_imported_once_and_own_modules_by_each_script(tmp_path: Path) -> None:
    assert told(tmp_path, "/late", "/late") == [[False, False, False], [True, False, False]]


def test_a_library_that_starts_threads_is_left_to_each_script(tmp_path: Path) -> None:
    assert told(tmp_path, "/threaded", "/late", "/threaded") == [[False] * 3] * 3
