"""Repositories that know nothing of the harness: odd layouts, odd histories, odd files, odd callers."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.arena import Arena, Ended
from tests.attacks.shops import APP, FAST_APP, PRICING, TEN_LINES, TESTED_SHOP, changed
from tests.repos.boxed import real_box
from tests.repos.builder import RepositoryBuilder

_TYPED_APP = FAST_APP.replace(
    "app = FastAPI()", "app = FastAPI()\n\n\nclass Item(BaseModel):\n    number: int\n    price: int"
)
_TYPED_APP = _TYPED_APP.replace("-> dict[str, int]:", "-> Item:").replace(
    'return {"number": number, "price": price(number)}', "return Item(number=number, price=price(number))"
)
_TYPED_APP = _TYPED_APP.replace(
    "from fastapi import FastAPI\n", "from fastapi import FastAPI\nfrom pydantic import BaseModel\n"
)
FAST = {
    "shop/__init__.py": "",
    "shop/app.py": _TYPED_APP,
    "shop/pricing.py": PRICING,
    "policies/guardrails.yaml": TEN_LINES,
}
STARLETTE = """from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "paths": {"/items": {"get": {"responses": {"200": {"description": "items"}}}}},
}


async def items(request):
    return JSONResponse({"items": []})


async def document(request):
    return JSONResponse(DOCUMENT)


app = Starlette(routes=[Route("/items", items), Route("/openapi.json", document)])
"""
STARLETTE_POLICY = """version: 1
services:
  - name: shop
    root: src
    command: ["{python}", -m, uvicorn, "shop.app:app", --uds, "{socket}"]
    ready: /items
