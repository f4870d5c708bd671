import os
from pathlib import Path

import pytest

from guardrails.adapters.git.inputs import Commits, Opened, Staged, WorkTree, open_change
from guardrails.adapters.git.objects import MAXIMUM_BYTES
from guardrails.model.errors import CannotJudge
from tests.repos.builder import RepositoryBuilder


def test_thousands_of_files_come_in_one_reading(repo: RepositoryBuilder) -> None:
    files = {
        f"d{number % 7}/e{number % 11}/f{number}.txt": f"{number % 500}\n" * 40 for number in range(2000)
    }
    repo.write_all(files).stage()
    with open_change(repo.path, Staged()) as opened:
        assert {file.path for file in opened.change.files} == set(files)
        read = opened.head.read_many([*files, "gone", "d1", "d1/gone"])
        assert read == {path: text.encode() for path, text in files.items()}
        assert set(opened.head.entries()) == {*files, "a.py", "pkg/b.py"}
        assert list(opened.head.entries()) == sorted(opened.head.entries())
        assert opened.head.entries() is opened.head.entries()


def test_listing_agrees_with_git(repo: RepositoryBuilder) -> None:
    repo.write_all({"a/b/c": "1", "a.b": "2", "a-b": "3", "ab/é": "4"}).commit()
    listed = repo.git("ls-tree", "-r", "-z", "--full-tree", "HEAD").split("\0")
    expected = {row.split("\t")[1]: row.split("\t")[0].split()[2] for row in listed if row}
    with open_change(repo.path, Commits(None, "HEAD")) as opened:
        assert {path: entry.blob for path, entry in opened.head.entries().items()} == expected
        assert opened.head.entry("ab/é") == opened.head.entries()["ab/é"]


def test_forked_child_and_parent_read_apart(repo: RepositoryBuilder, scratch_parent: Path) -> None:
    with open_change(repo.path, Commits(None, "main")) as opened:
        assert opened.head.read("a.py") == b"one\ntwo\nthree\n"
        child = os.fork()
        if child == 0:
            good = all(opened.head.read("pkg/b.py") == b"b\n" for _ in range(50))
            opened.close()
            os._exit(0 if good and list(scratch_parent.glob("*/*")) else 1)
        for _ in range(50):
            assert opened.head.read("a.py") == b"one\ntwo\nthree\n"
        assert os.waitpid(child, 0)[1] == 0
        assert opened.head.read("pkg/b.py") == b"b\n"


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_lent_serves_one_child_and_the_others_start_their_own(
    repo: RepositoryBuilder, scratch_parent: Path, killed: bool
) -> None:
    with open_change(repo.path, Commits(None, "main")) as opened:
        assert opened.head.read("a.py") == b"one\ntwo\nthree\n"
        opened.repository.objects.lend()
        children = [_reading_child(opened, killed=killed and first) for first in (True, False, False)]
        ended = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children]
        assert ended == [-9 if killed else 0, 0, 0]
        started = {one.name for one in scratch_parent.glob("*/*/complaints-*")}
        assert len(started) == len(children)
        assert f"complaints-{os.getpid()}" in started
        assert opened.head.read("pkg/b.py") == b"b\n"


def _reading_child(opened: Opened, *, killed: bool) -> int:
    child = os.fork()
    if child == 0:
        good = all(opened.head.read("pkg/b.py") == b"b\n" for _ in range(50))
        if killed:
            os.kill(os.getpid(), 9)
        os._exit(0 if good else 1)
    return child


def test_huge_file_is_part_of_the_change_but_is_not_read(repo: RepositoryBuilder) -> None:
    repo.write("huge.bin", b"\0" * (MAXIMUM_BYTES + 1)).write("small.py", "s")
    with open_change(repo.path, WorkTree()) as opened:
        assert [file.path for file in opened.change.files] == ["huge.bin", "small.py"]
        assert opened.head.read("small.py") == b"s"
        with pytest.raises(CannotJudge, match=r"'huge\.bin' cannot be read: object .* holds 20971521 bytes"):
            opened.head.read("huge.bin")
        name = opened.head.entries()["huge.bin"].blob
    assert name == repo.git("hash-object", "huge.bin")
    repo.stage()
    with open_change(repo.path, Staged()) as opened:
        assert opened.head.read("small.py") == b"s"
        with pytest.raises(CannotJudge, match="keep large data outside git"):
            opened.head.read_many(["huge.bin"])


def test_repository_whose_path_has_colons_and_quotes_is_read(tmp_path: Path) -> None:
    odd = RepositoryBuilder(tmp_path / 'od"d:pa th')
    odd.write("a", "a").commit()
    odd.write("a", "b").stage()
    with open_change(odd.path, Staged()) as opened:
        assert opened.base.read("a") == b"a"
        assert opened.head.read("a") == b"b"


def test_closed_change_can_be_closed_again(repo: RepositoryBuilder, scratch_parent: Path) -> None:
    opened = open_change(repo.path, Staged())
    assert list(scratch_parent.glob("*/*"))
    opened.close()
    opened.close()
    assert list(scratch_parent.glob("*/*")) == []


def test_scratch_folder_that_cannot_be_made_is_named(
    repo: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(repo.path / "a.py"))
    with pytest.raises(CannotJudge, match="TMPDIR"):
        open_change(repo.path, Staged())
