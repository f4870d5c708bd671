import json
import os
from pathlib import Path

import pytest

from guardrails import __version__
from guardrails.cli.main import main
from guardrails.gates.architecture.catalog import number_of_rules
from guardrails.model.errors import UsageError
from guardrails.model.evidence import CallChain
from guardrails.model.finding import Status
from guardrails.model.verdict import Outcome, Verdict
from guardrails.tasks.lint import lint
from tests.repos.builder import RepositoryBuilder

SLEEPING = "import time\n\nasync def handler():\n    time.sleep(1)\n"
QUIET = "import asyncio\n\nasync def handler():\n    await asyncio.sleep(1)\n"
STORE = "import time\n\ndef fetch(key):\n    time.sleep(1)\n"
ROUTES = "from app.store import fetch\n\nasync def handler():\n    return fetch(1)\n"
POLICY = "stages:\n  commit: [architecture]\n  merge: [architecture]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    top = tmp_path / "top"
    write(top, {"app/__init__.py": "", "app/store.py": STORE, "app/routes.py": ROUTES, "note.txt": "x"})
    monkeypatch.chdir(top)
    return top


def write(top: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)


def places(verdict: Verdict) -> list[tuple[str, str, int]]:
    return [(one.rule, one.location.path, one.location.line) for one in verdict.findings if one.counts]


def test_folder_that_git_does_not_know_is_judged_across_its_files(folder: Path) -> None:
    verdict = lint(())
    assert places(verdict) == [("GR102", "app/routes.py", 4)]
    assert verdict.outcome is Outcome.BLOCK
    (chain,) = verdict.findings[0].evidence
    assert isinstance(chain, CallChain)
    assert [step.path for step in chain.steps] == ["app/routes.py", "app/store.py"]


def test_answer_that_was_kept_is_the_answer_that_is_found_anew(folder: Path) -> None:
    first = lint(())
    again = lint(())
    assert again.findings == first.findings
    assert again.gates == first.gates


def test_edit_after_an_answer_was_kept_is_judged_also_at_files_that_did_not_change(folder: Path) -> None:
    lint(())
    old = (folder / "app/store.py").stat()
    (folder / "app/store.py").write_text(STORE.replace("time.sleep(1)", "time.ctime(1)"))
    os.utime(folder / "app/store.py", ns=(old.st_atime_ns, old.st_mtime_ns))
    assert places(lint(())) == []


def test_only_files_that_are_named_are_judged_but_all_are_followed(folder: Path) -> None:
    write(folder, {"other.py": SLEEPING})
    assert places(lint(["app"])) == [("GR102", "app/routes.py", 4)]
    assert places(lint(["app/store.py", "other.py"])) == [("GR102", "other.py", 4)]


def test_work_tree_is_judged_as_it_stands_without_what_git_ignores(folder: Path) -> None:
    builder = RepositoryBuilder(folder)
    write(
        folder,
        {".gitignore": "built/\n", "built/a.py": SLEEPING, "new.py": SLEEPING, ".hidden/b.py": SLEEPING},
    )
    builder.git("add", "app")
    write(folder, {"app/routes.py": QUIET})
    assert places(lint(())) == [("GR102", ".hidden/b.py", 4), ("GR102", "new.py", 4)]
    assert places(lint(["app"])) == []


def test_hidden_folders_packages_and_links_are_left_out_without_git(folder: Path) -> None:
    write(folder, {".tox/a.py": SLEEPING, "venv/b.py": SLEEPING, "node_modules/c.py": SLEEPING})
    (folder / "link.py").symlink_to(folder / "venv/b.py")
    (folder / "linked").symlink_to(folder / "venv")
    assert [path for _, path, _ in places(lint(()))] == ["app/routes.py"]


def test_policy_of_the_tree_itself_decides(folder: Path) -> None:
    write(
        folder, {"policies/guardrails.yaml": POLICY, "policies/architecture.yaml": "exempt: {GR102: [app]}\n"}
    )
    assert lint(()).outcome is Outcome.PASS
    write(folder, {"policies/architecture.yaml": "pure: [app]\n"})
    assert {rule for rule, _, _ in places(lint(()))} == {"GR102"}


def test_baseline_lets_known_findings_stand_and_new_ones_count(folder: Path) -> None:
    (known,) = lint(()).findings
    baseline = json.dumps({"version": 1, "fingerprints": [known.fingerprint]})
    write(folder, {"policies/guardrails.yaml": POLICY, "policies/baseline.json": baseline})
    verdict = lint(())
    assert [one.status for one in verdict.findings] == [Status.BASELINED]
    assert verdict.outcome is Outcome.PASS
    write(folder, {"other.py": SLEEPING})
    assert places(lint(())) == [("GR102", "other.py", 4)]


def test_file_that_cannot_be_read_leaves_the_tree_undecided_and_the_rest_judged(folder: Path) -> None:
    write(folder, {"bad.py": "def f(:\n"})
    assert [rule for rule, _, _ in places(lint(()))] == ["GR102", "GR100"]
    write(folder, {"app/routes.py": QUIET})
    assert lint(()).outcome is Outcome.UNDECIDED
    assert lint(()).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("content", [b"", b"\xff" * 99, b"{0", b"[" * 99])
