"""An answer is said again only while nothing has changed that it rests on; every edit here must be seen."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import guardrails
from guardrails.adapters.files import ground
from guardrails.cli.main import main
from guardrails.tasks import lint, remembered
from tests.repos.builder import RepositoryBuilder

Edit = Callable[[Path], object]

SLEEPING = "import time\n\nasync def handler():\n    time.sleep(1)\n"
WAITING = "import time\n\nasync def handler():\n    time.ctime(1)\n"
POLICY = "stages:\n  commit: [architecture]\n  merge: [architecture]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    # What was written before a run began counts as old, so that nothing has to wait.
    monkeypatch.setattr(ground, "RACY_NS", 0)
    top = tmp_path / "top"
    write(top, "app/__init__.py", "")
    write(top, "app/routes.py", SLEEPING)
    write(top, "app/empty/note.txt", "x")
    write(top, "policies/guardrails.yaml", POLICY)
    write(top, "policies/architecture.yaml", "pure: [app]\n")
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def repository(folder: Path) -> Path:
    write(folder, ".gitignore", "built/\n")
    write(folder, "built/a.py", SLEEPING)
    builder = RepositoryBuilder(folder)
    builder.git("add", "app", ".gitignore", "policies")
    return folder


def write(top: Path, name: str, text: str) -> None:
    (top / name).parent.mkdir(parents=True, exist_ok=True)
    (top / name).write_text(text)


def said(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, bytes]:
    code = main(["lint", "--format", "agent", *words])
    return code, capsysbinary.readouterr().out


def said_anew(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[int, bytes]:
    with monkeypatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path / "another cache"))
        return said(capsysbinary)


def swap(top: Path, name: str, text: str) -> None:
    """Replace a file's content by one of the same size, and put its modification time back."""
    old = (top / name).stat()
    (top / name).write_text(text)
    assert (top / name).stat().st_size == old.st_size
    os.utime(top / name, ns=(old.st_atime_ns, old.st_mtime_ns))


def link(top: Path) -> None:
    (top / "app/routes.py").unlink()
    (top / "app/routes.py").symlink_to(top / "app/__init__.py")


def configure(top: Path) -> None:
    write(top.parent, "home/rules", "other.py\n")
    write(top.parent, "home/.gitconfig", "[core]\n\texcludesFile = ~/rules\n")


EVERYWHERE: dict[str, Edit] = {
    "same size, time put back": lambda top: swap(top, "app/routes.py", WAITING),
    "a new file": lambda top: write(top, "app/new.py", SLEEPING),
    "a new file in a folder without code": lambda top: write(top, "app/empty/new.py", SLEEPING),
    "a new folder": lambda top: write(top, "more/deep/new.py", SLEEPING),
    "a file less": lambda top: (top / "app/routes.py").unlink(),
    "a file under another name": lambda top: (top / "app/routes.py").rename(top / "app/other.py"),
    "a link in place of a file": link,
    "another policy": lambda top: write(top, "policies/architecture.yaml", "exempt: {GR102: [app]}\n"),
    "no policy": lambda top: (top / "policies/guardrails.yaml").unlink(),
    "a baseline": lambda top: write(top, "policies/baseline.json", '{"version": 1, "fingerprints": []}'),
}
IN_GIT: dict[str, Edit] = {
    "something more to ignore": lambda top: write(top, ".gitignore", "built/\nother.py\n"),
    "nothing to ignore": lambda top: (top / ".gitignore").unlink(),
    "rules for a folder": lambda top: write(top, "app/.gitignore", "*.py\n"),
    "rules of the repository": lambda top: write(top, ".git/info/exclude", "other.py\n"),
    "rules of the user": lambda top: write(top.parent, "home/.config/git/ignore", "other.py\n"),
    "configuration of the user": configure,
    "an ignored file that is tracked": lambda top: RepositoryBuilder(top).git("add", "-f", "built/a.py"),
    "a repository inside": lambda top: RepositoryBuilder(top / "app/empty"),
}
EVERY: dict[str, Edit] = {**EVERYWHERE, **IN_GIT}


def assert_seen(
    edit: Edit, top: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsysbinary)
    edit(top)
    after = said(capsysbinary)
    assert after == said_anew(capsysbinary, monkeypatch, top.parent)
    assert said(capsysbinary) == after


@pytest.mark.parametrize("edit", EVERYWHERE)
def test_edit_of_a_folder_is_seen(
    edit: str, folder: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_seen(EVERYWHERE[edit], folder, capsysbinary, monkeypatch)


@pytest.mark.parametrize("edit", EVERY)
def test_edit_of_a_work_tree_is_seen(
    edit: str, repository: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, "other.py", SLEEPING)
    assert_seen(EVERY[edit], repository, capsysbinary, monkeypatch)


@pytest.mark.parametrize("kind", ["folder", "repository"])
def test_unchanged_tree_is_not_judged_again(
    kind: str,
    request: pytest.FixtureRequest,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request.getfixturevalue(kind)
    first = said(capsysbinary)
    monkeypatch.delattr(lint, "judged")
    assert said(capsysbinary) == first
    assert b"GR102 app/routes.py:4" in first[1]


def test_tree_that_changed_a_moment_ago_is_judged_again(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "RACY_NS", 3600 * 10**9)
    assert folder.is_dir()
    said(capsysbinary)
    assert remembered.said_of(["--format", "agent"], ("terminal", 100, False)) is None


def test_file_system_that_may_not_keep_times_of_folders_is_not_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = (folder / "app").stat().st_ctime_ns + 1
    assert ground.ground_of({f"{folder}/app": []}, [], begun) is not None
    monkeypatch.setattr(ground, "_KEEPING_TIMES", frozenset({"nfs"}))
    assert ground.ground_of({f"{folder}/app": []}, [], begun) is None


@pytest.mark.parametrize("words", [["--stage", "commit"], ["app"], ["--strict"]])
def test_other_words_have_other_answers(
    words: list[str], folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(folder, "other.py", SLEEPING)
    said(capsysbinary)
    fresh = said(capsysbinary, *words)
    assert said(capsysbinary, *words) == fresh
    assert fresh != said(capsysbinary) or words == ["--strict"]


def test_answer_ends_with_its_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.is_dir()
    main(["lint", "--format", "agent"])
    words, audience = ["--format", "agent"], ("terminal", 100, False)
    assert remembered.said_of(words, audience) is not None
    monkeypatch.setattr(remembered, "_day", lambda: "2999-01-01")
    assert remembered.said_of(words, audience) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[::-1]])
def test_damaged_answer_is_no_answer(
    damage: Callable[[bytes], bytes], folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    first = said(capsysbinary)
    for path in (folder.parent / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(damage(path.read_bytes()))
    assert said(capsysbinary) == first


def test_edit_of_our_own_code_is_seen(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert folder.is_dir()
    package = tmp_path / "package"
    write(package, "rules/one.py", "x = 1\n")
    monkeypatch.setattr(guardrails, "__path__", [str(package)])
    main(["lint", "--format", "agent"])
    words, audience = ["--format", "agent"], ("terminal", 100, False)
    assert remembered.said_of(words, audience) is not None
    swap(package, "rules/one.py", "x = 2\n")
    assert remembered.said_of(words, audience) is None
