"""Rules that are left out because they could find nothing must have found nothing."""

import marshal
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.gates.architecture import catalog, judging, rules
from guardrails.gates.architecture.asking.traits import IN_POLICY, MARKED, TRAITS, Traits
from guardrails.gates.architecture.catalog import Listed, checks, listed_as, listing
from guardrails.model.frozen import replace
from tests.guardrails.gates.architecture.judged import Files, report_on
from tests.guardrails.gates.architecture.mutations import MUTATIONS, applied
from tests.repos.memory import MemoryCache

POLICY = "policies/architecture.yaml"


class Always(Listed):
    """A rule that is asked about every module."""

    def may_find_in(self, traits: Traits) -> bool:
        return True

    def may_spread(self, traits: Traits) -> bool:
        return self.spreads


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    catalog._caches.clear()
    catalog._digest.cache_clear()
    catalog.listing.cache_clear()


def _eager() -> tuple[Listed, ...]:
    open_ = [replace(one, needs=(), words=(), spreads_needs=()) for one in checks()]
    return tuple(Always("", listed_as(one).row, one) for one in open_)


def _cases() -> Iterator[object]:
    for check in checks():
        for number, one in enumerate((*check.rule.bad, *check.rule.good)):
            yield pytest.param(one.files, id=f"{check.rule.id}-{number}")


@pytest.mark.parametrize("files", list(_cases()))
def test_rules_left_out_are_those_that_find_nothing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(name for name, text in files.items() if name != POLICY and text)
    mutants = [applied(make, str(files[path])) for make in MUTATIONS.values()]
    trees = [files, *({**files, path: text} for text in mutants[::6] if text is not None)]
    lazy = [(report_on(one), report_on(one, files)) for one in trees]
    eager = _eager()
    monkeypatch.setattr(judging, "listing", lambda: eager)
    monkeypatch.setattr(catalog, "listing", lambda: eager)
    assert [(report_on(one), report_on(one, files)) for one in trees] == lazy


def test_rules_left_out_are_those_that_find_nothing_in_whole_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = Path(__file__).parents[4]
    places = [*root.glob("reference_service/**/*"), *root.glob("guardrails/adapters/**/*.py"), root / POLICY]
    kept = [one for one in places if one.is_file() and one.suffix != ".pyc"]
    files = {str(one.relative_to(root)): one.read_bytes() for one in kept}
    lazy = report_on(files)
    eager = _eager()
    monkeypatch.setattr(judging, "listing", lambda: eager)
    monkeypatch.setattr(catalog, "listing", lambda: eager)
    assert report_on(files) == lazy


def test_every_need_is_a_trait_that_somebody_knows() -> None:
    for one in listing():
        assert {*one.needs, *one._spreads_needs} <= {*TRAITS, *IN_POLICY, MARKED}, one.id
        assert one.marks or MARKED not in one.needs, one.id


def test_the_table_of_an_earlier_run_imports_no_rule_and_says_the_same() -> None:
    cache = MemoryCache()
    catalog.learn(cache)
    first = listing()
    catalog.listing.cache_clear()
    second = listing()
    assert [one.row for one in second] == [one.row for one in first]
    assert [one._check for one in second] == [None] * len(second)
    assert [one.check.rule.id for one in second] == [one.id for one in first]


@pytest.mark.parametrize(
    "stored",
    [b"", b"nonsense", b"N", b"[\x00\x00\x00\x00", b"i\x01\x00\x00\x00", marshal.dumps([(1, 2)] * 99)],
)
def test_a_damaged_table_is_made_anew(stored: bytes) -> None:
    cache = MemoryCache()
    catalog.learn(cache)
    first = listing()
    cache.stored.update(dict.fromkeys(cache.stored, stored))
    catalog.listing.cache_clear()
    assert [one.row for one in listing()] == [one.row for one in first]


def test_a_rule_file_that_changes_makes_the_table_worthless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules.__path__[0], folder)
    monkeypatch.setattr(rules, "__path__", [str(folder)])
    cache = MemoryCache()
    catalog.learn(cache)
    listing()
    known = set(cache.stored)
    os.utime(folder / "gr103_call_without_timeout.py", ns=(1, 1))
    catalog._digest.cache_clear()
    catalog.listing.cache_clear()
    listing()
    assert len(set(cache.stored) - known) == 1
