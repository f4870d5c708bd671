"""The test runner that goes into the box, run here as the process that it is."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guardrails.payload import overlay

PAYLOAD = Path(overlay.__file__)
TEST = "import os\n\ndef test_a():\n    assert os.read(0, 9) == b''\n\n\ndef test_b():\n    assert 1 == 2, 'two'\n"


def ran(folder: Path, files: dict[str, str], tests: list[str]) -> dict[str, Any]:
    for name, text in files.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    scratch = folder / "scratch"
    scratch.mkdir()
    report = os.memfd_create("report")
    order = {
        "root": str(folder / "project"),
        "home": str(folder / "project"),
        "scratch": str(scratch),
        "tests": tests,
        "plugins": [],
        "seed": 7,
        "report": report,
        "nonce": "n0nce",
    }
    try:
        subprocess.run(
            [sys.executable, "-s", str(PAYLOAD)],
            input=json.dumps(order).encode(),
            pass_fds=(report,),
            env={"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": str(scratch)},
            check=False,
            capture_output=True,
            timeout=60,
        )
        found: dict[str, Any] = json.loads(os.pread(report, 1 << 20, 0))
    finally:
        os.close(report)
    found["events"] = [json.loads(one) for one in found["events"]]
    return found


def test_outcomes_canaries_and_the_end_come_back_under_the_nonce(tmp_path: Path) -> None:
    report = ran(tmp_path, {"tests/test_x.py": TEST}, ["tests"])
    ended = {one["test"].rsplit("::", 1)[-1]: one["outcome"] for one in report["events"] if "test" in one}
    assert report["nonce"] == "n0nce"
    assert ended.pop("test_a") == "passed" and ended.pop("test_b") == "failed"
    assert ended == report["canaries"]
    assert report["exit"] == 1 and report["events"][-1]["end"] == 1
    assert [one["number"] for one in report["events"]] == [*range(len(report["events"]))]


def test_product_code_finds_no_nonce_in_its_environment_arguments_or_descriptors(tmp_path: Path) -> None:
    code = (
        "import os, sys\n\ndef test_seen():\n"
        "    seen = [str(dict(os.environ)), str(sys.argv), open('/proc/self/cmdline').read()]\n"
        "    for fd in range(3, 64):\n"
        "        try:\n            seen.append(str(os.pread(fd, 999, 0)))\n"
        "        except OSError:\n            pass\n"
        "    assert 'n0n' + 'ce' not in ' '.join(seen)\n"
    )
    report = ran(tmp_path, {"tests/test_x.py": code}, ["tests"])
    assert [one["outcome"] for one in report["events"] if "test_seen" in one.get("test", "")] == ["passed"]


def test_the_projects_own_configuration_is_used(tmp_path: Path) -> None:
    settings = "[tool.pytest.ini_options]\npython_functions = ['check_*']\n"
    files = {"pyproject.toml": settings, "tests/test_x.py": "def check_it():\n    pass\n"}
    report = ran(tmp_path, files, ["tests"])
    assert any(one.get("test") == "tests/test_x.py::check_it" for one in report["events"])


def test_a_file_that_does_not_import_is_told_apart_from_the_rest(tmp_path: Path) -> None:
    files = {"tests/test_x.py": TEST, "tests/test_y.py": "from nowhere import thing\n"}
    report = ran(tmp_path, files, ["tests"])
    lost = [one for one in report["events"] if "uncollected" in one]
    assert [one["uncollected"] for one in lost] == ["tests/test_y.py"]
    assert "nowhere" in lost[0]["message"]
    assert any(one.get("test") == "tests/test_x.py::test_a" for one in report["events"])


def test_canaries_differ_from_run_to_run(tmp_path: Path) -> None:
    _, one = overlay.canaries(str(tmp_path), random.Random(1))
    _, other = overlay.canaries(str(tmp_path), random.Random(2))
    assert not one.keys() & other.keys()
    assert set(one.values()) == {"passed", "failed"}


@pytest.mark.parametrize(
    ("place", "found"), [("sub/pytest.ini", "sub/pytest.ini"), ("tox.ini", ""), ("pytest.ini", "pytest.ini")]
)
def test_configuration_is_sought_from_the_tests_upwards(tmp_path: Path, place: str, found: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / place).write_text("[other]\n")
    assert overlay.configuration(str(tmp_path), ["sub/tests"]) == (str(tmp_path / found) if found else "")
