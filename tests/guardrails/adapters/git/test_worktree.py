"""What a work tree is read by: the repository's own settings and the user's, with and without asking git."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from guardrails.adapters.git.inputs import WorkTree, open_change
from guardrails.adapters.git.process import Git
from guardrails.adapters.git.worktree import plain_traits
from guardrails.model.ports import Completed
from tests.repos.builder import RepositoryBuilder, isolated_environment

TRAITS = r"^core\.(filemode|symlinks|ignorecase|precomposeunicode)$"
PLAIN = [
    "",
    "[core]\n\tfilemode = false\n",
    "[CORE]\n\tFileMode=FALSE\n\tsymlinks = no\n",
    "[core]\n\tignorecase\n\tsymlinks =\n",
    "[core]\n\tfilemode = true  \r\n\tfilemode = false\r\n",
    '[core "filemode"]\n\tfilemode = false\n\tsymlinks = false\n',
    "[core.symlinks]\n\tfilemode = false\n",
    "[user]\n\tfilemode = false\n[core]\n\tprecomposeunicode = 0\n[core]\n\tignorecase = 1\n",
    '[remote "origin"]\n\turl = /x/core/filemode\n',
]
ASKED = [
    "[core]\n\tfilemode = fal\\\nse\n",
    '[core]\n\tfilemode = "false"\n',
    "[core]\n\tfilemode = false ; not here\n",
    "[core] filemode = false\n",
    "[core]\n\tfilemode = of f\n",
    "[core]\n\tfilemode = -1\n",
    "[include]\n\tpath = other\n",
    '[includeIf "gitdir:/"]\n\tpath = other\n',
    "[extensions]\n\tworktreeConfig = true\n",
    "[core]\n\t# filemode = false\n",
]


def settings_by_git(repo: RepositoryBuilder) -> list[str]:
    done = repo.run("config", "-z", "--file", ".git/config", "--get-regexp", TRAITS)
    return [one.replace("\n", "=", 1) for one in done.stdout.decode().split("\0") if one]


@pytest.mark.parametrize("more", PLAIN)
def test_settings_read_without_git_are_those_that_git_reads(more: str, repo: RepositoryBuilder) -> None:
    config = repo.path / ".git" / "config"
    config.write_bytes(config.read_bytes() + more.encode())
    found = plain_traits(config.read_bytes())
    assert found == settings_by_git(repo)
    assert "core.filemode=true" in found


@pytest.mark.parametrize("more", ASKED)
def test_settings_that_are_not_plain_are_left_to_git(more: str, repo: RepositoryBuilder) -> None:
    config = (repo.path / ".git" / "config").read_bytes()
    assert plain_traits(config + more.encode()) is None


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (".gitconfig", "[core]\n\texcludesFile = {0}\n"),
        (".gitconfig", "[CORE]\n\tEXCLUDESFILE = {0}\n"),
        (".config/git/config", "[core]\n\texcludesfile = {0}\n"),
        ("linked", "[core]\n\texcludesfile = {0}\n"),
    ],
)
def test_file_that_the_user_names_for_what_to_ignore_counts(
    place: str, says: str, repo: RepositoryBuilder, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ignored = tmp_path / "ignored"
    ignored.write_text("*.local\n")
    (home / place).parent.mkdir(parents=True)
    (home / place).write_text(says.format(ignored))
    if place == "linked":
        (home / ".gitconfig").symlink_to(home / place)
    repo.write_all({"new.local": "x", "new.py": "x"})
    assert changed_by(repo, home) == ["new.py"]


@pytest.mark.parametrize("says", [None, "[user]\n\tname = Somebody\n"])
def test_plain_settings_start_no_process(
    says: str | None, repo: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if says is not None:
        (home / ".gitconfig").write_text(says)
    started = []
    run = Git.run

    def counted(git: Git, *arguments: str, stdin: bytes = b"") -> Completed:
        started.append(arguments[0])
        return run(git, *arguments, stdin=stdin)

    monkeypatch.setattr(Git, "run", counted)
    repo.write_all({"new.local": "x", "new.py": "x"})
    assert changed_by(repo, home) == ["new.local", "new.py"]
    assert "config" not in started
    assert "ls-files" in started


def changed_by(repo: RepositoryBuilder, home: Path) -> list[str]:
    caller: Mapping[str, str] = {
        **{name: value for name, value in isolated_environment().items() if name != "XDG_CONFIG_HOME"},
        "HOME": str(home),
    }
    with open_change(repo.path, WorkTree(), caller=caller) as opened:
        return [one.path for one in opened.change.files]
