import hashlib
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from guardrails.adapters.git.inputs import Commits, Opened, Patch, Source, Staged, WorkTree, open_change
from guardrails.adapters.git.repository import Repository
from guardrails.model.errors import CannotJudge, GuardrailsError, ToolMissing, UsageError
from tests.repos.builder import RepositoryBuilder

ROOT = Path(__file__).resolve().parents[4]


def kinds(opened: Opened) -> dict[str, str]:
    return {file.path: file.kind.value for file in opened.change.files}


def set_trap(repo: RepositoryBuilder, tmp_path: Path) -> Path:
    """Make the repository's configuration run a program wherever git lets it; return what that writes."""
    sprung = tmp_path / "sprung"
    program = tmp_path / "evil"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {sprung}\ncat\n')
    program.chmod(0o755)
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "pre-commit", "post-checkout"):
        (hooks / hook).write_text(program.read_text())
        (hooks / hook).chmod(0o755)
    with (repo.path / ".git/config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {program}\n\thooksPath = {hooks}\n\tpager = {program}\n"
            f"\tsshCommand = {program}\n\talternateRefsCommand = {program}\n"
            f'[diff]\n\texternal = {program}\n[diff "x"]\n\ttextconv = {program}\n\tcommand = {program}\n'
            f'[filter "x"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n\trequired = true\n'
            f'[merge "x"]\n\tdriver = {program} %A\n[apply]\n\twhitespace = fix\n'
            f"[alias]\n\trev-parse = !{program}\n\tcat-file = !{program}\n\twrite-tree = !{program}\n"
            f'[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ext::{program}\n'
            f"\tpromisor = true\n\tuploadpack = {program}\n[protocol]\n\tallow = always\n"
            f"[trace2]\n\teventTarget = {sprung}.trace\n"
        )
    (repo.path / ".git/info/attributes").write_text("* filter=x diff=x merge=x\n")
    return sprung


def test_nothing_in_the_repository_s_configuration_runs(repo: RepositoryBuilder, tmp_path: Path) -> None:
    repo.write(".gitattributes", "* filter=x diff=x merge=x\n").commit()
    repo.branch("feature").write("a.py", "one\ntwo\nTHREE\n").commit()
    repo.checkout("main").write("a.py", "ONE\ntwo\nthree\n").commit()
    repo.checkout("feature").write("pkg/b.py", "dirty \n")
    patch = repo.diff()
    repo.stage()
    repo.write("new.py", "n\n").write("a.py", "one\ntwo\nFOUR\n")
    set_trap(repo, tmp_path)
    expected: dict[Source, dict[str, str]] = {
        Commits("main", "feature"): {"a.py": "modified"},
        Staged("main"): {"pkg/b.py": "modified"},
        WorkTree("main"): {"a.py": "modified", "pkg/b.py": "modified", "new.py": "added"},
        Patch(patch): {"pkg/b.py": "modified"},
    }
    for source, files in expected.items():
        with open_change(repo.path, source) as opened:
            assert kinds(opened) == files
            opened.head.read_many(opened.head.entries())
            if isinstance(source, Patch):
                assert opened.head.read("pkg/b.py") == b"dirty \n"
    assert not list(tmp_path.glob("sprung*"))
    repo.run("status")
    assert list(tmp_path.glob("sprung*")), "the trap does not work, so this test proves nothing"


def test_missing_object_is_not_fetched_by_a_program_of_the_repository(
    repo: RepositoryBuilder, tmp_path: Path
) -> None:
    sprung = set_trap(repo, tmp_path)
    blob = repo.git("rev-parse", "HEAD:a.py")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with open_change(repo.path, Commits(None, "main")) as opened:
        with pytest.raises(
            CannotJudge, match=rf"'a\.py' cannot be read: object {blob} is missing .*git fetch"
        ):
            opened.head.read("a.py")
        assert opened.head.read("pkg/b.py") == b"b\n"
    assert not sprung.exists()


@pytest.mark.parametrize("what", ["HEAD", "refs/heads/main"])
@pytest.mark.parametrize("text", ["f" * 40, "garbage"])
def test_broken_head_does_not_pass_for_an_unborn_branch(
    repo: RepositoryBuilder, what: str, text: str
) -> None:
    (repo.path / ".git" / what).write_text(f"{text}\n")
    with pytest.raises(GuardrailsError, match=r"names a commit that cannot be read|in no git repository"):
        open_change(repo.path, Staged("main"))


