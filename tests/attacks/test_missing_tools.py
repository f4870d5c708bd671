"""Machines without git, without bubblewrap, without ruff or mypy."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.attacks.shops import SHOP, TEN_LINES, changed
from tests.repos.boxed import real_box

_STYLED = {
    "pyproject.toml": "[tool.ruff]\nline-length = 100\n[tool.mypy]\nstrict = true\n",
    "policies/guardrails.yaml": TEN_LINES,
    "shop/app.py": "app = None\n",
}


def _path_without(folder: Path, *names: str) -> str:
    """Return a PATH of links to all that is on ours, but for `names`."""
    folder.mkdir()
    for part in reversed(os.environ["PATH"].split(os.pathsep)):
        if Path(part).is_dir():
            for program in Path(part).iterdir():
                if program.name not in names:
                    (folder / program.name).unlink(missing_ok=True)
                    (folder / program.name).symlink_to(program)
    return str(folder)


def test_without_git_nothing_is_judged(place: Path) -> None:
    arena = changed(place, _STYLED)
    arena.variables["PATH"] = _path_without(place / "bin", "git")
    for words in (("review", "--base", "main"), ("check",)):
        ended = arena.run(*words)
        assert ended.code == 3
        assert "install git" in ended.out + ended.err
    doctor = arena.run("doctor")
    assert doctor.code == 3
    assert "install git" in doctor.out


def test_without_bubblewrap_the_next_rung_is_used_and_named(place: Path) -> None:
    real_box()
    arena = changed(place, SHOP)
    arena.variables["PATH"] = _path_without(place / "bin", "bwrap")
    ended = arena.review("--gate", "golden")
    if ended.code == 3:
        assert "bubblewrap" in ended.reason("golden")
    else:
        assert ended.code == 0
        assert ended.verdict["box"] in {"unshare", "landlock"}


@pytest.mark.parametrize("name", ["ruff", "mypy"])
def test_without_its_tools_style_is_undecided(place: Path, name: str) -> None:
    """A copy of the harness' environment in which one tool is gone."""
    arena = changed(place, _STYLED, {"shop/app.py": "app = 1\n"})
    venv = place / "venv"
    own = Path(sys.prefix)
    (venv / "bin").mkdir(parents=True)
    site = Path(next(path for path in sys.path if path.endswith("site-packages")))
    packages = venv / site.relative_to(own)
    packages.mkdir(parents=True)
    for package in site.iterdir():
        if not package.name.lower().startswith(name):
            (packages / package.name).symlink_to(package)
    for program in (own / "bin").iterdir():
        if program.name not in {name, "dmypy"}:
            (venv / "bin" / program.name).symlink_to(
                os.path.realpath(program) if "python" in program.name else program
            )
    shutil.copy(own / "pyvenv.cfg", venv)
    arena.variables["PATH"] = _path_without(place / "bin", name, "python", "python3")
    arena.python = venv / "bin/python"
    ended = arena.review("--gate", "style")
    assert ended.code == 3
    assert name in ended.reason("style")
