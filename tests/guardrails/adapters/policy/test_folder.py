"""Every file under policies/ is read by someone, from blobs, and parsed once."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from guardrails.adapters.policy.reader import read_policy
from guardrails.model.change import Entry, Mode
from guardrails.model.errors import PolicyError
from guardrails.model.policy import BUILT_IN
from tests.guardrails.adapters.policy.reading import (
    FULL,
    GATES,
    read,
    refusal,
)
from tests.repos.memory import MemoryCache, MemoryTree


def test_foreign_policies_folder_is_not_taken_for_ours() -> None:
    policy = read({"standards.yaml": "on: [1", "__init__.py": "", "rbac/admin.rego": ""})
    assert policy.source == BUILT_IN


@pytest.mark.parametrize("name", ["guardrails.yml", "guardrail.yaml", "Guardrails.yaml", "gaurdrails.yaml"])
def test_misspelt_main_file_does_not_fall_back_to_the_default(name: str) -> None:
    assert refusal({name: FULL}).endswith("did you mean policies/guardrails.yaml?")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("architcture.yaml", "architecture.yaml"),
        ("architecture.yml", "architecture.yaml"),
        ("waiver.yaml", "waivers.yaml"),
        ("approvers.txt", "approvers"),
        ("baseline.yaml", "baseline.json"),
        ("sub/waivers.yaml", "waivers.yaml"),
    ],
)
def test_file_that_nobody_reads_is_refused_and_the_likely_one_named(name: str, meant: str) -> None:
    text = refusal({"guardrails.yaml": FULL, name: ""})
    assert text == f"policies/{name}: nobody reads this file; did you mean policies/{meant}?"


def test_odd_file_name_is_safe_to_print() -> None:
    assert refusal({"guardrails.yaml": FULL, "x\n\udcff.yaml": ""}).isprintable()


def test_file_that_another_reader_claims_is_left_to_it() -> None:
    tree = MemoryTree({"policies/guardrails.yaml": FULL, "policies/self.yaml": "[", "policies/a/b.yaml": "["})
    assert read_policy(tree, GATES, MemoryCache(), elsewhere=("self.yaml", "a/")).target == "main"
    with pytest.raises(PolicyError, match="nobody reads"):
        read_policy(tree, GATES, MemoryCache(), elsewhere=("self.yaml",))


@dataclass(frozen=True)
class LinkedTree(MemoryTree):
    link: str = ""
    mode: Mode = Mode.SYMLINK

    def entries(self) -> Mapping[str, Entry]:
        entries = dict(super().entries())
        entries[self.link] = Entry(self.mode, "0" * 40)
        return entries


@pytest.mark.parametrize("mode", [Mode.SYMLINK, Mode.SUBMODULE])
@pytest.mark.parametrize("link", ["policies", "policies/guardrails.yaml", "policies/waivers.yaml"])
def test_link_in_place_of_policy_is_refused(link: str, mode: Mode) -> None:
    files = {"policies/guardrails.yaml": FULL} if link.endswith("waivers.yaml") else {}
    with pytest.raises(PolicyError, match=r"is a (symbolic link|submodule); ") as caught:
        read_policy(LinkedTree(files, link, mode), GATES, MemoryCache())
    assert caught.value.path == link


def test_digest_changes_with_any_policy_file_and_with_nothing_else() -> None:
    files = {"policies/guardrails.yaml": FULL, "policies/approvers": "ada", "shop.py": "1"}
    first = read_policy(MemoryTree(files), GATES, MemoryCache()).digest
    assert read_policy(MemoryTree({**files, "shop.py": "2"}), GATES, MemoryCache()).digest == first
    for name in ("policies/approvers", "policies/architecture.yaml"):
        changed = MemoryTree({**files, name: "# other"})
        assert read_policy(changed, GATES, MemoryCache()).digest != first


@dataclass(frozen=True)
class UnreadableTree(MemoryTree):
    def read(self, path: str) -> bytes | None:
        raise AssertionError(f"{path} was read though the cache has it")


def test_cached_policy_is_read_without_its_files() -> None:
    files = {"policies/guardrails.yaml": FULL, "policies/approvers": "ada"}
    cache = MemoryCache()
    first = read_policy(MemoryTree(files), GATES, cache)
    assert read_policy(UnreadableTree(files), GATES, cache) == first


def test_error_in_a_cached_file_still_has_its_line() -> None:
    files = {"policies/guardrails.yaml": "target: main\nstages: {commit: [stile]}\n"}
    cache = MemoryCache()
    for _ in range(2):
        with pytest.raises(PolicyError, match=r"guardrails.yaml:2: there is no gate stile"):
            read_policy(MemoryTree(files), GATES, cache)


def test_damaged_cache_is_not_believed() -> None:
    files = {"policies/guardrails.yaml": FULL}
    cache = MemoryCache()
    expected = read_policy(MemoryTree(files), GATES, cache)
    (key,) = cache.stored
    for damage in (b"", b"\xff", b"N", b"[\x00\x00\x00\x00", cache.stored[key][:-9]):
        cache.stored[key] = damage
        assert read_policy(MemoryTree(files), GATES, cache) == expected


_WARM = """
import sys
from pathlib import Path
from guardrails.adapters.cache import FileCache
from guardrails.adapters.policy.reader import read_policy
from tests.repos.memory import MemoryTree
tree = MemoryTree({"policies/guardrails.yaml": "target: main", "policies/approvers": "ada"})
assert read_policy(tree, (), FileCache(Path(sys.argv[1]))).approvers == ("ada",)
print(sorted({"yaml", "difflib", "pydantic", "json", "jinja2", "libcst"} & set(sys.modules)))
"""


def test_second_read_imports_no_parser(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WARM, str(tmp_path)]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)
    )
    assert "yaml" in first
    assert second == "[]\n"
