"""What is found without git is what git finds; what is not plain is left to git."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrails.adapters.git.repository import Repository, plain_place
from tests.repos.builder import RepositoryBuilder, isolated_environment

QUESTIONS = (
    "--show-object-format",
    "--is-bare-repository",
    "--git-dir",
    "--git-common-dir",
    "--show-toplevel",
)


def told_by_git(repo: RepositoryBuilder, folder: Path) -> list[str]:
    done = RepositoryBuilder(folder, init=None).run("rev-parse", "--path-format=absolute", *QUESTIONS)
    return done.stdout.decode().splitlines() if done.returncode == 0 else []


def _sub(repo: RepositoryBuilder, tmp: Path) -> Path:
    return repo.path / "pkg"


def _linked(repo: RepositoryBuilder, tmp: Path) -> Path:
    (tmp / "link").symlink_to(repo.path / "pkg")
    return tmp / "link"


def _clone(repo: RepositoryBuilder, tmp: Path) -> Path:
    repo.git("clone", "-q", str(repo.path), str(tmp / "clone"))
    return tmp / "clone"


def _detached(repo: RepositoryBuilder, tmp: Path) -> Path:
    repo.git("checkout", "-q", "--detach")
    return repo.path


def _remark(repo: RepositoryBuilder, tmp: Path) -> Path:
    with (repo.path / ".git/config").open("a") as file:
        file.write('; a remark\n\t[user]\n name = Ada\n[branch "main"]\n\tremote=origin\n')
    return repo.path


@pytest.mark.parametrize("make", [_sub, _linked, _clone, _detached, _remark])
def test_a_plain_repository_is_found_where_git_finds_it(
    make: Callable[[RepositoryBuilder, Path], Path], repo: RepositoryBuilder, tmp_path: Path
) -> None:
    folder = make(repo, tmp_path)
    found = plain_place(str(folder), {})
    assert found is not None
    assert told_by_git(repo, folder) == ["sha1", "false", found[0], found[0], found[1]]


def _set(*words: str) -> Callable[[RepositoryBuilder, Path], Path]:
    def make(repo: RepositoryBuilder, tmp: Path) -> Path:
        repo.git("config", *words)
        return repo.path

    return make


def _written(text: str) -> Callable[[RepositoryBuilder, Path], Path]:
    def make(repo: RepositoryBuilder, tmp: Path) -> Path:
        with (repo.path / ".git/config").open("a") as file:
            file.write(text)
        return repo.path

    return make


def _worktree(repo: RepositoryBuilder, tmp: Path) -> Path:
    repo.git("worktree", "add", "-q", "--detach", str(tmp / "other"))
    return tmp / "other"


def _moved(repo: RepositoryBuilder, tmp: Path) -> Path:
    (repo.path / ".git").rename(tmp / "moved")
    (repo.path / ".git").symlink_to(tmp / "moved")
    return repo.path


def _bare(repo: RepositoryBuilder, tmp: Path) -> Path:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp / "bare.git"))
    return tmp / "bare.git"


def _inside(repo: RepositoryBuilder, tmp: Path) -> Path:
    return repo.path / ".git" / "refs"


def _headless(repo: RepositoryBuilder, tmp: Path) -> Path:
    (repo.path / ".git/HEAD").write_text("nonsense\n")
    return repo.path


def _sha256(repo: RepositoryBuilder, tmp: Path) -> Path:
    return RepositoryBuilder(tmp / "sha256", init=("--object-format=sha256",)).path


def _foreign(repo: RepositoryBuilder, tmp: Path) -> Path:
    os.chown(repo.path / ".git", os.geteuid() + 1, -1)
    return repo.path


NOT_PLAIN = [
    *(
        _set("core.bare", "true"),
        _set("core.worktree", "/"),
        _set("include.path", "x"),
        _set("core.bare", "0"),
    ),
    *(_set("extensions.worktreeConfig", "true"), _set("core.repositoryFormatVersion", "1")),
    *(_written("[core]\n\tbare = true\n"), _written("[core] bare = true\n"), _written("broken [\n")),
    *(_written("[a]\nb = \\\nbare = false\n"), _written("[core]\n\tbare\n"), _written('[x "y]\n')),
    *(_worktree, _moved, _bare, _inside, _headless, _sha256),
]


@pytest.mark.parametrize("make", NOT_PLAIN)
def test_what_is_not_plain_is_left_to_git(
    make: Callable[[RepositoryBuilder, Path], Path], repo: RepositoryBuilder, tmp_path: Path
) -> None:
    assert plain_place(str(make(repo, tmp_path)), {}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_left_to_git(repo: RepositoryBuilder, tmp_path: Path) -> None:
    assert plain_place(str(_foreign(repo, tmp_path)), {}) is None


def test_no_repository_is_left_to_git(tmp_path: Path) -> None:
    assert plain_place(str(tmp_path / "nowhere"), {}) is None


def test_a_hook_of_another_repository_is_left_to_git(repo: RepositoryBuilder, tmp_path: Path) -> None:
    hook = {"GIT_INDEX_FILE": ".git/index"}
    assert plain_place(str(repo.path), {**hook, "GIT_DIR": str(repo.path / ".git")}) is not None
    assert plain_place(str(repo.path), {**hook, "GIT_DIR": str(tmp_path / "x")}) is None
    assert plain_place(str(repo.path), {**hook, "GIT_WORK_TREE": str(tmp_path)}) is None


def test_an_opened_repository_is_laid_out_the_same_either_way(
    repo: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Repository(repo.path / "pkg", isolated_environment()) as quick:
        layout = quick.layout
    monkeypatch.setattr("guardrails.adapters.git.repository.plain_place", lambda path, caller: None)
    with Repository(repo.path / "pkg", isolated_environment()) as asked:
        assert asked.layout == layout
