from guardrails.adapters.git.difference import exact_renames
from guardrails.adapters.git.inputs import Staged, open_change
from guardrails.model.change import Entry, FileChange, Mode
from tests.repos.builder import RepositoryBuilder


def test_differences_agree_with_git(repo: RepositoryBuilder) -> None:
    repo.write_all({"a/b/c": "1", "a/d": "2", "e": "3", "f/g": "4"}).commit()
    repo.delete("a/b/c").write("a/b", "now a file").delete("e").write("e/h", "now a folder")
    repo.chmod("f/g").write("a/d", "22").stage()
    listed = repo.git("diff-index", "--cached", "-r", "-z", "--raw", "--no-renames", "HEAD").split("\0")
    expected = {
        path: tuple(row[1:].split()[:4]) for row, path in zip(listed[::2], listed[1::2], strict=False)
    }
    with open_change(repo.path, Staged()) as opened:
        nothing = ("000000", "0" * 40)
        found = {}
        for file in opened.change.files:
            old, new = (
                nothing if entry is None else (entry.mode.value, entry.blob) for entry in (file.old, file.new)
            )
            found[file.path] = (old[0], new[0], old[1], new[1])
        assert found == expected
        assert [file.path for file in opened.change.files] == sorted(expected)


def test_moved_files_are_paired_once_each() -> None:
    one, other = Entry(Mode.FILE, "1" * 40), Entry(Mode.EXECUTABLE, "1" * 40)
    different = Entry(Mode.FILE, "2" * 40)
    files = (
        FileChange("old/a", one, None),
        FileChange("old/b", one, None),
        FileChange("new/a", None, other),
        FileChange("new/z", None, different),
        FileChange("kept", one, different),
    )
    assert exact_renames(files) == (("old/a", "new/a"),)
    assert exact_renames(reversed(files)) == (("old/a", "new/a"),)