def test_index_that_is_no_file_cannot_be_judged(repo: RepositoryBuilder) -> None:
    (repo.path / ".git/index").unlink()
    os.mkfifo(repo.path / ".git/index")
    with pytest.raises(CannotJudge, match="is no file that can be read"):
        open_change(repo.path, Staged())


def test_attributes_hide_no_file_and_no_content(repo: RepositoryBuilder) -> None:
    repo.write(".gitattributes", "*.py -diff binary linguist-generated export-ignore\n").write(
        "a.py", "evil\n"
    )
    repo.stage()
    (repo.path / ".git/info/attributes").write_text("* -diff -text merge=ours\n")
    with open_change(repo.path, Staged()) as opened:
        assert kinds(opened) == {".gitattributes": "added", "a.py": "modified"}
        assert opened.head.read("a.py") == b"evil\n"


def test_merge_attribute_cannot_choose_a_side(repo: RepositoryBuilder) -> None:
    repo.write(".gitattributes", "a.py merge=union\n").commit()
    repo.branch("feature").write("a.py", "feature\n").commit()
    repo.checkout("main").write("a.py", "main\n").commit()
    with pytest.raises(CannotJudge, match="in conflict"):
        open_change(repo.path, Commits("main", "feature"))


def test_replace_refs_and_grafts_change_nothing(repo: RepositoryBuilder) -> None:
    first = repo.head
    repo.write("a.py", "evil\n").commit()
    evil = repo.head
    blob, other = repo.git("rev-parse", f"{evil}:a.py"), repo.git("rev-parse", f"{first}:a.py")
    repo.git("replace", first, evil)
    repo.git("replace", other, blob)
    (repo.path / ".git/info/grafts").write_text(f"{evil}\n")
    with open_change(repo.path, Commits(first, evil)) as opened:
        assert kinds(opened) == {"a.py": "modified"}
        assert opened.base.read("a.py") == b"one\ntwo\nthree\n"
    with open_change(repo.path, Commits(f"{evil}~1", evil)) as opened:
        assert opened.change.base.commit == first


def test_git_variables_of_the_caller_are_dropped(
    repo: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RepositoryBuilder(tmp_path / "other")
    other.write("x", "x").commit()
    first = repo.head
    repo.write("a.py", "new\n").commit()
    sprung = tmp_path / "sprung"
    hostile = {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_OBJECT_DIRECTORY": str(other.path / ".git/objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other.path / ".git/objects"),
        "GIT_NAMESPACE": "evil",
        "GIT_CEILING_DIRECTORIES": str(repo.path.parent),
        "GIT_EXTERNAL_DIFF": f"touch {sprung}",
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='touch {sprung}'",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.worktree",
        "GIT_CONFIG_VALUE_0": str(other.path),
        "GIT_REPLACE_REF_BASE": "refs/evil",
        "GIT_SHALLOW_FILE": str(sprung),
        "GIT_TRACE": str(sprung),
        "GIT_EXEC_PATH": str(tmp_path),
        "GIT_DEFAULT_HASH": "sha256",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    with open_change(repo.path, Commits(first, "main")) as opened:
        assert kinds(opened) == {"a.py": "modified"}
    for source in (Staged(), WorkTree()):
        with open_change(repo.path, source) as opened:
            assert kinds(opened) == {}
    assert not sprung.exists()


def test_index_outside_of_the_repository_is_not_taken_for_what_is_staged(
    repo: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    with pytest.raises(UsageError, match=r"outside the git directory .* unset it"):
        open_change(repo.path, Staged())


def test_forged_object_is_refused_wherever_it_stands(repo: RepositoryBuilder) -> None:
    repo.write("policies/guardrails.yaml", "strict\n").commit()
    repo.write("evil", "loose.\n").commit()
    objects = repo.path / ".git/objects"

    def forge(name: str, by: str) -> None:
        place = objects / name[:2] / name[2:]
        place.chmod(0o644)
        place.write_bytes((objects / by[:2] / by[2:]).read_bytes())

    forge(repo.git("rev-parse", "HEAD~1:policies/guardrails.yaml"), repo.git("rev-parse", "HEAD:evil"))
    with open_change(repo.path, Commits("HEAD~1", "HEAD")) as opened:
        with pytest.raises(CannotJudge, match="is not the blob that its id promises"):
            opened.base.read("policies/guardrails.yaml")
        assert opened.base.read("a.py") == b"one\ntwo\nthree\n"
    forge(repo.git("rev-parse", "HEAD~1^{tree}"), repo.git("rev-parse", "HEAD^{tree}"))
    with pytest.raises(CannotJudge, match="is not the tree that its id promises"):
        open_change(repo.path, Commits("HEAD~1", "HEAD"))
    first, last = repo.git("rev-parse", "HEAD~1"), repo.git("rev-parse", "HEAD")
    forge(first, last)
    with pytest.raises(GuardrailsError, match=r"is not the commit that its id promises|names no commit"):
        open_change(repo.path, Commits(first, "HEAD"))


def test_damaged_object_is_named_and_the_next_read_works(repo: RepositoryBuilder) -> None:
    blob = repo.git("rev-parse", "HEAD:a.py")
    place = repo.path / ".git/objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-4] + b"\0\0\0\0")
    with open_change(repo.path, Commits(None, "main")) as opened:
        with pytest.raises(CannotJudge, match=blob):
            opened.head.read("a.py")
        assert opened.head.read("pkg/b.py") == b"b\n"


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "."])
def test_tree_that_no_work_tree_can_hold_cannot_be_judged(repo: RepositoryBuilder, name: str) -> None:
    blob = bytes.fromhex(repo.git("rev-parse", "HEAD:a.py"))
    raw = b"100644 " + name.encode() + b"\0" + blob
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    commit = repo.git("commit-tree", "-m", "evil", "-p", "HEAD", tree)
    with pytest.raises(CannotJudge, match="which no work tree can hold"):
        open_change(repo.path, Commits("main", commit))


