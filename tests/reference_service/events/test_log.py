"""The event log: durable, each id once, bounded, and whole after whatever happened to its file."""

import asyncio
import errno
import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_service.events.log import MOST_WAITING, Event, EventLog, Held, LogUnavailable
from reference_service.events.segment import Disk, RealDisk, event_of, line_of, lines_of

Result = TypeVar("Result")
PLENTY = 2**20


def event(name: str) -> Event:
    return Event(name, json.dumps({"id": name}).encode())


def held_in(folder: Path) -> list[str]:
    events = [event_of(line) for path in sorted(folder.glob("*.log")) for line in lines_of(path)]
    return [json.loads(one)["id"] for one in events if one is not None]


def with_log(
    folder: Path,
    use: Callable[[EventLog], Awaitable[Result]],
    disk: Disk | None = None,
    most: int = PLENTY,
    counted: Counter[str] | None = None,
) -> Result:
    async def run() -> Result:
        counter = Counter[str]() if counted is None else counted
        log = EventLog(folder, most, lambda outcome, count: counter.update({outcome: count}), disk)
        try:
            return await use(log)
        finally:
            await log.close()

    return asyncio.run(run())


class FailingDisk(RealDisk):
    """Takes some bytes of each write, and fails when it is told to."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.syncs = 0

    def write(self, file: int, content: bytes) -> int:
        if self.fails == "write":
            os.write(file, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "no space left")
        return super().write(file, content[:7])

    def sync(self, file: int) -> None:
        self.syncs += 1
        if self.fails == "sync":
            raise OSError(errno.EIO, "broken")
        super().sync(file)


def test_each_id_is_held_once_within_a_request_across_requests_and_across_starts(tmp_path: Path) -> None:
    async def use(log: EventLog) -> list[Held]:
        first = await log.append([event("a"), event("b"), event("a")])
        return [first, *await asyncio.gather(log.append([event("b"), event("c")]), log.append([event("c")]))]

    first, second, third = with_log(tmp_path, use)
    assert first == Held(accepted=2, duplicates=1)
    assert second.accepted + third.accepted == 1
    assert with_log(tmp_path, lambda log: log.append([event("c"), event("d")])) == Held(1, 1)
    assert held_in(tmp_path) == ["a", "b", "c", "d"]


def test_requests_that_wait_together_share_one_sync(tmp_path: Path) -> None:
    disk = FailingDisk()

    async def use(log: EventLog) -> None:
        await asyncio.gather(*(log.append([event(str(number))]) for number in range(200)))

    with_log(tmp_path, use, disk)
    assert len(held_in(tmp_path)) == 200
    assert disk.syncs < 100


@pytest.mark.parametrize("fails", ["write", "sync"])
def test_a_disk_that_fails_acknowledges_nothing_and_leaves_nothing_behind(tmp_path: Path, fails: str) -> None:
    disk, counted = FailingDisk(), Counter[str]()

    async def use(log: EventLog) -> None:
        await log.append([event("before")])
        disk.fails = fails
        with pytest.raises(LogUnavailable, match="disk"):
            await log.append([event("during"), event("before")])
        assert held_in(tmp_path) == ["before"]
        disk.fails = ""
        assert await log.append([event("during")]) == Held(1, 0)

    with_log(tmp_path, use, disk, counted=counted)
    assert held_in(tmp_path) == ["before", "during"]
    assert (counted["failed"], counted["accepted"]) == (2, 2)


def test_a_full_log_refuses_what_does_not_fit_and_still_knows_what_it_has(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.append([event("a")])
        with pytest.raises(LogUnavailable, match="size"):
            await log.append([event("b" * 60)])
        assert await log.append([event("a")]) == Held(0, 1)

    with_log(tmp_path, use, most=60)


def test_no_more_wait_for_the_disk_than_may(tmp_path: Path) -> None:
    async def use(log: EventLog) -> list[Held | BaseException]:
        waits = (log.append([event(str(number))]) for number in range(3 * MOST_WAITING))
        return await asyncio.gather(*waits, return_exceptions=True)

    answers = with_log(tmp_path, use)
    refused = [answer for answer in answers if isinstance(answer, LogUnavailable)]
    assert len(held_in(tmp_path)) == len(answers) - len(refused) >= MOST_WAITING


@given(
    lengths=st.lists(st.integers(0, 300), max_size=8), cut=st.integers(0, 10_000), junk=st.binary(max_size=9)
)
@settings(deadline=None, max_examples=80)
def test_after_a_crash_at_any_byte_every_whole_line_stands_and_the_log_goes_on(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("log")
    lines = [line_of(event(f"{place}-{'x' * length}").content) for place, length in enumerate(lengths)]
    whole = b"".join(lines)[: cut % (len(b"".join(lines)) + 1)]
    (folder / "events-00.log").write_bytes(whole + junk.replace(b"\n", b""))
    standing = held_in(folder)
    assert with_log(folder, lambda log: log.append([event("next")])) == Held(1, 0)
    assert held_in(folder) == [*standing, "next"]
    assert all(event_of(line) is not None for line in lines_of(folder / "events-00.log"))


def test_a_line_spoilt_in_the_middle_costs_no_line_after_it(tmp_path: Path) -> None:
    lines = [line_of(event(name).content) for name in "abc"]
    lines[1] = lines[1].replace(b"b", b"x", 1)
    (tmp_path / "events-00.log").write_bytes(b"".join(lines))
    counted = Counter[str]()
    with_log(tmp_path, lambda log: log.append([event("a"), event("b"), event("c")]), counted=counted)
    assert held_in(tmp_path) == ["a", "c", "b"]
    assert counted["spoilt"] == 1


def test_a_second_writer_takes_a_segment_of_its_own_and_knows_the_first_ones_past(tmp_path: Path) -> None:
    async def use(log: EventLog) -> Held:
        await log.append([event("a")])
        other = EventLog(tmp_path, PLENTY, lambda _outcome, _count: None)
        try:
            return await other.append([event("a"), event("b")])
        finally:
            await other.close()

    assert with_log(tmp_path, use) == Held(1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events-00.log", "events-01.log"]
