"""SQLite: the seed's listeners from memory or a file, and a precise error where there is no database."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, SeededStore
from reference_service.features.stores.sqlite import SqliteStore, publish


@pytest.mark.parametrize("in_file", [False, True])
def test_it_answers_what_the_seed_draws(tmp_path: Path, in_file: bool) -> None:
    path = tmp_path / "odd #%?.db" if in_file else None
    if path is not None:
        publish(path, 7)

    async def compared() -> None:
        store, seeded = SqliteStore(path, 7), SeededStore(7)
        for name in ("listener-0001", "listener-0400", "listener-0401", "x"):
            assert await store.read(name) == await seeded.read(name)
        await store.close()

    asyncio.run(compared())


def test_file_and_memory_of_one_seed_have_one_digest_and_another_seed_another(tmp_path: Path) -> None:
    publish(tmp_path / "seven", 7)
    seven = SqliteStore(None, 7).digest
    assert SqliteStore(tmp_path / "seven", 8).digest == seven
    assert SqliteStore(None, 8).digest != seven


def test_what_is_no_database_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello " * 100)
    for name in ("text", "missing"):
        with pytest.raises(FeaturesUnavailable, match=name):
            SqliteStore(tmp_path / name, 7)
    assert not (tmp_path / "missing").exists()


def test_a_record_that_was_spoilt_is_no_listener(tmp_path: Path) -> None:
    publish(tmp_path / "db", 7)
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("UPDATE listeners SET record = x'00' WHERE id = 'listener-0001'")
        database.execute("UPDATE listeners SET record = 7 WHERE id = 'listener-0002'")
    database.close()

    async def reads() -> None:
        store = SqliteStore(tmp_path / "db", 7)
        for name in ("listener-0001", "listener-0002"):
            with pytest.raises(FeaturesUnavailable):
                await store.read(name)
        assert await store.read("listener-0003") != DEFAULT

    asyncio.run(reads())
