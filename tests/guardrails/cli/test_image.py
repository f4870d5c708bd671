"""A start from the image is the start that Python makes without it, whatever happened to image and sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repos.builder import isolated_environment

ROOT = Path(__file__).resolve().parents[3]
LOADER = """
import sys
from guardrails.cli.main import main
code = main(["gates"])
print(type(sys.modules["guardrails.wiring"].__spec__.loader).__name__, file=sys.stderr)
"""


class Copy:
    """A copy of the package, to be started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        left_out = shutil.ignore_patterns("__pycache__", "guide", "payload")
        shutil.copytree(ROOT / "guardrails", folder / "guardrails", ignore=left_out)

    def started(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        inherited = isolated_environment()
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {**inherited, "PYTHONPATH": str(self.folder), **variables}
        return subprocess.run(
            [sys.executable, "-P", *(words or ("-m", "guardrails", "gates"))],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def images(self) -> list[Path]:
        return [*self.folder.glob("guardrails/__pycache__/*.image*")]

    def loader(self) -> str:
        return self.started("-c", LOADER).stderr.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_the_second_start_comes_from_the_image_and_says_the_same(copy: Copy) -> None:
    assert copy.loader() == "SourceFileLoader"
    first = copy.started()
    assert (first.returncode, first.stderr) == (0, "")
    assert len(copy.images) == 1
    assert copy.loader() == "_Code"
    assert copy.started().stdout == first.stdout


def test_a_changed_source_is_read_anew(copy: Copy) -> None:
    before = copy.started().stdout
    place = copy.folder / "guardrails/gates/style/gate.py"
    text = place.read_text()
    place.write_text(text.replace("Style", "STYLE"))  # of the same size
    assert "STYLE" not in before
    assert "STYLE" in copy.started().stdout
    os.utime(place, (1, 1))
    assert "STYLE" in copy.started().stdout
    place.write_text(text)
    assert copy.started().stdout == before
    place.unlink()
    assert copy.started().returncode != 0 or "style" not in copy.started().stdout


@pytest.mark.parametrize("damage", ["empty", "cut", "header", "code", "other"])
def test_a_damaged_image_costs_nothing_but_time(copy: Copy, damage: str) -> None:
    first = copy.started()
    (image,) = copy.images
    held = image.read_bytes()
    half = len(held) // 2
    image.write_bytes(
        {
            "empty": b"",
            "cut": held[:half],
            "header": held[:120] + b"\xff" * 40 + held[160:],
            "code": held[:half] + b"\x00" * (len(held) - half),
            "other": b"x" + held[1:],
        }[damage]
    )
    for _ in range(2):
        again = copy.started()
        assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")


def test_no_image_is_written_where_python_writes_no_byte_code(copy: Copy) -> None:
    copy.started()
    copy.images[0].unlink()
    assert copy.started(PYTHONDONTWRITEBYTECODE="1").returncode == 0
    assert copy.started(PYTHONPYCACHEPREFIX=str(copy.folder / "elsewhere")).returncode == 0
    assert copy.images == []


def test_a_place_that_cannot_be_written_to_is_left_alone(copy: Copy) -> None:
    copy.started()
    (image,) = copy.images
    image.unlink()
    image.mkdir()
    (image / "in-the-way").touch()
    for _ in range(2):
        done = copy.started()
        assert (done.returncode, done.stderr) == (0, "")
    assert copy.images == [image]
