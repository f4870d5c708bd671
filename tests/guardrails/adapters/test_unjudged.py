"""Uncommitted work beside a change of commits is named, so that nobody believes it was judged."""

import os
from pathlib import Path

from guardrails.adapters.git.index import copy_index
from guardrails.adapters.git.inputs import Commits, open_change
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.unjudged import notes_on
from tests.repos.builder import RepositoryBuilder

LEFT_OUT = "not judged: uncommitted work in {}; `guardrails review --worktree` judges it"


def notes(folder: Path, base: str = "main", head: str = "HEAD") -> tuple[str, ...]:
    with open_change(folder, Commits(base, head)) as opened:
        return notes_on(opened)


def test_what_is_modified_staged_or_new_is_counted_and_what_is_ignored_is_not(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    made = RepositoryBuilder(shop).write_all({"a": "1", ".gitignore": "log\n"})
    made.commit()
    made.branch("more").write("b", "1").commit()
    assert notes(shop) == ()
    made.write("a", "2").write("log", "x")
    assert notes(shop) == (LEFT_OUT.format("1 file"),)
    made.write("b", "2").stage("b")
    made.write("c", "new")
    assert notes(shop) == (LEFT_OUT.format("3 files"),)
    assert notes(shop, "HEAD") == (
        "base and head hold the same files, so nothing was judged",
        LEFT_OUT.format("3 files"),
    )


def test_another_head_than_what_is_checked_out_and_a_bare_repository_have_nothing_beside(
    tmp_path: Path,
) -> None:
    made = RepositoryBuilder(tmp_path / "shop").write("a", "1")
    made.commit()
    made.branch("more").write("b", "1").commit()
    made.checkout("main").write("a", "2")
    assert notes(made.path, "main", "more") == ()
    made.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert notes(tmp_path / "bare", "main", "more") == ()


def test_the_copy_of_the_index_is_as_old_as_the_index_so_that_git_looks_into_files_as_new_as_it(
    tmp_path: Path,
) -> None:
    made = RepositoryBuilder(tmp_path / "shop").write("a", "1").stage()
    index = made.path / ".git" / "index"
    os.utime(index, ns=(1, 1_700_000_000_123_456_789))
    with Repository(made.path) as repository:
        copy_index(repository)
        assert repository.scratch.index.stat().st_mtime_ns == 1_700_000_000_123_456_789
