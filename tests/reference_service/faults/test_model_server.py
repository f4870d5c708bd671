"""A model server that lies, stalls and dies under load on the real service: valid answers, honest about their model."""

import asyncio
from collections import Counter
from typing import Any, get_args

import pytest

from contracts.now_playing.invariants import CLOCK
from reference_service.models.lock import MODELS, read_lock
from tests.reference_service.faults.test_matrix import CALLERS, EACH, caller, until_whole
from tests.reference_service.models.remote.liar import Liar, Protocol, listening
from tests.reference_service.models.remote.model_server import free_port
from tests.reference_service.processes.service import served

LOCAL = read_lock(MODELS).bundle
FAULTS = (
    "slow",
    "reset",
    "refuses",
    "another model",
    "another shape",
    "a score too few",
    "nan",
    "too long",
    "cut short",
)
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_under_every_fault_of_a_model_server_each_answer_is_valid_and_names_its_model(
    protocol: Protocol, question: dict[str, Any]
) -> None:
    port, liar = free_port(), Liar()
    place = f"{protocol}://127.0.0.1:{port}/now_playing/1"

    async def load(fault: str, service: Any) -> None:
        await until_whole(service, question)
        liar.fault = fault
        answers = await asyncio.gather(*(caller(service, number, question) for number in range(CALLERS)))
        liar.fault = "none"
        reasons = Counter(answer["degraded_reason"] for some in answers for answer in some)
        assert reasons.total() == CALLERS * EACH
        assert reasons.keys() <= {"model_unavailable", "overloaded"}, fault
        by_bundle = {
            answer["digests"]["model"]
            for some in answers
            for answer in some
            if answer["degraded_reason"] == "model_unavailable"
        }
        assert by_bundle == {LOCAL}

    async def run() -> None:
        with served({"NOW_PLAYING_MODEL_SERVER": place, "NOW_PLAYING_CLOCK": CLOCK}) as service:
            async with listening(protocol, liar, port):
                for fault in FAULTS:
                    await load(fault, service)
                await until_whole(service, question)
            answers = await caller(service, 0, question)
            assert {answer["digests"]["model"] for answer in answers} == {LOCAL}, "it is gone"
            async with listening(protocol, liar, port):
                await until_whole(service, question)

    asyncio.run(run())
