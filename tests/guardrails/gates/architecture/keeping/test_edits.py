"""After any edits a tree's report is the one that a judgement of all of it anew would give."""

import importlib
from pathlib import Path
from random import Random

import pytest

from guardrails.gates.architecture.keeping import memory
from guardrails.gates.architecture.whole import report_on_tree
from guardrails.model.change import Stage
from guardrails.model.evidence import CallChain
from guardrails.model.rule import Report
from tests.guardrails.gates.architecture.judged import settings_of
from tests.guardrails.gates.architecture.keeping.edited import EDITS, EDITS_OF_ANY, Files, package
from tests.repos.memory import MemoryCache, NoLaboratory, context_for

MODULES = 60
STEPS = 12


def judged(files: Files, cache: MemoryCache, under: tuple[str, ...] = ()) -> Report:
    tree = {path: text for path, text in files.items() if path.endswith(".py")}
    settings = {"architecture": settings_of(files)}
    context = context_for(
        {}, tree, stage=Stage.MERGE, settings=settings, laboratory=NoLaboratory(cache=cache)
    )
    return report_on_tree(context, "a place", under)


def cold(cache: MemoryCache) -> MemoryCache:
    """Return a cache with the facts of files alone, as nobody had judged them."""
    judgements = ("judged/", "lint/")
    return MemoryCache({key: data for key, data in cache.stored.items() if not key.startswith(judgements)})


@pytest.mark.parametrize("seed", range(6))
def test_incremental_report_equals_a_cold_one_after_every_edit(seed: int) -> None:
    random = Random(seed)
    files, cache = package(random, MODULES), MemoryCache()
    told = 0
    for _ in range(STEPS):
        report = judged(files, cache)
        assert repr(report) == repr(judged(files, cold(cache)))
        told += len(report.findings)
        for _ in range(random.choice((1, 1, 1, 3))):
            random.choice(EDITS)(files, random)
    assert told > STEPS


def test_edit_that_changes_one_body_judges_few_files_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"shop/m{number}.py": f"import time\ndef f():\n    return {number}\n" for number in range(20)}
    files["shop/m1.py"] = "from shop.m0 import f as g\nasync def run():\n    g()\n"
    cache = MemoryCache()
    judged(files, cache)
    anew: list[str] = []
    keep = memory.Memory.keep

    def watched(held: memory.Memory, path: str, *given: object, **named: object) -> None:
        anew.append(path)
        keep(held, path, *given, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(memory.Memory, "keep", watched)
    files["shop/m0.py"] = "import time\ndef f():\n    time.sleep(1)\n"
    report = judged(files, cache)
    assert [(one.rule, one.location.path) for one in report.findings] == [("GR102", "shop/m1.py")]
    assert anew == ["shop/m0.py", "shop/m1.py"]
    del anew[:]
    files["shop/m0.py"] = "import time\n\n\ndef f():\n    time.sleep(1)\n"
    report = judged(files, cache)
    (chain,) = report.findings[0].evidence
    assert isinstance(chain, CallChain)
    assert [step.line for step in chain.steps] == [3, 5]
    assert anew == ["shop/m0.py", "shop/m1.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from shop.far import get\n", "from shop.near import get\n"),
        ("from shop.far import *\n", "from shop.near import *\n"),
        ("import time\nget = time.sleep\n", "get = print\n"),
        ("import time\nget = time.sleep\n", "def get(url): ...\n"),
    ],
)
def test_name_that_comes_to_mean_something_else_is_followed_anew(before: str, after: str) -> None:
    files = {
        "shop/far.py": "import time\nget = time.sleep\n",
        "shop/near.py": "def get(url): ...\n",
        "shop/middle.py": before,
        "shop/user.py": "from shop.middle import get\n\nasync def load():\n    get(1)\n",
    }
    cache = MemoryCache()
    assert [one.rule for one in judged(files, cache).findings] == ["GR102"]
    files["shop/middle.py"] = after
    assert judged(files, cache).findings == ()
    files["shop/middle.py"] = before
    assert [one.rule for one in judged(files, cache).findings] == ["GR102"]


@pytest.mark.parametrize("part", [0, 1])
def test_judgement_of_a_part_knows_of_edits_in_the_rest(part: int) -> None:
    random = Random(part)
    files, cache = package(random, MODULES), MemoryCache()
    judged(files, cache)
    for _ in range(6):
        random.choice(EDITS)(files, random)
        assert repr(judged(files, cache, ("shop/sub",))) == repr(judged(files, cold(cache), ("shop/sub",)))
        random.choice(EDITS)(files, random)
        assert repr(judged(files, cache)) == repr(judged(files, cold(cache)))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_lost_and_older_entries_change_no_answer(seed: int) -> None:
    random = Random(seed)
    files, cache = package(random, MODULES // 2), MemoryCache()
    judged(files, cache)
    for _ in range(8):
        random.choice(EDITS)(files, random)
        before = dict(cache.stored)
        report = judged(files, cache)
        assert repr(report) == repr(judged(files, MemoryCache()))
        for key in random.sample(sorted(cache.stored), len(cache.stored) // 3):
            old = cache.stored[key]
            # As the store of another run that wrote at the same time, of an eviction, or cut off.
            cache.stored[key] = random.choice((before.get(key, b""), old[: len(old) // 2], b"", old))


@pytest.mark.parametrize("seed", range(2))
def test_edits_of_packages_that_people_use_are_judged_like_anew(seed: int) -> None:
    random, cache = Random(seed), MemoryCache()
    files: Files = {"policies/architecture.yaml": "plain_endpoints: 40\npure: [fastapi/dependencies]\n"}
    for name in ("starlette", "fastapi", "uvicorn"):
        top = Path(importlib.import_module(name).__path__[0])
        files |= {f"{name}/{one.relative_to(top)}": one.read_text() for one in sorted(top.rglob("*.py"))}
    for _ in range(6):
        report = judged(files, cache)
        assert repr(report) == repr(judged(files, cold(cache)))
        for _ in range(random.choice((1, 1, 4))):
            random.choice(EDITS_OF_ANY)(files, random)
    assert len(report.findings) > 0


def test_another_day_and_other_effects_are_judged_anew() -> None:
    files, cache = package(Random(3), 20), MemoryCache()
    first = judged(files, cache)
    held = {key for key in cache.stored if key.startswith("judged/")}
    files["policies/architecture.yaml"] = "exempt: {GR102: [shop]}\n"
    assert judged(files, cache).findings != first.findings
    assert {key for key in cache.stored if key.startswith("judged/")} > held
