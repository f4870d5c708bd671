"""Every block of every document is tried: commands run, policies are read, recipes are the Makefile's."""

import ast
import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from examples.stored import stored_changes
from guardrails.adapters.consent.disputes import disputes_in
from guardrails.adapters.consent.refs import NAMESPACE
from guardrails.adapters.git.inputs import Commits, open_change
from guardrails.adapters.policy.reader import read_policy
from guardrails.analysis.replay.scenarios import scenarios_in
from guardrails.cli.frame.parser import parsed_by
from guardrails.cli.main import load
from guardrails.model.errors import PolicyError
from guardrails.wiring import catalog
from reference_service.settings import Settings
from tests.contracts.consumer_files import faults_in
from tests.docs.console import matches, run, shown_in
from tests.docs.documents import DOCUMENTS, ROOT, Block, blocks_of
from tests.docs.makefile import recipe, targets
from tests.docs.scratch import STATES, readme_policy
from tests.repos.boxed import real_box
from tests.repos.builder import RepositoryBuilder
from tests.repos.memory import MemoryCache, MemoryTree

BLOCKS = [block for document in DOCUMENTS for block in blocks_of(document)]
_JUDGED = re.compile(r"^ok +(\w+) +[\d.]+ s  ([\w-]+)$")


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_block_is_true(block: Block, tmp_path: Path) -> None:
    look = _LOOKS.get((block.language, block.word))
    assert look, f"nothing checks a {block.language or 'plain'} block under {block.word or 'no comment'!r}"
    look(block, tmp_path)


def _commands_run(block: Block, folder: Path) -> None:
    state, _, needs = block.value.partition(", ")
    if needs:
        assert needs == "with a box"
        real_box()
    repository = STATES[state](folder / "repository").path
    for shown in shown_in(block.lines):
        code, printed = run(shown, repository, folder / "home")
        assert code == shown.exit_code, f"{shown.command} ended with {code}:\n{printed}"
        assert matches(shown.output, printed), f"{shown.command} printed:\n{printed}"


def _examples_are_shown(block: Block, folder: Path) -> None:
    """Hold the lines that `make gate` is said to print to the stored changes and their verdicts."""
    assert block.lines[0] == "$ make gate"
    expected = {change.name: change.expected.value for change in stored_changes()}
    judged = [match for line in block.lines if (match := _JUDGED.match(line))]
    assert judged
    assert all(expected[match[2]] == match[1] for match in judged)
    total = len(expected)
    assert f"{total} of {total} changes got the verdict they deserve; " in block.lines[-1]


def _lines_are_the_recipe(block: Block, folder: Path) -> None:
    assert block.lines == [line for name in block.value.split(", ") for line in recipe(name)]


def _lines_are_targets(block: Block, folder: Path) -> None:
    for line in block.lines:
        program, target = line.partition("#")[0].split()
        assert (program, target in targets()) == ("make", True), line


def _service_reads(block: Block, folder: Path) -> None:
    """Hold lines to what the service reads; tests/reference_service/processes/test_readme.py runs each."""
    for line in block.lines:
        first, *rest = line.split()
        if first.startswith("NOW_PLAYING_"):
            name, _, value = first.partition("=")
            assert Settings.from_environment({name: value}) != Settings(), line
            assert rest == ["make", "serve"], line
        else:
            assert rest[0] == "-m", line
            assert (ROOT / rest[1].replace(".", "/")).with_suffix(".py").exists(), line


def _policy_is_read(block: Block, folder: Path) -> None:
    name = block.value
    files = {"policies/guardrails.yaml": readme_policy(), name: block.text}
    policy = read_policy(MemoryTree(files), catalog().gates, MemoryCache())
    assert policy.stages


def _scenario_is_read(block: Block, folder: Path) -> None:
    good, bad = scenarios_in(MemoryTree({block.value: block.text}), block.value.rpartition("/")[0])
    assert not bad
    assert good[0].target.startswith("/")


def _consumer_is_read(block: Block, folder: Path) -> None:
    assert not list(faults_in(yaml.safe_load(block.text), Path(block.value).stem))


def _hooks_exist(block: Block, folder: Path) -> None:
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    asked = [hook["id"] for repository in yaml.safe_load(block.text)["repos"] for hook in repository["hooks"]]
    assert asked
    assert set(asked) <= offered


