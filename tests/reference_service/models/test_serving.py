"""The model that serves: it follows the lock, and what may not serve leaves the one that does."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reference_service.features.assembly import NAMES
from reference_service.models import serving
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from reference_service.models.serving import ActiveModel

COMMITTED = read_lock(MODELS)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models whose lock may be changed."""
    shutil.copytree(MODELS / "bundles", tmp_path / "bundles")
    write_lock(tmp_path, COMMITTED)
    return tmp_path


def test_a_lock_that_names_another_bundle_is_followed_and_so_is_the_way_back(models: Path) -> None:
    counted: Counter[str] = Counter()
    active = ActiveModel(models, NAMES, lambda word: counted.update([word]))
    assert active.scorer.digest == COMMITTED.bundle
    assert COMMITTED.rollback is not None
    write_lock(models, Lock(COMMITTED.rollback, COMMITTED.bundle, None))
    active.look()
    assert active.scorer.digest == COMMITTED.rollback
    write_lock(models, COMMITTED)
    active.look()
    active.look()
    assert active.scorer.digest == COMMITTED.bundle
    assert active.refused is None
    assert counted == {"swapped": 2}


def why(active: ActiveModel) -> str:
    return active.refused or "it serves"


def _spoil_hash(models: Path, digest: str) -> None:
    path = models / "bundles" / digest / "weights.json"
    path.write_text(path.read_text("utf-8") + " ", "utf-8")


def _spoil_lock(models: Path, digest: str) -> None:
    (models / "active.lock").write_text(f'{{"bundle": "{digest}"', "utf-8")


def _name_a_parent_twice(models: Path, digest: str) -> None:
    document = {"bundle": digest, "parent": digest, "rollback": None}
    (models / "active.lock").write_text(json.dumps(document), "utf-8")


def _remove(models: Path, digest: str) -> None:
    shutil.rmtree(models / "bundles" / digest)


def _remove_lock(models: Path, digest: str) -> None:
    (models / "active.lock").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_spoil_hash, "weights.json: its SHA-256 is "),
        (_spoil_lock, "active.lock: not strict JSON: "),
        (_name_a_parent_twice, "active.lock: bundle is also named as its parent or rollback"),
        (_remove, "no bundle is here (No such file or directory)"),
        (_remove_lock, "active.lock: cannot be read (No such file or directory); restore it"),
    ],
)
def test_what_is_refused_leaves_the_old_one_and_is_named_once_until_it_is_mended(
    models: Path, spoil: Callable[[Path, str], None], message: str
) -> None:
    counted: Counter[str] = Counter()
    active = ActiveModel(models, NAMES, lambda word: counted.update([word]))
    other = COMMITTED.rollback or ""
    write_lock(models, Lock(other, COMMITTED.bundle, None))
    spoil(models, other)
    for _ in range(20):
        active.look()
    assert message in why(active)
    assert active.scorer.digest == COMMITTED.bundle
    assert counted == {"refused": 1}
    shutil.copytree(MODELS / "bundles", models / "bundles", dirs_exist_ok=True)
    write_lock(models, Lock(other, COMMITTED.bundle, None))
    for _ in range(64):
        active.look()
    assert active.scorer.digest == other
    assert why(active) == "it serves"
    assert counted == {"refused": 1, "swapped": 1}


def test_a_bundle_for_other_features_is_refused(models: Path) -> None:
    active = ActiveModel(models, NAMES, lambda word: None)
    active._names = (*NAMES[1:], NAMES[0])
    write_lock(models, Lock(COMMITTED.rollback or "", COMMITTED.bundle, None))
    active.look()
    assert "expected the features that this service computes, in order" in why(active)
    assert active.scorer.digest == COMMITTED.bundle


def test_a_refused_bundle_is_tried_ever_more_seldom(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    active = ActiveModel(models, NAMES, lambda word: None)
    tried = []
    ready = active._ready

    def noted(digest: str) -> object:
        tried.append(digest)
        return ready(digest)

    monkeypatch.setattr(active, "_ready", noted)
    write_lock(models, Lock("0" * 64, COMMITTED.bundle, None))
    for _ in range(130):
        active.look()
    assert 4 < len(tried) < 12
    write_lock(models, Lock("1" * 64, COMMITTED.bundle, None))
    active.look()
    assert tried[-1] == "1" * 64


def test_a_watch_that_ends_is_no_lock_that_is_followed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_models: Path) -> Lock:
        raise ZeroDivisionError

    async def run() -> None:
        active = ActiveModel(models, NAMES, lambda word: None)
        monkeypatch.setattr(serving, "read_lock", broken)
        with pytest.raises(ZeroDivisionError):
            await active.watch(0.001)
        assert why(active) == "nobody follows active.lock since ZeroDivisionError; restart the service"
        assert active.scorer.digest == COMMITTED.bundle

    asyncio.run(run())


def test_the_lock_is_watched_off_the_event_loop(models: Path) -> None:
    async def run() -> None:
        active = ActiveModel(models, NAMES, lambda word: None)
        watching = asyncio.create_task(active.watch(0.001))
        write_lock(models, Lock(COMMITTED.rollback or "", None, None))
        async with asyncio.timeout(30):
            while active.scorer.digest != COMMITTED.rollback:  # noqa: ASYNC110  the watch has no event for a test
                await asyncio.sleep(0.001)
        watching.cancel()

    asyncio.run(run())
