"""A real FastAPI service in two versions, served without a box, for tests of the gate."""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from guardrails.adapters.laboratory import RunLaboratory
from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.policy import Service
from guardrails.model.rule import Report
from tests.guardrails.adapters.plain_box import PlainBox
from tests.repos.memory import MemoryCache, MemoryTree, context_for

DOCUMENTS_ALONE = Settings(max_requests=0, replays=0)
UNHURRIED_SECONDS = 600.0  # a crowded machine must not end a trial before it has found what it should
QUICK = Settings(requests_per_operation=40, random_examples=5, seconds=UNHURRIED_SECONDS, replays=0)
SERVICE = Service("shop", ("shop",), app="shop.app:app", ready="/health", contract="contracts/shop")
APP = """
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()

class Order(BaseModel):
    name: str = Field(max_length=8)
    amount: int = Field(ge=0, le=100)

class Receipt(BaseModel):
    total: int
    unit: str = "cent"

@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}

@app.post("/orders")
def order(wanted: Order) -> Receipt:
    return Receipt(total=wanted.amount * 100)
"""


def files(app: str = APP, **other: str) -> dict[str, str | bytes]:
    """Return the service's files with that application."""
    return {"shop/app.py": textwrap.dedent(app), **other}


@contextmanager
def laboratory(folder: Path, base: Mapping[str, str | bytes]) -> Iterator[RunLaboratory]:
    """Yield a laboratory without a box."""
    box = PlainBox()
    made = RunLaboratory(
        folder,
        MemoryTree(base),
        lambda: box,
        MemoryCache(),
        folder / "cache",
        seed=7,
    )
    with made:
        yield made


def judged(
    folder: Path,
    base: Mapping[str, str | bytes],
    head: Mapping[str, str | bytes],
    *,
    stage: Stage = Stage.MERGE,
    settings: Settings | None = None,
) -> Report:
    """Return the gate's report on the change from `base` to `head`."""
    with laboratory(folder, base) as made:
        context = context_for(
            base,
            head,
            stage=stage,
            services=(SERVICE,),
            laboratory=made,
            settings={"contract": settings or QUICK},
        )
        return GATE.run(context)


def rules_of(report: Report) -> list[str]:
    """Return the ids of the rules found that base does not know, sorted."""
    known = list(report.base_fingerprints)
    found = []
    for one in report.findings:
        if one.fingerprint in known:
            known.remove(one.fingerprint)
        else:
            found.append(one.rule)
    return sorted(found)