def test_damaged_cache_changes_no_answer(folder: Path, tmp_path: Path, content: bytes) -> None:
    first = lint(())
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(content)
    assert lint(()).findings == first.findings


def test_paths_that_are_not_there_or_in_two_trees_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        lint(["nowhere"])
    RepositoryBuilder(tmp_path / "one")
    with pytest.raises(UsageError, match="different trees"):
        lint([str(tmp_path / "one"), str(folder)])


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        ({}, [], 1),
        ({"app/routes.py": QUIET}, [], 0),
        ({"app/routes.py": QUIET, "bad.py": "def f(:\n"}, [], 3),
        ({}, ["nowhere"], 2),
        ({"policies/guardrails.yaml": "stagess: 1\n"}, [], 2),
    ],
)
def test_exit_codes_are_those_of_every_judging_command(
    folder: Path, files: dict[str, str], arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, files)
    assert main(["lint", *arguments, "--format", "agent"]) == code
    assert capsys.readouterr()


def test_call_chain_reaches_sarif_as_a_code_flow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--format", "sarif"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    (flow,) = result["codeFlows"]
    locations = [one["location"]["physicalLocation"] for one in flow["threadFlows"][0]["locations"]]
    assert [one["artifactLocation"]["uri"] for one in locations] == ["app/routes.py", "app/store.py"]


def test_after_clean_files_comes_the_change_as_a_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"clean/one.py": "X = 1\n"})
    assert main(["lint", "clean"]) == 0
    assert capsys.readouterr().out.endswith("next: guardrails review --worktree\n")


def test_share_of_calls_that_cannot_be_followed_is_measured_when_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"app/odd.py": "def f(x):\n    x.y()\n    len(x)\n"})
    assert main(["lint", "--unresolved", "--format", "json"]) == 1
    measured = json.loads(capsys.readouterr().out)["measured"]["gates"]["architecture"]
    assert measured["unresolved calls: app.odd"] == 0.5
    assert measured["unresolved calls: app.store"] == 0.0
    assert measured["unresolved calls"] == 0.25


TERMINAL = """\
BLOCK  1 block
  judged      3 Python files by {rules} rules
  policy      policies/ as it stands here; stage merge, harness {harness}

block GR102 blocking-call-in-async  app/routes.py:4
  async `handler` reaches time.sleep, which blocks the event loop, through app.store.fetch
  remedy: Use `await asyncio.sleep(...)`.
  │ app.routes.handler calls app.store.fetch  app/routes.py:4
  │   → app.store.fetch calls time.sleep  app/store.py:4

next: guardrails explain GR102
"""
AGENT = """\
BLOCK 1 block
judged 3 Python files by {rules} rules
policy policies/ as it stands here; stage merge, harness {harness}
"""


@pytest.mark.parametrize(("name", "text"), [("terminal", TERMINAL), ("agent", AGENT)])
def test_report_opens_with_the_verdict_and_says_in_two_lines_what_was_judged(
    name: str, text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"policies/guardrails.yaml": POLICY})
    assert main(["lint", "--format", name]) == 1
    expected = text.format(rules=number_of_rules(), harness=__version__)
    assert capsys.readouterr().out[: len(expected)] == expected


def test_tree_without_policy_is_told_so_in_words_that_fit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    main(["lint", "--format", "terminal"])
    head = capsys.readouterr().out.partition("\n\n")[0]
    assert "note        there is no policies/guardrails.yaml, so the built-in default judges" in head
    assert "base" not in head


def test_registry_that_policy_names_is_read_though_it_is_no_code(folder: Path) -> None:
    write(
        folder,
        {
            "policies/guardrails.yaml": POLICY,
            "policies/architecture.yaml": "flags: {registry: flags.yaml, readers: [app.flags.on]}\n",
            "flags.yaml": "old: {owner: ana, expires: 2020-01-01}\nnew: {owner: ana, expires: 2999-01-01}\n",
            "app/flags.py": "def on(key: str) -> bool:\n    return bool(key)\n",
            "app/routes.py": "from app.flags import on\n\nOLD = on('old')\nNEW = on('new')\n",
        },
    )
    assert [(one.rule, one.location.line) for one in lint(()).findings] == [("GR161", 3)]
    write(folder, {"flags.yaml": "old: {owner: ana, expires: 2999-01-01}\n"})
    assert [(one.rule, one.location.line) for one in lint(()).findings] == [("GR161", 4)]


def test_project_in_a_folder_of_its_own_is_followed_across_its_files(folder: Path) -> None:
    write(
        folder,
        {
            "one/pyproject.toml": "",
            "one/shop/store.py": STORE,
            "one/shop/routes.py": ROUTES.replace("app.store", "shop.store"),
        },
    )
    assert ("GR102", "one/shop/routes.py", 4) in places(lint(()))
