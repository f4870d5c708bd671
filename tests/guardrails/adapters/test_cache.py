import os
from pathlib import Path

import pytest

from guardrails.adapters.cache import FileCache, user_folder


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_put_is_got_and_nothing_else(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put("key", b"value")
    cache.put("odd \udcff", b"")
    assert cache.get("key") == b"value"
    assert cache.get("odd \udcff") == b""
    assert cache.get("other") is None


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 100])
def test_a_damaged_entry_reads_as_nothing(tmp_path: Path, damage: bytes) -> None:
    cache = FileCache(tmp_path)
    cache.put("key", b"value")
    stored_files(tmp_path)[0].write_bytes(damage)
    assert cache.get("key") is None


def test_an_entry_moved_to_another_key_reads_as_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put("a", b"pass")
    first = stored_files(tmp_path)[0]
    cache.put("b", b"block")
    second = next(path for path in stored_files(tmp_path) if path != first)
    second.write_bytes(first.read_bytes())
    assert cache.get("b") is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file")
    cache.put("key", b"value")
    assert cache.get("key") is None


def test_it_stays_within_its_bound_and_keeps_the_newest(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, limit_bytes=16 * 16000)
    for number in range(3000):
        cache.put(str(number), bytes(400))
    assert sum(path.stat().st_size for path in stored_files(tmp_path)) < 2 * 16 * 16000
    assert cache.get("2999") == bytes(400)
    cache.put("large", bytes(5000))
    assert cache.get("large") is None


def test_many_writers_leave_whole_entries_only(tmp_path: Path) -> None:
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                for number in range(200):
                    FileCache(tmp_path).put(str(number % 5), b"v%d" % (number % 5) * 5000)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert [FileCache(tmp_path).get(str(one)) for one in range(5)] == [
        b"v%d" % one * 5000 for one in range(5)
    ]
    assert len(stored_files(tmp_path)) == 5


def test_the_users_cache_folder_is_where_xdg_says() -> None:
    assert user_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/guardrails")
    assert user_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/guardrails")


def test_folder_that_everybody_may_write_to_or_that_is_a_link_is_not_believed(tmp_path: Path) -> None:
    FileCache(tmp_path).put("key", b"forged")
    (tmp_path / "results").chmod(0o777)
    assert FileCache(tmp_path).get("key") is None
    (tmp_path / "results").chmod(0o700)
    assert FileCache(tmp_path).get("key") == b"forged"
    other = tmp_path / "other"
    other.mkdir()
    (other / "results").symlink_to(tmp_path / "results")
    assert FileCache(other).get("key") is None
    FileCache(other).put("key", b"mine")
    assert FileCache(tmp_path).get("key") == b"forged"
