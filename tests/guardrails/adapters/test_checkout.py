import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from guardrails.adapters.checkout import check_out
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.scratch import RunFolder, remove
from guardrails.model.change import Entry, Mode
from guardrails.model.errors import CannotJudge
from tests.repos.builder import RepositoryBuilder
from tests.repos.memory import MemoryTree


@dataclass(frozen=True)
class OddTree(MemoryTree):
    """A tree that also says what no git would write."""

    extra: tuple[tuple[str, Mode], ...] = ()

    def entries(self) -> Mapping[str, Entry]:
        return {**super().entries(), **{path: Entry(mode, "0" * 40) for path, mode in self.extra}}


def test_a_repositorys_tree_is_laid_out_read_only(tmp_path: Path) -> None:
    built = RepositoryBuilder(tmp_path / "repository")
    built.write_all({"a.txt": "a\n", "deep/er/run.sh": "#!/bin/sh\n", ".gitattributes": "* text eol=crlf\n"})
    built.write("odd \udcff\n name", b"\0")
    built.chmod("deep/er/run.sh")
    for path, target in {
        "inside": "deep/er",
        "deep/up": "../a.txt",
        "outside": "../../etc",
        "absolute": "/etc/passwd",
        "deep/top": "..",
        "chain": "deep/top/../../secret",
    }.items():
        built.symlink(path, target)
    built.commit()
    with Repository(tmp_path / "repository") as repository:
        tree = repository.tree(built.tree())
        folder = check_out(tree, tmp_path / "checkouts" / tree.id)
        assert check_out(tree, folder) == folder
    assert (folder / "a.txt").read_bytes() == b"a\n"
    assert (folder / "odd \udcff\n name").read_bytes() == b"\0"
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o444
    assert (folder / "deep/er/run.sh").stat().st_mode & 0o777 == 0o555
    assert (folder / "deep").stat().st_mode & 0o777 == 0o555
    assert (folder / "inside/run.sh").exists()
    assert (folder / "deep/up").read_bytes() == b"a\n"
    links = {path.name for path in folder.rglob("*") if path.is_symlink()}
    assert links == {"inside", "up", "top"}
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]
    remove(folder)


@pytest.mark.parametrize(
    "path",
    ["../out", "a/../../out", "/etc/x", "a//b", ".git/config", "a/.GIT/hooks/x", "a/git~1", "a/.git. "],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(CannotJudge, match="which no checkout may have"):
        check_out(MemoryTree({"fine": "", path: "x"}), tmp_path / "c" / "tree")
    assert list((tmp_path / "c").iterdir()) == []


def test_a_file_is_never_written_through_a_link_or_over_another(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()

    class Linked(OddTree):
        def read_link(self, path: str) -> bytes:
            return os.fsencode(target)

    tree = Linked({"d/file": "x"}, extra=(("d", Mode.SYMLINK),))
    assert (check_out(tree, tmp_path / "c" / "one") / "d/file").read_text() == "x"
    assert list(target.iterdir()) == []
    with pytest.raises(CannotJudge, match="twice in one folder"):
        check_out(MemoryTree({"d": "x", "d/file": "x"}), tmp_path / "c" / "two")


def test_a_submodule_is_an_empty_folder_and_a_missing_blob_an_error(tmp_path: Path) -> None:
    folder = check_out(OddTree({"a": "x"}, extra=(("sub/module", Mode.SUBMODULE),)), tmp_path / "one")
    assert list((folder / "sub/module").iterdir()) == []
    with pytest.raises(CannotJudge, match="'gone' is not in the repository"):
        check_out(OddTree({"a": "x"}, extra=(("gone", Mode.FILE),)), tmp_path / "two")
    with pytest.raises(CannotJudge, match="more than 1 MiB"):
        check_out(MemoryTree({"a": "x" * (1 << 20), "b": "y"}), tmp_path / "three", limit_bytes=1 << 20)


def test_two_children_may_check_out_the_same_tree_at_once(tmp_path: Path) -> None:
    tree = MemoryTree({f"{number % 7}/{number}": str(number) for number in range(300)})
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                folder = check_out(tree, tmp_path / "c" / "tree")
                code = 0 if (folder / "6/293").read_text() == "293" else 2
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    assert [one.name for one in (tmp_path / "c").iterdir()] == ["tree"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount the small disk that this test fills")
def test_a_full_disk_names_the_folder_and_the_remedy(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode:
        pytest.skip("this root cannot mount a tmpfs")
    try:
        run = RunFolder(disk)
        with pytest.raises(CannotJudge, match=rf"{disk}.*: the disk is full; .* set TMPDIR"):
            check_out(MemoryTree({"big": "x" * (1 << 20)}), run.path / "checkouts" / "tree")
        run.close()
        assert list((disk / f"guardrails-{os.getuid()}").iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