"""


def test_ten_line_policy_finds_a_renamed_response_field_with_its_witness(place: Path) -> None:
    real_box()
    app = _TYPED_APP.replace("price: int", "cost: int").replace("price=price", "cost=price")
    ended = changed(place, FAST, {"shop/app.py": app}).review()
    assert ended.code == 1
    assert "GR201" in ended.rules
    assert "price" in str(ended.verdict["findings"])


def test_ten_line_policy_finds_a_crash_with_its_request(place: Path) -> None:
    real_box()
    head = {"shop/pricing.py": "def price(number: int) -> int:\n    return 100 // number\n"}
    ended = changed(place, FAST, head).review()
    assert ended.code == 1
    assert "GR210" in ended.rules
    assert "/items/0" in str(ended.verdict["findings"])


def test_honest_change_of_a_command_service_in_a_src_layout_passes(place: Path) -> None:
    real_box()
    base = {
        "src/shop/__init__.py": "",
        "src/shop/app.py": STARLETTE,
        "policies/guardrails.yaml": STARLETTE_POLICY,
    }
    head = {"src/shop/app.py": STARLETTE.replace('"items"}', '"all items"}')}
    ended = changed(place, base, head).review()
    assert ended.code == 0, ended.verdict["findings"]
    assert ended.outcome("contract") == "pass"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """A plain library without any policy, two commits long, with a work tree to change."""
    base = {"src/lib/__init__.py": "def twice(n):\n    return n * 2\n", "README.md": "A library.\n"}
    return changed(tmp_path_factory.mktemp("l"), base, {"src/lib/more.py": "MORE = 1\n"})


def test_repository_without_policies_is_judged_by_the_built_in_default_and_told_so(library: Arena) -> None:
    ended = library.review()
    assert ended.code == 0
    assert "built-in default" in str(ended.verdict)
    assert "built-in default" in library.run("review", "--base", "main").out


def test_change_that_first_adds_policies_needs_a_person(place: Path) -> None:
    ended = changed(place, {"README.md": "x\n"}, {"policies/guardrails.yaml": TEN_LINES}).review()
    assert ended.code == 4
    assert "GR517" in ended.rules


def test_unborn_branch_and_first_commit_are_judged_whole(place: Path) -> None:
    repository = RepositoryBuilder(place / "repository")
    arena = Arena(repository.path, place / "user")
    repository.write("a.py", "import time\n\n\nasync def nap():\n    time.sleep(1)\n").stage()
    staged = arena.run("check", "--format", "json")
    assert staged.code == 1
    assert "GR102" in staged.rules
    repository.commit("First")
    repository.git("branch", "-m", "trunk")
    first = arena.run("review", "--format", "json")
    assert first.code == 1
    assert "whole tree" in str(first.verdict)


def test_a_hook_with_nothing_staged_passes_and_says_so(place: Path) -> None:
    arena = Arena(RepositoryBuilder(place / "repository").path, place / "user")
    ended = arena.run("check", "--format", "json")
    assert ended.code == 0
    assert "nothing is staged" in str(ended.verdict["notes"])


def test_folder_that_is_no_repository_is_a_usage_error(place: Path) -> None:
    arena = Arena(place, place / "user")
    for command in ("review", "check"):
        ended = arena.run(command)
        assert ended.code == 2
        assert "git repository" in ended.err


def test_bare_and_shallow_clones_are_judged(place: Path, library: Arena) -> None:
    origin = RepositoryBuilder(library.repository, init=None)
    origin.git("clone", "-q", "--bare", ".", str(place / "bare"))
    bare = Arena(place / "bare", place / "user")
    assert bare.run("review", "--base", "main", "--head", "change").code == 0
    origin.git(
        "clone",
        "-q",
        "--depth",
        "1",
        "--branch",
        "change",
        f"file://{library.repository}",
        str(place / "shallow"),
    )
    shallow = Arena(place / "shallow", place / "user").run("review")
    assert shallow.code == 2
    assert "no commit before it here" in shallow.err
    worktree = Arena(place / "bare", place / "user").run("review", "--worktree")
    assert worktree.code == 2


def test_odd_files_are_judged_or_refused_with_a_reason(place: Path) -> None:
    repository = RepositoryBuilder(place / "repository")
    repository.write("plain.txt", "x\n").commit("Begin")
    other = RepositoryBuilder(place / "other")
    other.write("x", "x").commit("Begin")
    repository.branch("change")
    folder = place.joinpath("repository").as_posix().encode()
    for odd in (b"caf\xe9.py", b"new\nline.py", b"-rf.py", b"\x1b[31mred.py", b" .py", b"a" * 250):
        Path((folder + b"/" + odd).decode("utf-8", "surrogateescape")).write_bytes(b"X = 1\r\n")
    repository.write("huge.bin", b"\0" * (30 << 20)).write("huge.py", "X = (\n" + "1,\n" * 400_000 + ")\n")
    repository.write("deep.py", "x = " + "(" * 5000 + ")" * 5000 + "\n").write("latin.py", b"# \xe9\nX = 1\n")
    repository.write("nul.py", b"X = '\0'\n").write("bom.py", b"\xef\xbb\xbfX = 1\r\n")
    repository.symlink("loop", "loop").symlink("ring/a", "../ring").symlink("out", "/etc/passwd")
    repository.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "module"
    )
    repository.commit("Change")
    arena = Arena(repository.path, place / "user")
    for name in ("json", "terminal", "agent", "sarif"):
        ended = arena.run("review", "--base", "main", "--format", name)
        assert ended.code in {1, 3, 4}, ended.err
        assert "\x1b[31m" not in ended.out


PATCHES = {
    "empty": (b"", {0, 2, 3}),
    "words": (b"not a patch\n", {2, 3}),
    "corrupt": (
        b"diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1,9 +1 @@\n-A\n",
        {2, 3},
    ),
    "of another file": (
        b"diff --git a/nope b/nope\n--- a/nope\n+++ b/nope\n@@ -1 +1 @@\n-a\n+b\n",
        {2, 3},
    ),
    "out of the tree": (
        b"diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+b\n",
        {2, 3},
    ),
    "into .git": (
        b"diff --git a/.git/x b/.git/x\nnew file mode 100755\n--- /dev/null\n+++ b/.git/x\n@@ -0,0 +1 @@\n+b\n",
        {2, 3},
    ),
    "noise": (bytes(range(256)) * 40, {2, 3}),
}


@pytest.mark.parametrize("name", PATCHES)
def test_bad_patch_is_refused_with_a_reason(library: Arena, name: str) -> None:
    patch, codes = PATCHES[name]
    ended = library.run("review", "--diff", "-", stdin=patch)
    assert ended.code in codes
    assert ended.code != 0 or "no file" in ended.out or "nothing" in ended.out
    assert ended.err or ended.out


def test_patch_from_standard_input_is_judged(library: Arena) -> None:
    patch = (
        b"diff --git a/src/lib/slow.py b/src/lib/slow.py\nnew file mode 100644\n--- /dev/null\n"
        b"+++ b/src/lib/slow.py\n@@ -0,0 +1,4 @@\n+import time\n+\n+async def nap():\n+    time.sleep(1)\n"
    )
    ended = library.run("review", "--diff", "-", "--format", "json", stdin=patch)
    assert ended.code == 1
    assert "GR102" in ended.rules
    assert not (library.repository / "src/lib/slow.py").exists()


USAGE = {
    "gate": (("review", "--gate", "nope"), "choose from"),
    "gate of another stage": (("check", "--gate", "latency"), "--stage merge"),
    "format": (("review", "--format", "nope"), "choose from"),
    "output": (("review", "--output", "nowhere/report"), "no such folder"),
    "output folder": (("review", "--output", "."), "folder"),
    "same output": (
        ("review", "--format", "json", "--output", "r", "--format", "sarif", "--output", "r"),
        "two reports",
    ),
    "two changes": (("review", "--staged", "--worktree"), "each name a change"),
    "head and patch": (("review", "--head", "HEAD", "--diff", "-"), "each name a change"),
    "base of the index": (("review", "--staged", "--base", "main"), "leave --base out"),
    "ref like an option": (("review", "--base=--upload-pack=touch"), "names no commit"),
    "unknown ref": (("review", "--base", "nope"), "names no commit"),
    "missing patch": (("review", "--diff", "nope"), "No such file"),
    "rule": (("explain", "GR999"), "no rule"),
    "repository": (("review", "--repo", "nope"), "not a folder"),
}


@pytest.mark.parametrize("name", USAGE)
def test_contradiction_is_a_usage_error_that_says_what_to_do(library: Arena, name: str) -> None:
    words, said = USAGE[name]
    ended = library.run(*words)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    "variables",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"NO_COLOR": "1", "COLUMNS": "20"},
        {"PYTHONIOENCODING": "ascii"},
        {"HOME": "/nonexistent", "XDG_CACHE_HOME": ""},
    ],
)
def test_odd_terminals_and_homes_change_no_verdict(library: Arena, variables: dict[str, str]) -> None:
    assert library.run("review", "--base", "main", variables=variables).code == 0


def test_reader_that_goes_away_leaves_no_traceback(library: Arena) -> None:
    line = f"{sys.executable} -m guardrails review --base main | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=library.repository,
        env=library.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 3}
    assert done.stderr == b""
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m guardrails review --base main >&-"],
        cwd=library.repository,
        env=library.environment,
        capture_output=True,
        check=False,
    )
    assert closed.returncode != 0
    assert b"Traceback" not in closed.stderr


def test_same_change_gives_the_same_bytes_anywhere_and_at_once(place: Path) -> None:
    """Two reviews at once in one cache, another folder to stand in, another hash seed, a warm cache."""
    real_box()
    head = {
        "shop/app.py": APP.replace("number * 2", "number * 3"),
        "shop/more.py": "import time\nasync def f():\n    time.sleep(1)\n",
    }
    arena = changed(place, TESTED_SHOP, head)
    words = ("review", "--base", "main", "--format", "json", "--repo", str(arena.repository))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda seed: _plain(arena, words, seed), ("1", "2"))
    third = arena.run(*words, cwd=place, variables={"PYTHONHASHSEED": "3"})
    assert first.settled == second.settled == third.settled
    assert first.code == second.code == third.code == 1


def _plain(arena: Arena, words: tuple[str, ...], seed: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "guardrails", *words],
        cwd=arena.repository,
        env={**arena.environment, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=False,
        text=True,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
