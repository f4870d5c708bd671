"""`guardrails baseline`: written once with everything, later only with less."""

import json
from pathlib import Path

import pytest

from guardrails.cli.main import main
from tests.repos.builder import RepositoryBuilder

BLOCKS = "import time\n\n\nasync def {}():\n    time.sleep(1)\n"


@pytest.fixture
def shop(tmp_path: Path) -> RepositoryBuilder:
    """Return a repository that had two faults before the harness came."""
    made = RepositoryBuilder(tmp_path).write("policies/guardrails.yaml", "version: 1\n")
    made.write("one.py", BLOCKS.format("one")).write("two.py", BLOCKS.format("two")).commit("first")
    return made


def listed(made: RepositoryBuilder) -> list[str]:
    held = json.loads((made.path / "policies/baseline.json").read_bytes())["fingerprints"]
    assert isinstance(held, list)
    return held


def test_first_one_lists_everything_and_lint_then_passes(shop: RepositoryBuilder) -> None:
    assert main(["lint", str(shop.path)]) == 1
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    assert len(listed(shop)) == 2
    assert main(["lint", str(shop.path)]) == 0


def test_later_ones_only_shrink(shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    before = listed(shop)
    shop.write("one.py", "").write("three.py", BLOCKS.format("three"))
    assert main(["baseline", "--repo", str(shop.path)]) == 1
    printed = capsys.readouterr().out.splitlines()
    (gone,) = [one for one in before if f"unmatched: {one} GR102 one.py one.one" in printed]
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    assert listed(shop) == [one for one in before if one != gone]
    assert main(["lint", str(shop.path)]) == 1


def test_entries_say_what_they_are_and_are_matched_by_fingerprint_alone(shop: RepositoryBuilder) -> None:
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    place = shop.path / "policies/baseline.json"
    held = json.loads(place.read_bytes())
    assert sorted(held["about"]) == held["fingerprints"]
    assert {"rule": "GR102", "path": "one.py", "symbol": "one.one"} in held["about"].values()

    swapped = dict(zip(held["about"], reversed(held["about"].values()), strict=True))
    place.write_text(json.dumps({**held, "about": swapped}))
    assert main(["lint", str(shop.path)]) == 0
    place.write_text(json.dumps({**held, "fingerprints": held["fingerprints"][:1]}))
    assert main(["lint", str(shop.path)]) == 1


def test_file_without_notes_is_read_and_gains_them(
    shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    place = shop.path / "policies/baseline.json"
    held = json.loads(place.read_bytes())
    place.write_text(json.dumps({"version": 1, "fingerprints": held["fingerprints"]}))
    assert main(["lint", str(shop.path)]) == 0
    shop.write("one.py", "")
    capsys.readouterr()
    assert main(["baseline", "--repo", str(shop.path)]) == 1
    (gone,) = [one for one in held["about"] if held["about"][one]["path"] == "one.py"]
    assert f"unmatched: {gone}" in capsys.readouterr().out.splitlines()
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    left = json.loads(place.read_bytes())
    assert [one["path"] for one in left["about"].values()] == ["two.py"]


def test_entry_that_matches_nothing_is_told_by_lint(
    shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    shop.write("one.py", "")
    capsys.readouterr()

    assert main(["lint", "--format", "terminal", str(shop.path)]) == 0
    assert "1 of policies/baseline.json match nothing any more" in capsys.readouterr().out


def test_second_fault_of_the_same_kind_is_not_covered(shop: RepositoryBuilder) -> None:
    assert main(["baseline", "--write", "--repo", str(shop.path)]) == 0
    shop.write("one.py", BLOCKS.format("one") + "    time.sleep(1)\n")

    assert main(["lint", str(shop.path)]) == 1


def test_tree_without_policies_is_told_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = RepositoryBuilder(tmp_path).write("one.py", BLOCKS.format("one"))
    made.commit("first")

    assert main(["baseline", "--write", "--repo", str(tmp_path)]) == 2
    assert "write one first" in capsys.readouterr().err
