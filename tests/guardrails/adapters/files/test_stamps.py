import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from guardrails.adapters.cache import FileCache
from guardrails.adapters.files import stamps
from guardrails.adapters.files.stamps import UNREADABLE, Stamps, id_of
from tests.repos.memory import MemoryCache

NAMES = ("a.py", "b/c.py")


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    (tmp_path / "b" / "c.py").write_bytes(b"y = 2\n")
    return tmp_path


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    real: Callable[[str], str] = stamps.blob_id

    def seen(path: str) -> str:
        read.append(Path(path).name)
        return real(path)

    monkeypatch.setattr(stamps, "blob_id", seen)
    return read


def test_ids_are_those_of_git_and_known_files_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, cache = _folder(tmp_path), MemoryCache()
    monkeypatch.setattr(stamps, "_RACY_NS", -(10**12))
    first = Stamps(top, cache).digests(NAMES)
    assert (
        first["a.py"] == "7d4290a117a4ddcc11daae7ea675841033830c8f"
    )  # printf 'x = 1\\n' | git hash-object --stdin
    read = _reads(monkeypatch)
    assert Stamps(top, cache).digests(NAMES) == first
    assert read == []


def test_edit_of_same_size_and_modification_time_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, cache = _folder(tmp_path), MemoryCache()
    monkeypatch.setattr(stamps, "_RACY_NS", -(10**12))
    Stamps(top, cache).digests(NAMES)
    before = (top / "a.py").stat()
    (top / "a.py").write_bytes(b"x = 9\n")
    os.utime(top / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Stamps(top, cache).digests(NAMES)["a.py"] == id_of(b"x = 9\n")


def test_file_changed_just_before_it_was_stamped_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, cache = _folder(tmp_path), MemoryCache()
    Stamps(top, cache).digests(NAMES)
    read = _reads(monkeypatch)
    Stamps(top, cache).digests(NAMES)
    assert sorted(read) == ["a.py", "c.py"]


def test_what_is_gone_a_link_or_a_pipe_is_no_file_and_what_cannot_be_read_has_no_content(
    tmp_path: Path,
) -> None:
    top = _folder(tmp_path)
    (top / "link.py").symlink_to("a.py")
    os.mkfifo(top / "pipe.py")
    with (top / "huge.py").open("wb") as stream:
        stream.truncate(65 << 20)
    found = Stamps(top, MemoryCache()).digests(
        [*NAMES, "gone.py", "link.py", "pipe.py", "huge.py", "odd\0.py"]
    )
    assert set(found) == {*NAMES, "huge.py"}
    assert found["huge.py"] == UNREADABLE


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"i\x01\x00\x00\x00", b"[\xff\xff\xff\x7f"])
def test_damaged_stamps_are_made_anew(tmp_path: Path, content: bytes) -> None:
    top, cache = _folder(tmp_path), MemoryCache()
    Stamps(top, cache).digests(NAMES)
    cache.stored.update(dict.fromkeys(cache.stored, content))
    assert Stamps(top, cache).digests(NAMES)["a.py"] == id_of(b"x = 1\n")


def test_writers_at_the_same_time_do_not_spoil_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    top, cache = _folder(folder), FileCache(tmp_path / "cache")
    monkeypatch.setattr(stamps, "_RACY_NS", -(10**12))
    found: list[dict[str, str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(Stamps(top, cache).digests(NAMES))) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [Stamps(top, cache).digests(NAMES)] * 8
