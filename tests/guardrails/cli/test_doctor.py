"""What `guardrails doctor` says of a machine, with real boxes tried on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.adapters.box.ladder import why_not
from guardrails.cli.main import main
from guardrails.model.policy import BoxLevel
from tests.repos.boxed import real_box
from tests.repos.builder import RepositoryBuilder


@pytest.fixture(autouse=True)
def _proved_anew() -> Iterator[None]:
    why_not.cache_clear()
    yield
    why_not.cache_clear()


def test_level_whose_program_is_missing_is_not_said_to_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    others_work = not (why_not(BoxLevel.UNSHARE) and why_not(BoxLevel.LANDLOCK))
    RepositoryBuilder(tmp_path / "repository").write("a.py", "").commit()
    git, programs = shutil.which("git"), tmp_path / "programs"
    assert git
    programs.mkdir()
    (programs / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(programs))
    code = main(["doctor", "--repo", str(tmp_path / "repository")])
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if "bwrap is not installed" in line)
    assert "bubblewrap works" not in said
    assert line.startswith("-   " if others_work else "LOOK")
    assert code == (0 if others_work else 3)


def test_machine_with_a_box_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real_box()
    RepositoryBuilder(tmp_path / "repository").write("a.py", "").commit()
    assert main(["doctor", "--repo", str(tmp_path / "repository")]) == 0
    said = capsys.readouterr().out
    assert "LOOK" not in said
    assert "built-in default, 0 services" in said
