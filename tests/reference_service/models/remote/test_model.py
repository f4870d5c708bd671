"""A remote model against servers that lie: an exact error where someone looks, no wrong score anywhere else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import get_args

import numpy as np
import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.remote.hedge import Hedge
from reference_service.models.remote.model import Hedged, Outcome, RemoteModel
from reference_service.models.remote.over_http import HttpTransport
from reference_service.models.remote.tensors import RemoteError
from reference_service.models.remote.transport import address_of
from reference_service.ranking.nouns import POINT, Features
from reference_service.resilience.deadline import Budget, begin
from tests.reference_service.models.remote.liar import JSON_ONLY, Liar, Protocol, lying

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
ROWS = np.random.default_rng(5).uniform(-1, 1, (40, len(NAMES)))
FEATURES = Features(NAMES, ROWS)

METADATA_FAULTS = {
    "swapped columns": "input 3 is 'freshness' FP32 [-1]; expected 'popularity' FP32 [-1]",
    "wide columns": "input 1 is 'affinity' FP64 [-1]; expected 'affinity' FP32 [-1]",
    "a matrix": "the server declares 1 inputs; expected 10, one FP32 [-1] a feature, in order: affinity, sim",
    "a column too few": "the server declares 9 inputs; expected 10",
    "text out": "its outputs are 'score' BYTES [-1]; expected one FP32 or FP64 [-1]",
    "undeclared": "the server declares 0 inputs",
    "another model's metadata": "the server describes model 'fraud_detector'; now_playing_cards was asked for",
}
ANSWER_FAULTS: dict[str, tuple[Outcome, str]] = {
    "another model": ("missigned", "model 'fraud_detector' answered; now_playing_cards was asked"),
    "another version": ("missigned", "version '2' answered; '1' was agreed"),
    "another output": ("missigned", "answered 'logits' FP64 [%d]; agreed was score FP64"),
    "another type": ("missigned", "answered 'score' FP32 [%d]; agreed was score FP64"),
    "another shape": ("nonsense", "answered 'score' FP64 [1, %d] with %d values for %d rows"),
    "a score too few": ("nonsense", "answered 'score' FP64 [%d] with %m values for %d rows"),
    "another's answer": ("nonsense", "answered another request than was asked"),
    "nan": ("nonsense", "scores that are not finite or beyond 1000 points"),
    "infinite": ("nonsense", "scores that are not finite or beyond 1000 points"),
    "beyond": ("nonsense", "scores that are not finite or beyond 1000 points"),
    "null": ("nonsense", "the model server's answer lacks numbers as data"),
    "text": ("nonsense", "the model server's answer lacks numbers as data"),
    "no tensor": ("nonsense", "the model server's answer lacks a tensor"),
    "two tensors": ("nonsense", "the server answered 2 tensors; one was agreed"),
    "too long": ("nonsense", "too long|is longer than"),
    "refuses": ("refused", "with status 500|with INTERNAL"),
    "not found": ("refused", "Model not found"),
    "reset": ("failed", "closed the connection without an answer|: UNAVAILABLE"),
    "no json": ("nonsense", "the model server's answer is no JSON"),
    "cut short": ("nonsense", "does not speak HTTP|is cut short"),
    "no http": ("nonsense", "does not speak HTTP|is no protobuf"),
}
ONLY_PROBED = {"by place": "scores a row by where it stands, or by chance", "by chance": "or by chance"}


@asynccontextmanager
async def remote(
    protocol: Protocol,
    liar: Liar,
    most: float = 30.0,
    version: str | None = "1",
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[tuple[RemoteModel, Counter[str]]]:
    counted: Counter[str] = Counter()

    def count(word: Outcome | Hedged) -> None:
        counted[word] += 1

    async with lying(protocol, liar) as transport:
        yield (
            RemoteModel(
                transport,
                "now_playing",
                version,
                NAMES,
                most,
                count=count,
                hedged=count,
                clock=clock,
                rest=0.01,
            ),
            counted,
        )


async def until_verified(model: RemoteModel) -> str:
    async with asyncio.timeout(30):
        while model.verified is None:  # noqa: ASYNC110  what it waits for has no event for a test
            await asyncio.sleep(0)
        return model.verified.digest


def spelt(message: str, rows: int) -> tuple[str, ...]:
    filled = message.replace("%d", str(rows)).replace("%m", str(rows - 1))
    return tuple(filled.split("|"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        *METADATA_FAULTS.items(),
        *((fault, message) for fault, (_, message) in ANSWER_FAULTS.items()),
        *ONLY_PROBED.items(),
    ],
)
def test_at_start_the_fault_of_a_server_is_named_exactly(
    protocol: Protocol, fault: str, message: str
) -> None:
    if protocol == "grpc" and fault in JSON_ONLY:
        message = ""

    async def start() -> None:
        async with remote(protocol, Liar(fault)) as (model, _):
            if protocol == "grpc" and fault in JSON_ONLY:
                return
            with pytest.raises(RemoteError) as raised:
                await model.verify()
            said = str(raised.value)
            assert any(part in said for part in spelt(message, 64)), said
            assert model.verified is None
            assert model.why == said
            assert not model.allows()

    asyncio.run(start())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_at_run_no_fault_of_a_server_becomes_a_score(protocol: Protocol) -> None:
    async def run(fault: str, outcome: Outcome, message: str) -> None:
        liar = Liar()
        async with remote(protocol, liar) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            liar.fault = fault
            with pytest.raises(RemoteError) as raised:
                await model.ask(question)
            assert any(part in str(raised.value) for part in spelt(message, 40)), raised.value
            assert counted == {outcome: 1}
            assert (model.verified is None) == (outcome == "missigned")

    async def run_all() -> None:
        for fault, (outcome, message) in ANSWER_FAULTS.items():
            if protocol == "http" or fault not in JSON_ONLY:
                await run(fault, outcome, message)

    asyncio.run(run_all())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scores_are_the_server_s_row_by_row_and_unknown_values_stay_unknown(protocol: Protocol) -> None:
    values = ROWS.copy()
    values[0, :] = np.nan
    values[1, 3] = np.nan

    async def run() -> None:
        async with remote(protocol, Liar()) as (model, counted):
            await model.verify()
            assert model.allows()
            question = model.question("cards", Features(NAMES, values))
            assert question is not None
            scored = await model.ask(question)
            expected = np.rint(np.nansum(values.astype(np.float32).astype(np.float64), axis=1) * POINT)
            assert np.abs(scored.given - expected).max() <= 1
            assert scored.given[0] == 0
            assert model.verified is not None
            assert scored.digest == model.verified.digest
            assert counted == {"scored": 1}
            shown = Features(NAMES, values[:2])
            assert scored.parts("cards", shown, scored.given[:2]).values.tolist() == [
                [scored.given[0]],
                [scored.given[1]],
            ]
            with pytest.raises(ValueError, match="40 rows were scored, 2 are asked for"):
                scored.scores("cards", shown)

    asyncio.run(run())


def test_both_protocols_name_one_model_by_one_digest_and_another_version_by_another() -> None:
    async def digest(protocol: Protocol, version: str) -> str:
        async with remote(protocol, Liar(version=version), version=None) as (model, _):
            await model.verify()
            assert model.verified is not None
            return model.verified.digest

    async def run() -> None:
        assert await digest("http", "1") == await digest("grpc", "1") != await digest("http", "2")

    asyncio.run(run())


def test_a_server_that_changes_its_version_is_verified_again_before_it_scores() -> None:
    async def run() -> None:
        liar = Liar()
        async with remote("http", liar, version=None) as (model, counted):
            keeper = asyncio.create_task(model.keep_verified())
            before, question = await until_verified(model), model.question("cards", FEATURES)
            assert question is not None
            liar.version = "2"
            with pytest.raises(RemoteError, match="version '2' answered; '1' was agreed"):
                await model.ask(question)
            after = await until_verified(model)
            assert after != before
            fresh = model.question("cards", FEATURES)
            assert fresh is not None
            assert (await model.ask(fresh)).digest == after
            assert counted == {"missigned": 1, "scored": 1}
            keeper.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_slow_server_costs_its_time_and_then_none(protocol: Protocol) -> None:
    async def run() -> None:
        liar = Liar()
        # The clock stands: a machine that stalls would excuse the server.
        async with remote(protocol, liar, most=0.03, clock=lambda: 1.0) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            liar.fault = "slow"
            begin(Budget(None))
            for _ in range(5):
                with pytest.raises(RemoteError, match=r"did not answer"):
                    await model.ask(question)
            assert model.breaker.state() == "open"
            assert not model.allows()
            assert counted["rested"] == 1
            assert counted.total() == 6

    asyncio.run(run())


def test_a_caller_in_a_hurry_takes_half_of_its_time_and_blames_nobody() -> None:
    async def run() -> None:
        liar = Liar()
        async with remote("http", liar) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            liar.fault = "slow"
            loop = asyncio.get_running_loop()
            for _ in range(6):
                budget = Budget(loop.time() + 0.2)
                begin(budget)
                with pytest.raises(RemoteError, match="did not answer in time"):
                    await model.ask(question)
                assert budget.waited > 0
            assert counted == {"hurried": 6}
            assert model.allows()

    asyncio.run(run())


def test_a_server_is_asked_no_more_at_once_than_it_answers_in_time() -> None:
    async def run() -> None:
        liar = Liar()
        async with remote("http", liar, most=0.05, clock=lambda: 1.0) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            most, liar.fault = int(model.window.size), "slow"
            begin(Budget(None))
            asked = [asyncio.create_task(model.ask(question)) for _ in range(most + 3)]
            await asyncio.sleep(0)
            assert not model.allows()
            failures = await asyncio.gather(*asked, return_exceptions=True)
            assert [str(failure) for failure in failures[most:]] == [
                "the model server has all that it can answer in time"
            ] * 3
            assert counted == {"slow": most, "crowded": 4}
            assert model.window.open == 0

    asyncio.run(run())


def saved(model: RemoteModel) -> Hedge:
    """Return when to ask again by what this model took so far, with as many second requests as may be saved up."""
    hedge = Hedge(_seen=model._hedge._seen)
    while hedge._saved < hedge.burst:
        hedge.delay()
    return hedge


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_late_is_asked_a_second_time_and_the_loser_is_left(protocol: Protocol) -> None:
    async def run() -> None:
        liar = Liar()
        async with remote(protocol, liar) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            for _ in range(40):
                await model.ask(question)
            # A busy machine may have been slow before, and have spent what was saved up.
            model._hedge = saved(model)
            before = counted.copy()
            liar.slow_only = {liar.asked + 1}
            await model.ask(question)
            assert counted - before == {"sent": 1, "won": 1, "scored": 1}

    asyncio.run(run())


def test_second_requests_stay_a_small_share_however_slow_the_server_is() -> None:
    async def run() -> None:
        liar = Liar()
        async with remote("http", liar) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            for _ in range(40):
                await model.ask(question)
            liar.fault, liar.slow_seconds = "slow", 0.01
            for _ in range(80):
                await model.ask(question)
            assert 1 <= counted["sent"] <= 0.05 * 121 + 1

    asyncio.run(run())


def test_an_idle_connection_that_the_server_closed_is_no_failure() -> None:
    async def run() -> None:
        liar = Liar()
        async with remote("http", liar) as (model, counted):
            await model.verify()
            question = model.question("cards", FEATURES)
            assert question is not None
            liar.close_after = True
            for _ in range(5):
                await model.ask(question)
            assert counted == {"scored": 5}

    asyncio.run(run())


def test_an_address_of_ipv6_keeps_its_port_apart() -> None:
    assert address_of("::1", 8080) == "[::1]:8080"
    assert address_of("models.internal", 8080) == "models.internal:8080"


def test_a_server_that_is_not_there_is_named_and_found_when_it_comes() -> None:
    async def run() -> None:
        transport = HttpTransport("127.0.0.1", 1)
        model = RemoteModel(transport, "now_playing", None, NAMES, 1.0, count=print, hedged=print, rest=0.01)
        with pytest.raises(RemoteError, match="no connection to the model server: ConnectionRefusedError"):
            await model.verify()
        assert model.question("cards", FEATURES) is None

    asyncio.run(run())
