"""How many changes of behaviour that no document tells differential replay sees, and how fast it replays.

Each change of a service (`services/*_changes.py`) is judged by the contract gate against the service
as it is; then the service against itself, many times, where every finding would be noise. The rate of
replays is set beside that of the bare application called in one loop of the same run.
Usage: python -m benchmarks.behaviour [--noise-only] [shop|library|clinic ...]
"""

import asyncio
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.services import clinic_changes, library_changes, shop_changes
from guardrails.adapters.box.ladder import strongest
from guardrails.adapters.cache import FileCache
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.policy import BoxLevel, Service
from guardrails.model.ports import Request, Step
from guardrails.model.rule import Report
from tests.repos.memory import MemoryTree, context_for

CHANGES = {
    "shop": shop_changes.CHANGES,
    "library": library_changes.CHANGES,
    "clinic": clinic_changes.CHANGES,
}
SOURCES = {name: (Path(__file__).parent / "services" / f"{name}.py").read_text("utf-8") for name in CHANGES}
SERVICES = {name: Service(name, (name,), app=f"{name}.app:app", start_seconds=60.0) for name in CHANGES}
SETTINGS = Settings(max_requests=0)
ROUNDS = 20
Files = Mapping[str, str | bytes]


@contextmanager
def laboratory(folder: Path, base: Files, seed: int = 7) -> Iterator[RunLaboratory]:
    """Yield a laboratory with the strongest box of this machine, and a cache that lasts."""
    with RunLaboratory(
        folder,
        MemoryTree(base),
        lambda: strongest(BoxLevel.LANDLOCK, allow_unsandboxed=False),
        FileCache(folder / "cache"),
        folder / "cache",
        seed=seed,
    ) as made:
        yield made


def judged(
    folder: Path, base: Files, head: Files, stage: Stage = Stage.MERGE, seed: int = 7, name: str = "shop"
) -> Report:
    """Return what the gate says of one change."""
    with laboratory(folder, base, seed) as made:
        context = context_for(
            base,
            head,
            stage=stage,
            services=(SERVICES[name],),
            laboratory=made,
            settings={"contract": SETTINGS},
        )
        return GATE.run(context)


def files_of(name: str, old: str = "", new: str = "") -> Files:
    """Return a service's files, changed in one place."""
    source = SOURCES[name]
    if old and source.count(old) != 1:
        raise ValueError(f"{old!r} is in the {name} {source.count(old)} times")
    source = source.replace(old, new) if old else source
    if "timezone(" in new or "NAIVE" in new:
        imports = next(line for line in source.splitlines() if line.startswith("from datetime import "))
        source = source.replace(imports, f"{imports}, timedelta, timezone")
        source = source.replace("NAIVE", "timezone(timedelta(hours=2))")
    return {f"{name}/app.py": source}


def seen(folder: Path, service: str) -> int:
    """Print each change with what was found of it; return how many were seen."""
    number = 0
    for name, (old, new) in CHANGES[service].items():
        begin = time.perf_counter()
        report = judged(folder, files_of(service), files_of(service, old, new), name=service)
        found = [one for one in report.findings if one.rule == "GR220"]
        others = {one.rule for one in report.findings} - {"GR220"}
        number += bool(found)
        what = found[0].message if found else "NOT SEEN"
        print(
            f"{name:<40} {time.perf_counter() - begin:6.1f} s  {what} {' '.join(sorted(others))}", flush=True
        )
    return number


def noise(folder: Path, name: str) -> int:
    """Return how many findings a service has against itself, a comment and an unused name apart."""
    found = 0
    for turn in range(ROUNDS):
        head = {f"{name}/app.py": SOURCES[name] + f"\n# {turn}\nUNUSED = {turn}\napp.extra = app\n"}
        report = judged(folder, files_of(name), head, seed=turn, name=name)
        told = [one for one in report.findings if one.rule in {"GR220", "GR221"}]
        for one in told:
            print(f"  noise: {one.message}", flush=True)
        found += len(told)
    return found


async def called(application: object, number: int) -> None:
    """Call the bare application in one loop."""
    body = json.dumps({"amount_cents": 1999, "quantity": 12}).encode()
    for _ in range(number):
        sent: list[object] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: object, kept: list[object] = sent) -> None:
            kept.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/quotes",
            "raw_path": b"/quotes",
            "query_string": b"",
            "headers": [
                (b"content-type", b"application/json"),
                (b"host", b"localhost"),
                (b"user-agent", b"curl/8.5.0"),
                (b"accept", b"*/*"),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        await application(scope, receive, send)  # type: ignore[operator]  # an ASGI application


def rates(folder: Path, number: int = 3000, rounds: int = 5) -> tuple[float, float]:
    """Return calls a second of the bare application and replays a second in the box, the best of some rounds each."""
    application = importlib.import_module("benchmarks.services.shop").app
    body = json.dumps({"amount_cents": 1999, "quantity": 12}).encode()
    step = Step(Request("POST", "/quotes", (("content-type", "application/json"),), body))
    bare, boxed = 0.0, 0.0
    with (
        laboratory(folder, files_of("shop")) as made,
        made.player(SERVICES["shop"], MemoryTree(files_of("shop"))) as player,
    ):
        player.play([step], independent=True)
        for _ in range(rounds):
            begin = time.perf_counter()
            asyncio.run(called(application, number))
            bare = max(bare, number / (time.perf_counter() - begin))
            begin = time.perf_counter()
            player.play([step] * number, independent=True)
            boxed = max(boxed, number / (time.perf_counter() - begin))
    return bare, boxed


def main() -> int:
    """Print all figures."""
    names = [name for name in CHANGES if name in sys.argv[1:]] or list(CHANGES)
    with tempfile.TemporaryDirectory(prefix="g") as place:
        folder = Path(place)
        for name in names:
            if "--noise-only" not in sys.argv:
                number, most = seen(folder, name), len(CHANGES[name])
                print(f"seen of the {name}: {number}/{most} = {number / most:.0%}", flush=True)
            print(
                f"noise of the {name}: {noise(folder, name)} findings in {ROUNDS} runs of base against base"
            )
        bare, boxed = rates(folder)
        print(f"replays: {boxed:.0f}/s in the box, bare application {bare:.0f}/s: {boxed / bare:.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
