"""The import graph against grimp's, edge for edge, on packages that many people use."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from functools import cache, partial
from pathlib import Path

import pytest

from guardrails.adapters.files.listing import found
from guardrails.adapters.files.stamps import digests_of
from guardrails.adapters.files.tree import FolderTree
from guardrails.analysis.code.facts import Flag
from guardrails.analysis.code.tree import Code
from tests.repos.memory import MemoryCache

HERE = Path(__file__).parent
PINNED = HERE / "packages.txt"
PACKAGES = ("celery", "django", "fastapi", "httpx", "litestar", "rich", "sqlalchemy")
HASHED = ("--require-hashes", "--only-binary=:all:", "--requirement")
ORACLE = """
import json, sys
sys.path[:0] = sys.argv[1:3]
import grimp
graph = grimp.build_graph(sys.argv[3], cache_dir=None)
edges = [(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)]
print(json.dumps({"modules": sorted(graph.modules), "edges": sorted(edges)}))
"""


def _home() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "guardrails-tests" / "differential"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the packages cannot be had here: {done.stderr.strip().splitlines()[-1]}")


@cache
def _oracle() -> Path:
    """Return a folder with grimp in it, installed with hashes once a machine."""
    folder = _home() / "grimp-3.19"
    if not folder.with_suffix(".whole").exists():
        pinned = str(HERE / "grimp.txt")
        _pip("install", "--upgrade", "--target", str(folder), *HASHED, pinned)
        folder.with_suffix(".whole").touch()
    return folder


@cache
def _sources() -> Path:
    """Return a folder with the packages' files, downloaded with hashes once a machine."""
    folder = _home() / "sources"
    mark = folder.with_suffix(f".{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:8]}.whole")
    if not mark.exists():
        wheels = _home() / "wheels"
        everywhere = ("--platform", "any", "--implementation", "py", "--abi", "none")
        _pip("download", "--no-deps", *everywhere, "-d", str(wheels), *HASHED, str(PINNED))
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as held:
                held.extractall(folder)
        mark.touch()
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_import_graph_of_a_real_package_is_the_one_that_grimp_finds(package: str) -> None:
    top = _sources()
    command = [sys.executable, "-c", ORACLE, str(top), str(_oracle()), package]
    theirs = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    names = [name for name in found(top) if name.startswith(f"{package}/") and name.endswith(".py")]
    code = Code(FolderTree(top, names, partial(digests_of, top)), MemoryCache())
    modules = code.modules.by_name
    ours = {
        (name, target)
        for name, path in modules.items()
        for target, one in code.modules.edges(name, code.facts(path))
        if target in modules and not one.flags & Flag.DYNAMIC  # grimp reads no importlib calls
    }
    assert sorted(modules) == theirs["modules"]
    assert sorted(map(list, ours)) == theirs["edges"]
    assert len(ours) > 50
