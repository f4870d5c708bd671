"""A check says the same, byte for byte, whatever is kept from earlier runs and wherever it may be kept."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.repos.builder import RepositoryBuilder, isolated_environment

ROOT = Path(__file__).resolve().parents[3]
POLICY = "pure: [shop/ranking]\ncontracts: [{package: shop, layers: [[api], [ranking]]}]\n"
BEFORE = {
    "policies/guardrails.yaml": "version: 1\n",
    "policies/architecture.yaml": POLICY,
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.ruff.lint]\nselect = ["F", "I"]\n',
    "shop/__init__.py": "",
    "shop/api/__init__.py": "",
    "shop/ranking/__init__.py": "",
    "shop/ranking/order.py": "def order(cards):\n    return sorted(cards)\n",
    "shop/api/cards.py": "from shop.ranking.order import order\n\n\nasync def cards():\n    return order([])\n",
}
AFTER = {
    "shop/ranking/order.py": "import os\nimport time\n\nfrom shop import api\n\n\ndef order(cards):\n"
    "    time.sleep(1)\n    return sorted(cards, key=lambda card: (card.score, time.time()))\n",
    "shop/api/more.py": "import requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/x')\n"
    "async def more():\n    try:\n        return requests.get('http://x')\n    except Exception:\n        pass\n",
}
CLEAN = {"shop/api/cards.py": BEFORE["shop/api/cards.py"] + "\n\nLIMIT = 4\n"}


@pytest.fixture(params=[AFTER, CLEAN], ids=["faults", "clean"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "shop").write_all(BEFORE)
    made.commit("first")
    made.write_all(request.param).git("add", "--all")
    return made


def checked(made: RepositoryBuilder, **variables: str) -> tuple[int, str, str]:
    inherited = {name: value for name, value in isolated_environment().items() if name != "HOME"}
    environment = {**inherited, "PYTHONPATH": str(ROOT), **variables}
    words = [sys.executable, "-P", "-m", "guardrails", "check", "--format", "json"]
    done = subprocess.run(words, cwd=made.path, env=environment, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    del told["measured"]
    return done.returncode, json.dumps(told), done.stderr


def _ways(made: RepositoryBuilder, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    kept = {"XDG_CACHE_HOME": str(folder / "kept")}
    yield "warm", kept
    for place in (folder / "kept").rglob("*"):
        if place.is_file():
            place.write_bytes(os.urandom(50))
    yield "corrupt", kept
    for place in (folder / "kept").rglob("*"):
        if place.is_file():
            place.write_bytes(place.read_bytes()[:-1])
    yield "cut", kept
    yield "without home", {}
    (folder / "file").touch()
    yield "a file for a home", {"HOME": str(folder / "file")}
    (folder / "open").mkdir(mode=0o777)
    (folder / "open" / "guardrails" / "results").mkdir(parents=True)
    (folder / "open" / "guardrails" / "results").chmod(0o777)
    yield "a folder that anybody may write to", {"XDG_CACHE_HOME": str(folder / "open")}


def test_a_check_says_the_same_whatever_is_kept(shop: RepositoryBuilder, tmp_path: Path) -> None:
    first = checked(shop, XDG_CACHE_HOME=str(tmp_path / "kept"))
    assert first[2] == ""
    for name, variables in _ways(shop, tmp_path):
        assert (name, checked(shop, **variables)) == (name, first)


def test_checks_at_the_same_time_say_the_same(shop: RepositoryBuilder, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: checked(shop, XDG_CACHE_HOME=str(tmp_path / "shared")), range(6)))
    assert told == [told[0]] * 6
