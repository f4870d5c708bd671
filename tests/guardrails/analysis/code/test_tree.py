from guardrails.analysis.code.tree import Code
from tests.repos.memory import MemoryCache, MemoryTree

FILES = {"a.py": "import b\n", "b.py": "x = 1\n", "c.txt": "import b\n"}


def _code(cache: MemoryCache, files: dict[str, str] | None = None) -> Code:
    return Code(MemoryTree(files or FILES), cache, (".",), "test")


def test_facts_are_kept_by_blob_so_a_renamed_file_is_not_read_again() -> None:
    cache = MemoryCache()
    first = _code(cache).facts("a.py")
    before = dict(cache.stored)
    assert _code(cache, {"z/other.py": FILES["a.py"]}).facts("z/other.py") == first
    assert cache.stored == before


def test_damaged_entry_of_the_cache_is_read_anew() -> None:
    cache = MemoryCache()
    first = _code(cache).facts("a.py")
    for key in cache.stored:
        cache.stored[key] = b"\xff" * 9
    assert _code(cache).facts("a.py") == first


def test_entry_of_another_parser_is_not_used() -> None:
    cache = MemoryCache()
    _code(cache).facts("a.py")
    Code(MemoryTree(FILES), cache, (".",), "other").facts("a.py")
    assert len(cache.stored) == 2


def test_only_python_files_are_modules() -> None:
    assert dict(_code(MemoryCache()).modules.by_name) == {"a": "a.py", "b": "b.py"}


def test_path_that_is_not_in_the_tree_has_no_facts_and_says_so() -> None:
    assert _code(MemoryCache()).facts("gone.py").unparsable