def _workflow_is_careful(block: Block, folder: Path) -> None:
    said = yaml.safe_load(block.text)
    assert said["permissions"] == {"contents": "read"}
    steps = [step for job in said["jobs"].values() for step in job["steps"]]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step)


def _ci_lines_are_commands(block: Block, folder: Path) -> None:
    """Hold lines for CI to the options that there are, and to the refs in which approvals are kept."""
    for line in block.lines:
        program, *words = shlex.split(line)
        if program == "guardrails":
            assert parsed_by({words[0]: load(words[0])}, words).command == words[0]
        else:
            assert words == ["fetch", "origin", f"{NAMESPACE}/*:{NAMESPACE}/*"]


def _dispute_is_read(block: Block, folder: Path) -> None:
    repository = RepositoryBuilder(folder)
    repository.write("a.txt", "a").commit("Begin")
    repository.write(block.value, block.text).commit("Dispute")
    with open_change(folder, Commits("HEAD~1")) as opened:
        disputes, broken = disputes_in(opened.change, opened.head)
    assert (len(disputes), broken) == (1, ())


def _python_parses(block: Block, folder: Path) -> None:
    ast.parse(block.text)


def _places_exist(block: Block, folder: Path) -> None:
    for line in block.lines:
        assert (ROOT / line.split()[0]).exists(), line


def _request_names_an_operation(block: Block, folder: Path) -> None:
    """The service's own tests send it."""
    method, path = block.value.split()
    document = yaml.safe_load((ROOT / "contracts" / "now_playing" / "openapi.yaml").read_text("utf-8"))
    assert method.lower() in document["paths"][path]
    assert f"http://127.0.0.1:8000{path} " in block.text


def _answer_is_json(block: Block, folder: Path) -> None:
    assert json.loads(block.text)
    assert [one.value for one in blocks_of(block.document) if one.word == "request"] == [block.value]


_LOOKS: Mapping[tuple[str, str], Callable[[Block, Path], None]] = {
    ("console", "run in"): _commands_run,
    ("console", "judged by"): _examples_are_shown,
    ("sh", "recipe of"): _lines_are_the_recipe,
    ("sh", "service"): _service_reads,
    ("sh", "lines of"): _ci_lines_are_commands,
    ("yaml", "dispute"): _dispute_is_read,
    ("sh", "request"): _request_names_an_operation,
    ("json", "answer"): _answer_is_json,
    ("sh", ""): _lines_are_targets,
    ("yaml", "file"): _policy_is_read,
    ("yaml", "scenario"): _scenario_is_read,
    ("yaml", "consumer"): _consumer_is_read,
    ("yaml", "hooks"): _hooks_exist,
    ("yaml", "workflow"): _workflow_is_careful,
    ("python", ""): _python_parses,
    ("python", "file"): _python_parses,
    ("", ""): _places_exist,
}


def test_wildcards_stand_for_what_they_say() -> None:
    assert matches(("a ... c", "...", "z"), "a b c\nd\ne\nz\n")
    assert matches(("a", "...", "z"), "a\nz\n")
    assert not matches(("a ... c",), "a b\nc\n")
    assert not matches(("a",), "a\nb\n")
    assert not matches((), "a\n")


def test_block_that_nothing_checks_is_refused(tmp_path: Path) -> None:
    for language, word in (("toml", ""), ("yaml", ""), ("console", ""), ("console", "ran in")):
        with pytest.raises(AssertionError, match="nothing checks"):
            test_block_is_true(Block(ROOT / "README.md", 1, language, word, "", "x: 1"), tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("$ guardrails gates\nnothing at all", "printed"),
        ("$ guardrails explain GR000", "ended with 2"),
        ("$ guardrails gates  # exit 1\n...", "ended with 0"),
    ],
)
def test_command_that_prints_or_ends_otherwise_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    block = Block(ROOT / "README.md", 1, "console", "run in", "foreign-service", text)
    with pytest.raises(AssertionError, match=problem):
        test_block_is_true(block, tmp_path)


def test_policy_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    block = Block(ROOT / "README.md", 1, "yaml", "file", "policies/style.yaml", "ignored: [a]")
    with pytest.raises(PolicyError, match="ignored"):
        test_block_is_true(block, tmp_path)
