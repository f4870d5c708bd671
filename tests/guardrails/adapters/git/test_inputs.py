import os
from pathlib import Path

import pytest

from guardrails.adapters.git.inputs import (
    Branch,
    Commits,
    Opened,
    Patch,
    Source,
    Staged,
    WorkTree,
    open_change,
    retargeted,
)
from guardrails.model.change import Mode
from guardrails.model.errors import CannotJudge, UsageError
from tests.repos.builder import RepositoryBuilder


def kinds(opened: Opened) -> dict[str, str]:
    return {file.path: file.kind.value for file in opened.change.files}


def changed(repo: RepositoryBuilder, source: Source) -> dict[str, str]:
    with open_change(repo.path, source) as opened:
        return kinds(opened)


def test_head_is_the_merge_result_of_the_two_refs(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("a.py", "one\ntwo\nTHREE\n").commit()
    repo.checkout("main").write("a.py", "ONE\ntwo\nthree\n").write("new.py", "n\n").commit()
    before = set(repo.git("cat-file", "--batch-check", "--batch-all-objects").splitlines())
    with open_change(repo.path, Commits("main", "feature"), task="shout") as opened:
        assert kinds(opened) == {"a.py": "modified"}
        assert opened.base.read("a.py") == b"ONE\ntwo\nthree\n"
        assert opened.head.read_many(["a.py", "new.py", "gone"]) == {
            "a.py": b"ONE\ntwo\nTHREE\n",
            "new.py": b"n\n",
        }
        assert opened.change.base.commit == repo.git("rev-parse", "main")
        assert opened.change.head.commit == repo.git("rev-parse", "feature")
        assert opened.policy.id == opened.base.id
        assert opened.change.task == "shout"
    assert set(repo.git("cat-file", "--batch-check", "--batch-all-objects").splitlines()) == before


def test_head_that_descends_from_base_is_taken_as_it_is(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("c.py", "c").commit()
    with open_change(repo.path, Commits("main", "feature")) as opened:
        assert opened.head.id == repo.tree("feature")
        assert opened.base.id == repo.tree("main")


def test_merge_commit_as_head_brings_in_only_what_base_lacks(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("c.py", "c").commit()
    repo.checkout("main").write("d.py", "d").commit()
    repo.checkout("feature").merge("main")
    assert changed(repo, Commits("main", "feature")) == {"c.py": "added"}


def test_criss_cross_history_merges(repo: RepositoryBuilder) -> None:
    repo.branch("left").write("l.py", "1").commit()
    repo.checkout("main").branch("right").write("r.py", "1").commit()
    left, right = repo.git("rev-parse", "left"), repo.git("rev-parse", "right")
    repo.checkout("left").merge(right)
    repo.checkout("right").merge(left)
    repo.write("r.py", "2").commit()
    assert changed(repo, Commits("left", "right")) == {"r.py": "modified"}


def test_conflict_cannot_be_judged_and_names_its_files(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("a.py", "x\n").write("odd\nname", "1").commit()
    repo.checkout("main").write("a.py", "y\n").write("odd\nname", "2").commit()
    with pytest.raises(CannotJudge, match=r"'a\.py', 'odd\\nname' are in conflict; merge or rebase"):
        open_change(repo.path, Commits("main", "feature"))


def test_unrelated_histories_cannot_be_judged(repo: RepositoryBuilder) -> None:
    repo.git("checkout", "-q", "--orphan", "other")
    repo.write("x", "x").commit()
    with pytest.raises(CannotJudge, match="share no history"):
        open_change(repo.path, Commits("main", "other"))


def test_shallow_clone_without_the_fork_point_says_what_to_fetch(
    repo: RepositoryBuilder, tmp_path: Path
) -> None:
    repo.branch("feature").write("f", "f").commit()
    repo.checkout("main").write("m", "m").commit()
    url = f"file://{repo.path}"
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", url, str(tmp_path / "shallow"))
    shallow = RepositoryBuilder(tmp_path / "shallow", init=None)
    with pytest.raises(CannotJudge, match=r"too shallow .* `git fetch --unshallow`"):
        open_change(shallow.path, Commits("origin/main", "origin/feature"))
    with pytest.raises(UsageError, match=r"'HEAD~1' names no commit here; this clone is shallow"):
        open_change(shallow.path, Commits("HEAD~1", "HEAD"))
    with open_change(shallow.path, Commits(None, "HEAD")) as opened:
        assert opened.change.whole_tree
        assert kinds(opened) == {"a.py": "added", "pkg/b.py": "added", "m": "added"}


def test_shallow_clone_that_reaches_the_fork_point_is_judged(repo: RepositoryBuilder, tmp_path: Path) -> None:
    for number in range(4):
        repo.write("n", str(number)).commit()
    repo.git("clone", "-q", "--depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    shallow = RepositoryBuilder(tmp_path / "shallow", init=None)
    assert changed(shallow, Commits("HEAD~1", "HEAD")) == {"n": "modified"}


def test_staged_change_is_the_index_and_not_the_work_tree(repo: RepositoryBuilder) -> None:
    repo.write("a.py", "staged\n").stage().write("a.py", "dirty\n").write("new.py", "")
    index = (repo.path / ".git/index").read_bytes()
    with open_change(repo.path / "pkg", Staged()) as opened:
        assert kinds(opened) == {"a.py": "modified"}
        assert opened.head.read("a.py") == b"staged\n"
        assert opened.change.base.commit == repo.head
    assert (repo.path / ".git/index").read_bytes() == index


def test_policy_of_a_staged_change_is_where_head_left_the_target(repo: RepositoryBuilder) -> None:
    fork = repo.head
    repo.write("policies/guardrails.yaml", "loose").commit()
    repo.git("update-ref", "refs/remotes/origin/main", fork)
    with open_change(repo.path, Staged("main")) as opened:
        assert opened.change.policy_base.commit == fork
        assert opened.policy.read("policies/guardrails.yaml") is None
        assert opened.base.read("policies/guardrails.yaml") == b"loose"
        assert opened.change.base.commit == repo.head


@pytest.mark.parametrize("target", ["", "gone"])
def test_usual_branches_are_the_target_when_none_is_configured(repo: RepositoryBuilder, target: str) -> None:
    fork = repo.head
    repo.branch("feature").write("policies/guardrails.yaml", "loose").commit()
    with open_change(repo.path, Staged(target)) as opened:
        assert opened.change.policy_base.commit == fork
        assert opened.change.policy_base.name == "merge base with refs/heads/main"
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/feature")
    with open_change(repo.path, Staged(target)) as opened:
        assert opened.change.policy_base.commit == repo.head


def test_change_is_given_another_target_without_being_read_again(repo: RepositoryBuilder) -> None:
    fork = repo.head
    repo.branch("develop").write("a.py", "x").commit()
    repo.branch("feature").write("b.py", "y").commit()
    repo.write("b.py", "z").stage()
    with open_change(repo.path, Staged()) as opened:
        assert opened.change.policy_base.commit == fork
        again = retargeted(opened, "develop")
        assert again.change.policy_base.commit == repo.git("rev-parse", "develop")
        assert again.policy.id == repo.tree("develop")
        assert again.change.files == opened.change.files
        assert again.change.digest == opened.change.digest


def test_orphan_branch_is_still_judged_by_the_target(repo: RepositoryBuilder) -> None:
    tip = repo.head
    repo.git("checkout", "-q", "--orphan", "escape")
    with open_change(repo.path, Staged("main")) as unborn:
        assert unborn.change.whole_tree
        assert unborn.change.policy_base.commit == tip
    repo.write("x", "x").commit()
    with open_change(repo.path, Staged("main")) as born:
        assert born.change.policy_base.commit == tip


def test_unborn_branch_is_judged_as_a_whole_tree(tmp_path: Path) -> None:
    repo = RepositoryBuilder(tmp_path / "new")
    assert changed(repo, Staged()) == {}
    repo.write("a", "a").stage()
    with open_change(repo.path, Staged("main")) as opened:
        assert opened.change.whole_tree
        assert kinds(opened) == {"a": "added"}
        assert opened.base.entries() == {}
        assert opened.policy.read_many(["policies/guardrails.yaml"]) == {}


def test_unmerged_index_cannot_be_judged(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("a.py", "x\n").commit()
    repo.checkout("main").write("a.py", "y\n").commit()
    assert repo.run("merge", "feature").returncode == 1
    for source in (Staged(), WorkTree()):
        with pytest.raises(CannotJudge, match=r"'a\.py' is still to be merged; resolve"):
            open_change(repo.path, source)


def test_intent_to_add_is_not_yet_staged_but_is_in_the_work_tree(repo: RepositoryBuilder) -> None:
    repo.write("new.py", "n\n").git("add", "-N", "new.py")
    assert changed(repo, Staged()) == {}
    assert changed(repo, WorkTree()) == {"new.py": "added"}


def test_split_index_is_read(repo: RepositoryBuilder) -> None:
    repo.git("update-index", "--split-index")
    repo.write("a.py", "split\n").stage("a.py")
    assert list((repo.path / ".git").glob("sharedindex.*"))
    assert changed(repo, Staged()) == {"a.py": "modified"}
    assert changed(repo, WorkTree()) == {"a.py": "modified"}


def test_sparse_index_is_read(repo: RepositoryBuilder) -> None:
    repo.write("far/away/x.py", "x\n").commit()
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "pkg")
    assert not (repo.path / "far").exists()
    repo.write("pkg/b.py", "sparse\n").stage("pkg/b.py")
    for source in (Staged(), WorkTree()):
        with open_change(repo.path, source) as opened:
            assert kinds(opened) == {"pkg/b.py": "modified"}
            assert opened.head.read("far/away/x.py") == b"x\n"


def test_work_tree_holds_tracked_changes_and_new_files_that_are_not_ignored(
    repo: RepositoryBuilder, tmp_path: Path
) -> None:
    repo.write(".gitignore", "*.log\n").commit()
    repo.write("a.py", "dirty\n").delete("pkg/b.py").write("x.log", "").write("deep/new.py", "n")
    repo.symlink("link", "/etc/passwd").write("run.sh", "").chmod("run.sh")
    index = (repo.path / ".git/index").read_bytes()
    with open_change(repo.path, WorkTree()) as opened:
        assert kinds(opened) == {
            "a.py": "modified",
            "pkg/b.py": "removed",
            "deep/new.py": "added",
            "link": "added",
            "run.sh": "added",
        }
        entries = opened.head.entries()
        assert entries["link"].mode is Mode.SYMLINK
        assert entries["run.sh"].mode is Mode.EXECUTABLE
        assert opened.head.read("link") is None
    assert (repo.path / ".git/index").read_bytes() == index


def test_work_tree_file_takes_the_place_of_a_folder_and_the_reverse(repo: RepositoryBuilder) -> None:
    repo.delete("pkg/b.py")
    repo.write("pkg", "file now").delete("a.py").write("a.py/inner", "folder now")
    assert changed(repo, WorkTree()) == {
        "a.py": "removed",
        "a.py/inner": "added",
        "pkg": "added",
        "pkg/b.py": "removed",
    }


def test_work_tree_does_not_follow_a_folder_that_became_a_link(
    repo: RepositoryBuilder, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("secret")
    repo.delete("pkg/b.py")
    repo.symlink("pkg", str(outside))
    assert changed(repo, WorkTree()) == {"pkg": "added", "pkg/b.py": "removed"}


def test_nested_repository_in_the_work_tree_cannot_be_judged(repo: RepositoryBuilder) -> None:
    RepositoryBuilder(repo.path / "nested").write("x", "x").commit()
    with pytest.raises(CannotJudge, match=r"'nested/' is a git repository of its own; ignore it"):
        open_change(repo.path, WorkTree())


def test_line_endings_are_judged_as_they_are_in_the_work_tree(repo: RepositoryBuilder) -> None:
    repo.write(".gitattributes", "* text=auto eol=lf\n").write("c.txt", "x\n").commit()
    repo.write("c.txt", b"y\r\n")
    with open_change(repo.path, WorkTree()) as opened:
        assert opened.head.read("c.txt") == b"y\r\n"


def test_linked_work_tree_and_detached_head(repo: RepositoryBuilder, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = RepositoryBuilder(tmp_path / "linked", init=None)
    linked.write("a.py", "linked\n").stage("a.py").write("new", "n")
    repo.write("a.py", "main\n").stage()
    with open_change(linked.path, Staged("main")) as opened:
        assert opened.head.read("a.py") == b"linked\n"
        assert opened.change.base.commit == repo.head
    assert changed(linked, WorkTree()) == {"a.py": "modified", "new": "added"}


def test_submodule_is_an_entry_that_reads_as_nothing(repo: RepositoryBuilder, tmp_path: Path) -> None:
    library = RepositoryBuilder(tmp_path / "library")
    library.write("l.py", "l").commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "lib")
    with open_change(repo.path, Staged()) as opened:
        assert kinds(opened) == {".gitmodules": "added", "lib": "added"}
        assert opened.head.entries()["lib"].mode is Mode.SUBMODULE
        assert opened.head.read("lib") is None
        assert opened.head.read("lib/l.py") is None
    repo.commit()
    repo.git("config", "submodule.lib.ignore", "all")
    assert changed(repo, WorkTree()) == {}
    inner = RepositoryBuilder(repo.path / "lib", init=None)
    moved = inner.write("l.py", "moved").commit()
    with open_change(repo.path, WorkTree()) as opened:
        assert kinds(opened) == {"lib": "modified"}
        assert opened.head.entries()["lib"].blob == moved


def test_modes_renames_binary_and_odd_names_are_told_apart(repo: RepositoryBuilder) -> None:
    odd = os.fsdecode(b"caf\xe9\nline.py")
    repo.write("bin", bytes(range(256))).write(odd, "o").commit()
    repo.chmod("a.py").write("bin", b"\0\1").write("moved/b.py", "b\n").delete("pkg/b.py")
    repo.write(odd, "p").symlink("up", "../../outside").stage()
    with open_change(repo.path, Staged()) as opened:
        assert kinds(opened) == {
            "a.py": "mode",
            "bin": "modified",
            odd: "modified",
            "moved/b.py": "added",
            "pkg/b.py": "removed",
            "up": "added",
        }
        assert opened.head.read(odd) == b"p"
        assert opened.head.read("up") is None
        assert opened.head.read("bin") == b"\0\1"
        assert len(opened.change.digest) == 64


@pytest.mark.parametrize("source", [Commits("main", "side"), Staged(), WorkTree(), Patch(b"", "main")])
def test_sha256_repository_works_in_every_way(tmp_path: Path, source: Source) -> None:
    repo = RepositoryBuilder(tmp_path / "wide", init=("--object-format=sha256",))
    repo.write("a", "1\n").write("b", "1\n").commit()
    repo.branch("side").write("a", "2\n").commit()
    repo.checkout("main").write("b", "2\n").commit()
    repo.write("a", "2\n")
    patch = repo.diff()
    repo.stage()
    if isinstance(source, Patch):
        source = Patch(patch)
    with open_change(repo.path, source) as opened:
        assert kinds(opened) == {"a": "modified"}
        assert opened.head.read_many(["a", "b"]) == {"a": b"2\n", "b": b"2\n"}
        assert len(opened.head.id) == 64


def test_bare_repository_judges_commits_only(repo: RepositoryBuilder, tmp_path: Path) -> None:
    repo.write("c", "c").commit()
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    bare = RepositoryBuilder(tmp_path / "bare.git", init=None)
    assert changed(bare, Commits("main~1", "main")) == {"c": "added"}
    for source in (Staged(), WorkTree()):
        with pytest.raises(UsageError, match=r"has no work tree; judge commits with --base and --head"):
            open_change(bare.path, source)


def test_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(UsageError, match=r"is in no git repository; run inside one"):
        open_change(tmp_path / "plain", Staged())
    with pytest.raises(UsageError, match="is not a folder"):
        open_change(tmp_path / "missing", Staged())


def test_a_branch_is_judged_against_the_usual_target(repo: RepositoryBuilder) -> None:
    repo.branch("feature").write("a.py", "one\ntwo\nTHREE\n").commit()
    with open_change(repo.path, Branch()) as opened:
        assert kinds(opened) == {"a.py": "modified"}
        assert opened.change.base.commit == repo.git("rev-parse", "main")
        assert opened.policy.id == opened.base.id


def test_on_the_target_itself_the_work_tree_is_judged(repo: RepositoryBuilder) -> None:
    repo.write("a.py", "changed\n")
    assert changed(repo, Branch()) == {"a.py": "modified"}


def test_a_target_with_nothing_changed_is_nothing_to_judge(repo: RepositoryBuilder) -> None:
    with pytest.raises(UsageError, match=r"nothing to judge.*make a change first"):
        open_change(repo.path, Branch())
    repo.write("a.py", "changed\n").commit()
    with pytest.raises(UsageError, match=r"nothing to judge.*--base HEAD~1"):
        open_change(repo.path, Branch())
    with pytest.raises(UsageError, match=r"nothing to judge: main is the tip.*--base main~1"):
        open_change(repo.path, Branch("main"))
    assert changed(repo, Commits("main~1")) == {"a.py": "modified"}


def test_an_unborn_branch_without_files_is_nothing_to_judge(tmp_path: Path) -> None:
    repo = RepositoryBuilder(tmp_path / "new")
    with pytest.raises(UsageError, match="nothing to judge: there is no commit yet"):
        open_change(repo.path, Branch())
    repo.write("a", "a")
    assert changed(repo, Branch()) == {"a": "added"}


def test_without_any_target_branch_the_whole_tree_is_judged(repo: RepositoryBuilder) -> None:
    repo.branch("trunk").git("branch", "-D", "main")
    with open_change(repo.path, Branch()) as opened:
        assert opened.change.whole_tree
        assert set(kinds(opened).values()) == {"added"}
