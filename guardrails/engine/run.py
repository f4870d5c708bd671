"""Run a plan's gates, each within its bounds, so that whatever breaks ends as a Failure."""

import os
from collections.abc import Callable, Mapping, Sequence

from guardrails.engine.plan import Plan
from guardrails.model.change import Stage
from guardrails.model.errors import CannotJudge, PolicyError
from guardrails.model.frozen import replace
from guardrails.model.gate import Context, Gate
from guardrails.model.ports import Executor
from guardrails.model.rule import Failure, Report

MEMORY_BYTES = 6 << 30
_STATIC_SECONDS = {Stage.COMMIT: 30.0, Stage.MERGE: 120.0, Stage.ROLLOUT: 600.0}
_DYNAMIC_SECONDS = 600.0

Result = Report | Failure


def run_plan(plan: Plan, gates: Sequence[Gate], context: Context, executor: Executor) -> Mapping[str, Result]:
    """Return each planned, unskipped and known gate's report, or the failure that kept it from one."""
    wanted = {planned.name for planned in plan.gates if planned.skip_reason is None}
    chosen = [gate for gate in gates if gate.name in wanted]
    jobs = {gate.name: _job(gate, context) for gate in chosen}
    ended = executor.run_all(
        jobs,
        seconds={gate.name: _seconds(gate, plan.stage) for gate in chosen},
        memory_bytes=MEMORY_BYTES,
        alone=frozenset(gate.name for gate in chosen if gate.needs_quiet),
    )
    return {name: _result(one) for name, one in ended.items()}


def _seconds(gate: Gate, stage: Stage) -> float:
    fallback = _DYNAMIC_SECONDS if gate.dynamic else _STATIC_SECONDS[stage]
    return gate.seconds.get(stage, fallback)


def _job(gate: Gate, context: Context) -> Callable[[], Result]:
    def judged() -> Result:
        begun = os.times()
        try:
            return _timed(gate.run(context), begun, os.times())
        except (CannotJudge, PolicyError) as error:
            return Failure(type(error).__name__, str(error))
        except MemoryError:
            return Failure(
                "MemoryError", f"the {gate.name} gate ran out of memory; raise its bound or split the change"
            )
        except Exception as error:  # noqa: BLE001 - the one place where any fault of ours becomes `undecided`
            return Failure(
                "Crash", f"the {gate.name} gate broke: {_where(error)}; this is a fault of the harness"
            )

    return judged


def _timed(report: Report, begun: os.times_result, ended: os.times_result) -> Report:
    """Return the report with the seconds it took, its own children's CPU time included."""
    spent = [after - before for before, after in zip(begun, ended, strict=True)]
    seconds = {"wall seconds": round(spent[4], 3), "CPU seconds": round(sum(spent[:4]), 3)}
    return replace(report, measured={**report.measured, **seconds})


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
    return f"{type(error).__name__}: {error}{place}"


def _result(ended: Result | BaseException) -> Result:
    if isinstance(ended, BaseException):
        return Failure(type(ended).__name__, str(ended))
    return ended
