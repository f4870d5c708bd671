"""The rungs that this machine can give, found by other means than the code under test uses."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from guardrails.adapters.box.ladder import rung
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box

_LANDLOCK_CREATE_RULESET = 444


def _missing(level: BoxLevel) -> str:
    if level is BoxLevel.BUBBLEWRAP and shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    if level in {BoxLevel.BUBBLEWRAP, BoxLevel.UNSHARE}:
        done = subprocess.run(["unshare", "-Urnpf", "--mount-proc", "true"], capture_output=True, check=False)
        return "" if done.returncode == 0 else "namespaces are forbidden here"
    if level is BoxLevel.LANDLOCK and ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1) < 6:
        return "this kernel's Landlock is older than ABI 6"
    return ""


@pytest.fixture(params=[BoxLevel.BUBBLEWRAP, BoxLevel.UNSHARE, BoxLevel.LANDLOCK], ids=str)
def box(request: pytest.FixtureRequest) -> Box:
    level: BoxLevel = request.param
    if reason := _missing(level):
        pytest.skip(reason)
    return rung(level)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A folder that the box may write to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
