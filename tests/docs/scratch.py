"""The repositories in which the documents' commands run: a foreign FastAPI service, in several states."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.documents import ROOT, blocks_of
from tests.repos.builder import RepositoryBuilder

_APP = """\
from fastapi import FastAPI

app = FastAPI()
PRICES = {"tea": 3, "cake": 5}


@app.get("/prices/{item}")
async def price(item: str) -> dict[str, int]:
    return {"price": PRICES.get(item, 0)}
"""
_TEST = """\
import asyncio

from shop.app import price


def test_tea_costs_three() -> None:
    assert asyncio.run(price("tea")) == {"price": 3}
"""
_SLOW = _APP.replace("from fastapi", "import time\n\nfrom fastapi").replace(
    "    return", "    time.sleep(0.1)\n    return"
)
_PIE = (
    _APP
    + """

@app.get("/pies")
async def pies() -> dict[str, int]:
    return {"apple": 4}
"""
)
_PIE_TEST = (
    _TEST.replace("import price", "import pies, price")
    + '\n\ndef test_apple_pie_costs_four() -> None:\n    assert asyncio.run(pies()) == {"apple": 4}\n'
)


def readme_policy() -> str:
    """Return the policy that README.md shows, so that it is the one that is tried."""
    blocks = blocks_of(ROOT / "README.md")
    return next(one.text + "\n" for one in blocks if one.value == "policies/guardrails.yaml")


def _without_policy(folder: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(folder)
    made.write_all({"shop/__init__.py": "", "shop/app.py": _APP, "tests/test_shop.py": _TEST})
    made.write(".gitignore", ".venv\nchange.patch\n")
    made.symlink(".venv", str(ROOT / ".venv"))
    made.stage("shop", "tests", ".gitignore")
    made.commit("Sell tea and cake", everything=False)
    made.write("shop/app.py", _SLOW)
    made.write("change.patch", made.diff())
    made.git("checkout", "-q", "--", ".")
    return made


def _with_policy(folder: Path) -> RepositoryBuilder:
    made = _without_policy(folder)
    made.write("policies/guardrails.yaml", readme_policy()).stage("policies")
    made.commit("Say what judges changes", everything=False)
    return made


def _staged(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder).branch("faster")
    made.write("shop/app.py", _SLOW).stage("shop")
    return made


def _branch(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder)
    made.git("update-ref", "refs/remotes/origin/main", "main")
    made.branch("pie").write_all({"shop/app.py": _PIE, "tests/test_shop.py": _PIE_TEST})
    made.stage("shop", "tests")
    made.commit("Sell pie", everything=False)
    return made


def _loosened(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder).branch("quiet")
    made.write("policies/guardrails.yaml", readme_policy() + "rules: {GR102: note}\n")
    made.write("shop/app.py", _SLOW).stage("shop", "policies")
    return made


def _misspelt(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder)
    made.write("policies/guardrails.yaml", readme_policy().replace("target:", "tarket:")).stage("policies")
    made.commit("Misspell a key", everything=False)
    made.write("shop/app.py", _PIE).stage("shop")
    return made


def _slow(folder: Path) -> RepositoryBuilder:
    return _with_policy(folder).write("shop/app.py", _SLOW)


def _layered(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder)
    made.write("policies/architecture.yaml", "contracts:\n  - {package: shop, layers: [[app], [prices]]}\n")
    made.write(
        "shop/app.py",
        "import time\n\nfrom shop.prices import price_of\n\n\nasync def price(item):\n    return price_of(item)\n",
    )
    made.write("shop/prices.py", "import time\n\n\ndef price_of(item):\n    time.sleep(0.1)\n    return 3\n")
    made.stage("shop", "policies")
    made.commit("Ask a price list", everything=False)
    return made


def _ruled(folder: Path) -> RepositoryBuilder:
    made = _with_policy(folder)
    shown = [one for one in blocks_of(ROOT / "guardrails" / "guide" / "own-rules.md") if one.value]
    made.write_all({one.value: one.text + "\n" for one in shown})
    return made


_TEAS = """\
openapi: 3.1.0
info: {title: Teas, version: "1"}
paths:
  /teas:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 50}}]
      responses:
        "200": {description: Teas, content: {application/json: {schema: {type: array, items: {type: string}}}}}
"""


def _two_documents(folder: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(folder)
    return made.write_all({"base.yaml": _TEAS, "head.yaml": _TEAS.replace("maximum: 50", "maximum: 20")})


def _approvers(folder: Path) -> RepositoryBuilder:
    keys = folder.parent / "home" / ".ssh"
    keys.mkdir(parents=True, mode=0o700)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", str(keys / "id_ed25519")]
    subprocess.run(words, check=True)
    public = " ".join((keys / "id_ed25519.pub").read_text("ascii").split()[:2])
    made = RepositoryBuilder(folder)
    made.write_all(
        {
            "policies/guardrails.yaml": approvals_policy(),
            "policies/approvers": f"ann@example.org {public}\n",
            "contracts/teas/openapi.yaml": _TEAS,
            "teas/__init__.py": "",
        }
    )
    made.commit("Promise fifty teas")
    made.branch("fewer").write("contracts/teas/openapi.yaml", _TEAS.replace("maximum: 50", "maximum: 20"))
    made.commit("Promise twenty teas")
    return made


def approvals_policy() -> str:
    """Return the policy that the page on approvals shows, so that it is the one that is tried."""
    blocks = blocks_of(ROOT / "guardrails" / "guide" / "approvals.md")
    return next(one.text + "\n" for one in blocks if one.value == "policies/guardrails.yaml")


def _disputed(folder: Path) -> RepositoryBuilder:
    made = _approvers(folder)
    shown = next(
        one
        for one in blocks_of(ROOT / "guardrails" / "guide" / "approvals.md")
        if one.value.startswith(".guardrails")
    )
    made.write(shown.value, shown.text + "\n").commit("Say that the rule is wrong here")
    return made


STATES: Mapping[str, Callable[[Path], RepositoryBuilder]] = {
    "foreign-service": _with_policy,
    "foreign-service-without-policy": _without_policy,
    "foreign-service-staged": _staged,
    "foreign-service-branch": _branch,
    "foreign-service-loosened": _loosened,
    "foreign-service-misspelt": _misspelt,
    "foreign-service-layered": _layered,
    "foreign-service-slow": _slow,
    "foreign-service-with-rules": _ruled,
    "two-documents": _two_documents,
    "service-with-approvers": _approvers,
    "service-with-a-dispute": _disputed,
}
