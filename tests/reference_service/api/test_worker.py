"""The ranking thread: in order, one at a time, never what is too late, and never in the loop's way."""

import asyncio
import threading

import pytest

from reference_service.api.worker import DeadlineSpent, Worker


def test_work_is_done_in_order_on_one_other_thread() -> None:
    worker = Worker()
    seen: list[tuple[int, int]] = []

    def work(number: int) -> int:
        seen.append((number, threading.get_ident()))
        return number * 2

    async def ask() -> list[int]:
        return await asyncio.gather(*(worker.run(lambda n=n: work(n), None) for n in range(50)))  # type: ignore[misc]

    assert asyncio.run(ask()) == [2 * number for number in range(50)]
    assert [number for number, _ in seen] == list(range(50))
    assert len({thread for _, thread in seen} | {threading.get_ident()}) == 2
    worker.close()


def test_an_error_of_the_work_reaches_its_caller_and_ends_nothing() -> None:
    worker = Worker()

    async def ask() -> int:
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda: 1 // 0, None)
        return await worker.run(lambda: 7, None)

    assert asyncio.run(ask()) == 7
    worker.close()


def test_what_waits_past_its_deadline_is_given_up_and_never_begun() -> None:
    worker = Worker()
    gate, begun = threading.Event(), list[int]()

    def begin() -> bool:
        begun.append(1)
        return True

    async def ask() -> None:
        held = asyncio.create_task(worker.run(gate.wait, None))
        await asyncio.sleep(0)
        with pytest.raises(DeadlineSpent):
            await worker.run(begin, 0.01)
        gate.set()
        assert await held
        # Its turn has come and gone before this one's.
        assert await worker.run(lambda: True, None)
        assert begun == []

    asyncio.run(ask())
    worker.close()


def test_work_that_ends_after_its_loop_harms_nobody() -> None:
    worker = Worker()
    gate = threading.Event()

    async def leave() -> None:
        behind = asyncio.create_task(worker.run(lambda: True, 0.01))
        with pytest.raises(DeadlineSpent):
            await worker.run(gate.wait, 0.01)
        behind.cancel()

    async def ask() -> bool:
        # It waits behind what a loop left that is no more.
        asked = asyncio.create_task(worker.run(lambda: True, None))
        await asyncio.sleep(0)
        gate.set()
        return await asked

    for _ in range(20):
        gate.clear()
        asyncio.run(leave())
        assert asyncio.run(ask())
    worker.close()
