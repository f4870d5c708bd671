from pathlib import Path

import pytest

from guardrails.adapters.git.inputs import Patch, open_change
from guardrails.adapters.git.patch import PatchError
from guardrails.model.change import Mode
from guardrails.model.errors import UsageError
from tests.repos.builder import RepositoryBuilder


def kinds(repo: RepositoryBuilder, data: bytes, base: str = "HEAD") -> dict[str, str]:
    with open_change(repo.path, Patch(data, base)) as opened:
        return {file.path: file.kind.value for file in opened.change.files}


def test_patch_is_applied_to_base_whatever_the_work_tree_holds(repo: RepositoryBuilder) -> None:
    base = repo.head
    repo.write("a.py", "one\ntwo\nTHREE\n").write("new.py", "no end")
    repo.stage("new.py")
    data = repo.diff("HEAD")
    repo.git("reset", "-q", "--hard")
    repo.write("a.py", "later\n").commit()
    repo.write("a.py", "dirty\n").write("pkg/b.py", "staged\n").stage("pkg/b.py").write(
        "new.py", "in the way"
    )
    status = repo.git("status", "--porcelain")
    index = (repo.path / ".git/index").read_bytes()
    with open_change(repo.path, Patch(data, base)) as opened:
        assert {file.path: file.kind.value for file in opened.change.files} == {
            "a.py": "modified",
            "new.py": "added",
        }
        assert opened.head.read_many(["a.py", "new.py"]) == {
            "a.py": b"one\ntwo\nTHREE\n",
            "new.py": b"no end",
        }
        assert opened.change.base.commit == base
    assert (repo.path / ".git/index").read_bytes() == index
    assert repo.git("status", "--porcelain") == status


def test_renames_modes_links_and_binary_files_are_applied(repo: RepositoryBuilder) -> None:
    base = repo.head
    repo.git("mv", "pkg/b.py", "pkg/c.py")
    repo.chmod("a.py").write("bin", bytes(range(256)) * 9).symlink("up", "../../outside").commit()
    data = repo.diff("-M", base, "HEAD")
    assert b"rename from" in data
    assert b"GIT binary patch" in data
    with open_change(repo.path, Patch(data, base)) as opened:
        assert opened.head.id == repo.tree()
        assert opened.head.entries()["up"].mode is Mode.SYMLINK
        assert opened.head.entries()["a.py"].mode is Mode.EXECUTABLE


def test_series_of_mails_is_applied_in_order(repo: RepositoryBuilder) -> None:
    base = repo.head
    repo.write("a.py", "1\ntwo\nthree\n").commit("Überall\n\n- a list\n+ of things")
    repo.write("a.py", "1\n2\nthree\n").commit("Second")
    data = repo.run("format-patch", "--stdout", base).stdout
    with open_change(repo.path, Patch(data, base)) as opened:
        assert opened.head.id == repo.tree()


@pytest.mark.parametrize(
    "options", [("--no-prefix",), ("--src-prefix=i/", "--dst-prefix=w/"), ("-U1",), ("-W",)]
)
def test_forms_of_git_diff_are_applied(repo: RepositoryBuilder, options: tuple[str, ...]) -> None:
    repo.write("a.py", "one\ntwo\nTHREE\n")
    assert kinds(repo, repo.diff(*options)) == {"a.py": "modified"}


def test_plain_diff_and_carriage_returns_are_applied(repo: RepositoryBuilder) -> None:
    repo.write("crlf.txt", b"one\r\ntwo\r\n").commit()
    data = b"--- crlf.txt\t2020-01-01\n+++ crlf.txt\t2020-01-02\n@@ -1,2 +1,2 @@\n one\r\n-two\r\n+2\r\n"
    with open_change(repo.path, Patch(data)) as opened:
        assert opened.head.read("crlf.txt") == b"one\r\n2\r\n"


@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_empty_patch_has_nothing_to_judge(repo: RepositoryBuilder, data: bytes) -> None:
    with pytest.raises(UsageError, match="nothing to judge"):
        kinds(repo, data)


def test_patch_that_changes_nothing_has_nothing_to_judge(repo: RepositoryBuilder) -> None:
    same = b"--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-one\n+one\n two\n three\n"
    with pytest.raises(UsageError, match="changes nothing"):
        kinds(repo, same)


def test_patch_that_does_not_apply_says_where_and_why(repo: RepositoryBuilder) -> None:
    wrong = b"--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-TWO\n+2\n three\n"
    with pytest.raises(
        UsageError, match=r"does not apply to 'HEAD': patch failed: a\.py:1; a\.py: patch does not"
    ):
        kinds(repo, wrong)
    missing = b"--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-x\n+y\n"
    with pytest.raises(UsageError, match=r"none\.py: does not exist in index"):
        kinds(repo, missing)


def test_patch_cannot_write_through_a_link_or_outside(repo: RepositoryBuilder, tmp_path: Path) -> None:
    through = (
        b"diff --git a/out b/out\nnew file mode 120000\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+../..\n"
        b"\\ No newline at end of file\n"
        b"diff --git a/out/x b/out/x\nnew file mode 100644\n--- /dev/null\n+++ b/out/x\n@@ -0,0 +1 @@\n+evil\n"
    )
    with pytest.raises(UsageError, match="does not apply"):
        kinds(repo, through)
    outside = b"--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+evil\n"
    with pytest.raises(PatchError, match="no path inside the repository"):
        kinds(repo, outside)
    assert not list(tmp_path.rglob("evil"))


def test_names_that_contradict_each_other_are_refused(repo: RepositoryBuilder) -> None:
    data = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/pkg/b.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
    with pytest.raises(PatchError, match=r"patch:1: its names differ, though"):
        kinds(repo, data)
    mixed = (
        b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+1\n--- pkg/b.py\n+++ pkg/b.py\n@@ -1 +1 @@\n-b\n+c\n"
    )
    with pytest.raises(PatchError, match=r"patch:6: some names have an `a/` and `b/` prefix and some do not"):
        kinds(repo, mixed)
