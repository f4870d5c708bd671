"""The way back: one command, which checks where it leads before it goes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reference_service.models.lock import MODELS, Lock, read_lock, write_lock

COMMITTED = read_lock(MODELS)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(MODELS / "bundles", tmp_path / "bundles")
    write_lock(tmp_path, COMMITTED)
    return tmp_path


def rollback(*words: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "reference_service.rollback", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_the_lock_names_its_rollback_then_and_no_further_one(models: Path) -> None:
    assert rollback(str(models)) == (0, f"{COMMITTED.rollback}\n")
    assert COMMITTED.rollback is not None
    assert read_lock(models) == Lock(COMMITTED.rollback, COMMITTED.bundle, None)
    code, said = rollback(str(models))
    assert (code, said) == (1, "not rolled back: active.lock: names no rollback; promote a bundle instead\n")


def test_a_broken_rollback_leaves_the_lock_as_it_is(models: Path) -> None:
    (models / "bundles" / str(COMMITTED.rollback) / "weights.json").write_text("{}")
    code, said = rollback(str(models))
    assert code == 1
    assert said.startswith("not rolled back: weights.json: its SHA-256 is ")
    assert read_lock(models) == COMMITTED


def test_anything_but_one_folder_is_told_the_usage() -> None:
    assert rollback("--help") == (1, "usage: python -m reference_service.rollback [MODELS]\n")
