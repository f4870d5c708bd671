"""Repositories and a temporary folder that must be empty again after every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repos.builder import RepositoryBuilder


@pytest.fixture(autouse=True)
def scratch_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give scratch folders a place of their own, and fail the test that leaves one there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.glob("*/*")) == []


@pytest.fixture
def repo(tmp_path: Path) -> RepositoryBuilder:
    """Return a repository with one commit on `main`."""
    builder = RepositoryBuilder(tmp_path / "repo")
    builder.write("a.py", "one\ntwo\nthree\n").write("pkg/b.py", "b\n").commit("First")
    return builder