def test_tree_with_a_repeated_name_cannot_be_judged(repo: RepositoryBuilder) -> None:
    blobs = [bytes.fromhex(repo.git("rev-parse", f"HEAD:{path}")) for path in ("a.py", "pkg/b.py")]
    raw = b"".join(b"100644 a.py\0" + blob for blob in blobs)
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    commit = repo.git("commit-tree", "-m", "evil", "-p", "HEAD", tree)
    with pytest.raises(CannotJudge, match="bad or repeated entries"):
        open_change(repo.path, Commits("main", commit))


@pytest.mark.parametrize(
    ("width", "depth", "reason"), [(16, 12, "more than 3000 paths"), (1, 1400, "longer than 4096 letters")]
)
def test_tree_built_to_exhaust_us_cannot_be_judged(
    repo: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch, width: int, depth: int, reason: str
) -> None:
    monkeypatch.setattr("guardrails.adapters.git.tree._MAXIMUM_PATHS", 3000)
    tree = bytes.fromhex(repo.tree())
    content = b""
    for _ in range(depth):
        content = b"".join(b"40000 %02d\0" % number + tree for number in range(width))
        tree = hashlib.sha1(b"tree %d\0" % len(content) + content).digest()
        place = repo.path / ".git/objects" / tree.hex()[:2] / tree.hex()[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(zlib.compress(b"tree %d\0" % len(content) + content))
    commit = repo.git("commit-tree", "-m", "bomb", "-p", "HEAD", tree.hex())
    with pytest.raises(CannotJudge, match=reason):
        open_change(repo.path, Commits("main", commit))
    with Repository(repo.path) as repository, pytest.raises(CannotJudge, match=reason):
        repository.tree(tree.hex()).entries()


def test_repository_of_another_user_is_refused_with_the_remedy(
    repo: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder to another user")
    monkeypatch.setenv("HOME", str(repo.path.parent))
    os.chown(repo.path, 12345, 12345)
    with pytest.raises(UsageError, match=r"git config --global --add safe\.directory"):
        open_change(repo.path, Staged())


def test_missing_and_old_git_are_told_apart(
    repo: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ToolMissing, match="install git"):
        open_change(repo.path, Staged())
    old = folder / "git"
    old.write_text(
        "#!/bin/sh\n"
        'case "$*" in *version*) echo git version 2.30.2;; *) echo usage: git >&2; exit 129;; esac\n'
    )
    old.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"git version 2\.30\.2 is too old; install git 2\.38 or newer"):
        open_change(repo.path, Staged())


HOOK = """#!/bin/sh
exec {python} -c '
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from guardrails.adapters.git.inputs import Staged, open_change
with open_change(Path(), Staged()) as opened:
    print(opened.head.id)
    for file in opened.change.files:
        print(file.path, file.kind.value, (opened.head.read(file.path) or b"").decode().strip())
' {root} > {seen} 2>&1
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-m", "x"), "a.py modified staged"),
        (("-a", "-m", "x"), "a.py modified dirty\npkg/b.py modified dirty"),
        (("-m", "x", "--", "pkg/b.py"), "pkg/b.py modified dirty"),
        (("--amend", "-m", "x", "--only", "a.py"), "a.py modified dirty"),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_running_hook_judges_exactly_what_is_being_committed(
    repo: RepositoryBuilder, tmp_path: Path, arguments: tuple[str, ...], expected: str, linked: bool
) -> None:
    seen = tmp_path / "seen"
    hook = repo.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, root=ROOT, seen=seen))
    hook.chmod(0o755)
    place = repo
    if linked:
        repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
        place = RepositoryBuilder(tmp_path / "linked", init=None)
    place.write("a.py", "staged\n").stage().write("a.py", "dirty\n").write("pkg/b.py", "dirty\n")
    place.git("commit", "-q", *arguments)
    judged, _, files = seen.read_text().strip().partition("\n")
    assert files == expected
    assert judged == place.tree()


def test_hook_of_a_repository_apart_from_its_work_tree_finds_it(tmp_path: Path) -> None:
    apart = ("--git-dir", str(tmp_path / "store"), "--work-tree", ".")
    store = RepositoryBuilder(tmp_path / "store", init=("--bare",))
    home = RepositoryBuilder(tmp_path / "home", init=("--separate-git-dir", str(tmp_path / "unused")))
    (home.path / ".git").unlink()
    hook = store.path / "hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, root=ROOT, seen=tmp_path / "seen"))
    hook.chmod(0o755)
    home.write(".profile", "x").git(*apart, "add", ".profile")
    home.git(*apart, "commit", "-q", "-m", "First")
    assert (tmp_path / "seen").read_text().splitlines() == [store.tree(), ".profile added x"]


def test_full_disk_cannot_judge_and_leaves_nothing(
    repo: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs privileges")
    try:
        monkeypatch.setenv("TMPDIR", str(disk))
        repo.write("new.bin", os.urandom(600 << 10))
        with pytest.raises(CannotJudge, match="TMPDIR"):
            open_change(repo.path, WorkTree())
        repo.write_all({f"many/{number}": "x" for number in range(4000)}).stage()
        with pytest.raises(CannotJudge, match="TMPDIR"):
            open_change(repo.path, Staged())
        assert list(disk.glob("*/*")) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_interrupt_while_opening_leaves_nothing_behind(
    repo: RepositoryBuilder, scratch_parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        assert list(scratch_parent.glob("*/*"))
        raise KeyboardInterrupt

    monkeypatch.setattr("guardrails.adapters.git.inputs.files_between", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_change(repo.path, Staged())
    assert list(scratch_parent.glob("*/*")) == []


OPENING = """
import os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from guardrails.adapters.git.inputs import WorkTree, open_change
threading.Timer(float(sys.argv[3]), os.kill, (os.getpid(), signal.SIGINT)).start()
while True:
    with open_change(Path(sys.argv[2]), WorkTree()) as opened:
        opened.head.read("a.py")
"""


def test_interrupt_at_any_moment_leaves_nothing_behind(repo: RepositoryBuilder, scratch_parent: Path) -> None:
    repo.write("new.py", "n")
    for moment in range(1, 13):
        done = subprocess.run(
            [sys.executable, "-c", OPENING, str(ROOT), str(repo.path), str(moment * 0.0035)],
            capture_output=True,
            check=False,
        )
        assert done.stderr.strip().endswith(b"KeyboardInterrupt")
        assert list(scratch_parent.glob("*/*")) == []


def test_killed_reader_is_noticed_and_leaves_no_process(repo: RepositoryBuilder) -> None:
    with open_change(repo.path, Commits(None, "main")) as opened:
        opened.head.read("a.py")
        listed = subprocess.run(
            ["ps", "--ppid", str(os.getpid()), "-o", "pid=,comm="], capture_output=True, text=True, check=True
        ).stdout
        (pid,) = [int(line.split()[0]) for line in listed.splitlines() if line.split()[1] == "git"]
        os.kill(pid, 9)
        with pytest.raises(CannotJudge, match="git could not read"):
            opened.head.read("pkg/b.py")
        assert opened.head.read("pkg/b.py") == b"b\n"
