"""Disks that are full or cannot be written: small file systems as TMPDIR and as cache."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.arena import Arena
from tests.attacks.shops import SHOP, TESTED_POLICY, TESTS, changed
from tests.repos.boxed import real_box

_POLICY = SHOP["policies/guardrails.yaml"] + TESTED_POLICY[TESTED_POLICY.index("    tests") :]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """A change of which every file fits no small disk."""
    base: dict[str, str | bytes] = {
        **SHOP,
        "tests/test_app.py": TESTS,
        "policies/guardrails.yaml": _POLICY,
        "big.bin": b"\1" * (3 << 20),
    }
    return changed(tmp_path_factory.mktemp("f"), base)


@pytest.fixture
def disk(place: Path) -> Iterator[Path]:
    """A file system of one mebibyte; skips where none can be mounted."""
    folder = place / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_temporary_folder_is_undecided_and_named(arena: Arena, disk: Path) -> None:
    real_box()
    ended = arena.review(variables={"TMPDIR": str(disk)})
    assert ended.code == 3
    assert ended.verdict["verdict"] == "undecided"
    assert str(disk) in str(ended.verdict["findings"])
    assert "full" in str(ended.verdict["findings"])
    assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_temporary_folder_without_a_byte_left_is_undecided_and_named(arena: Arena, disk: Path) -> None:
    real_box()
    with pytest.raises(OSError, match="space"), (disk / "full").open("wb") as file:
        file.write(b"\0" * (2 << 20))
    ended = arena.review(variables={"TMPDIR": str(disk)})
    assert ended.code == 3
    assert str(disk) in str(ended.verdict["findings"])
    assert arena.run("doctor", variables={"TMPDIR": str(disk)}).code in {0, 3}


@pytest.mark.parametrize("is_full", [True, False])
def test_cache_that_cannot_be_written_changes_no_verdict(arena: Arena, disk: Path, is_full: bool) -> None:
    real_box()
    gates = ("--gate", "style", "--gate", "integrity", "--gate", "golden")
    wanted = arena.review(*gates)
    assert wanted.code == 0
    if is_full:
        with pytest.raises(OSError, match="space"), (disk / "full").open("wb") as file:
            file.write(b"\0" * (2 << 20))
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    ended = arena.review(*gates, variables={"XDG_CACHE_HOME": str(disk)})
    assert ended.code == 0
    assert ended.settled == wanted.settled


def test_environment_that_does_not_fit_the_cache_is_undecided_and_named(place: Path, disk: Path) -> None:
    real_box()
    policy = SHOP["policies/guardrails.yaml"] + "    environment: {lock: shop.lock}\n"
    full = changed(place, {**SHOP, "shop.lock": "", "policies/guardrails.yaml": policy})
    with pytest.raises(OSError, match="space"), (disk / "full").open("wb") as file:
        file.write(b"\0" * (2 << 20))
    ended = full.review("--gate", "golden", variables={"XDG_CACHE_HOME": str(disk)})
    assert ended.code == 3
    assert str(disk) in str(ended.verdict["findings"])


@pytest.mark.parametrize("what", ["missing", "file", "read-only"])
def test_temporary_folder_that_is_none_is_undecided_and_named(arena: Arena, disk: Path, what: str) -> None:
    real_box()
    folder = disk / "nowhere"
    if what == "file":
        folder.write_text("")
    if what == "read-only":
        folder = disk
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    ended = arena.review(variables={"TMPDIR": str(folder)})
    assert ended.code == 3
    assert str(folder) in str(ended.verdict["findings"])
    assert "TMPDIR" in str(ended.verdict["findings"])


def test_report_that_does_not_fit_is_an_error_and_leaves_no_half(arena: Arena, disk: Path) -> None:
    with pytest.raises(OSError, match="space"), (disk / "full").open("wb") as file:
        file.write(b"\0" * (2 << 20))
    report = disk / "report.html"
    ended = arena.run(
        "review", "--base", "main", "--gate", "style", "--format", "html", "--output", str(report)
    )
    assert ended.code == 2
    assert str(report) in ended.err
    assert [path.name for path in disk.iterdir()] == ["full"]
