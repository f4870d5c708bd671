"""The least act that shows a failure of head: few steps, and in each only what the fault needs."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Problem
from guardrails.gates.contract.fuzz.acts import Act
from guardrails.gates.contract.fuzz.forbidden import Forbidden
from guardrails.gates.contract.replay.minimal import Steps, joined, least
from guardrails.gates.contract.replay.playing import Answers, Side
from guardrails.gates.contract.replay.scripts.lines import Line, Script
from guardrails.gates.contract.replay.witness import Spent, shortened

_MOST_PLAYS = 80
Failures = Callable[[Act, Answers], Iterator[tuple[int, Problem]]]


class Witnesses:
    """Makes acts small by playing them on one side, a bounded number of times for each."""

    def __init__(self, side: Side, failures: Failures, forbidden: Forbidden) -> None:
        self._side = side
        self._failures = failures
        self._forbidden = forbidden

    def smallest(self, act: Act, index: int, problem: Problem) -> tuple[Act, Answers]:
        """Return the shortest act, its requests the smallest, that shows the problem at its end, and the answers."""
        plays, seen = 0, dict[Steps, Answers]()

        def pay() -> None:
            nonlocal plays
            plays += 1
            if plays > _MOST_PLAYS:
                raise Spent

        def alone(candidate: Act) -> bool:
            pay()
            answers = self._side.play(candidate.script)
            is_shown = self._ends_with(problem, candidate, answers)
            if is_shown:
                seen[candidate.script.steps] = answers
            return is_shown

        places = shortened(act.script.steps, index, lambda kept: alone(act.kept(kept)))
        short = act.kept(places)
        guilty = self._guilty(short, problem)

        def candidate(steps: Steps) -> Act | None:
            made = short.with_steps(steps)
            return made if guilty is None or guilty & self._places(made) else None

        def one(steps: Steps) -> bool:
            made = candidate(steps)
            return made is not None and alone(made)

        def many(scripts: Sequence[Steps]) -> list[bool]:
            made = [candidate(steps) for steps in scripts]
            asked = [one for one in made if one is not None]
            pay()
            shown = iter(self._shown(asked, problem) if asked else ())
            return [one is not None and next(shown) for one in made]

        made = short.with_steps(least(short.script.steps, many, one))
        return made, seen.get(made.script.steps) or self._side.play(made.script)

    def _guilty(self, act: Act, problem: Problem) -> frozenset[str] | None:
        """Return what the last request must go on to break; None where that does not matter."""
        return self._places(act) if problem.rule is rules.LENIENT else None

    def _places(self, act: Act) -> frozenset[str]:
        last = act.script.lines[-1]
        return self._forbidden.places(last.operation, last.step.request)

    def _shown(self, acts: Sequence[Act], problem: Problem) -> list[bool]:
        """Return which of the acts show the problem at their last step, all asked in one state."""
        steps = joined([one.script.steps for one in acts])
        lines = tuple(
            Line(line.operation, step)
            for line, step in zip((line for one in acts for line in one.script.lines), steps, strict=True)
        )
        answers = self._side.play(Script(lines))
        ends = list(accumulate(len(act.script.lines) for act in acts))
        return [
            self._ends_with(problem, act, answers[end - len(act.script.lines) : end])
            for act, end in zip(acts, ends, strict=True)
        ]

    def _ends_with(self, problem: Problem, act: Act, answers: Answers) -> bool:
        last = len(act.script.lines) - 1
        return any(
            index == last and (one.rule, one.cause) == (problem.rule, problem.cause)
            for index, one in self._failures(act, answers)
        )
