"""Compares one slot of a message: equal, proved contained, broken with a witness, or unknown.

Witnesses are checked by two validators under both schemas before anyone sees them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.containment import Proof, is_undeclared, is_unspoken
from guardrails.analysis.openapi.schemas.edits import Edit, Edits
from guardrails.analysis.openapi.schemas.lost.branches import Branches
from guardrails.analysis.openapi.schemas.lost.loss import Loss
from guardrails.analysis.openapi.schemas.lost.losses import Losses
from guardrails.analysis.openapi.schemas.lost.written import Written
from guardrails.analysis.openapi.schemas.normal import DEPRECATED, FALSE, UNSENT, WIDENED, Side, Universe
from guardrails.analysis.openapi.schemas.second import agrees
from guardrails.analysis.openapi.schemas.shapes import Conjunction, Shape, leaves
from guardrails.analysis.openapi.schemas.tableau.refutation import Refutation
from guardrails.analysis.openapi.schemas.trials.candidates import Candidates
from guardrails.analysis.openapi.schemas.validators import Compiler, Validators, Witness, standalone
from guardrails.analysis.openapi.values import Json, Node, kind_of, step, texts

BUDGET = 6000
_MOST_WITNESSES = 5
_DEEPEST = 12
_INDEX = re.compile(r"/[0-9]+(?=/|$)")


class Answer(StrEnum):
    """What is known of one slot."""

    SAME = "same"
    SAFE = "safe"
    BREAKING = "breaking"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """The answer on one slot, with the witnesses of a break, one for each place and keyword.

    `narrowed` names keywords that let less through, where nothing else decides.
    `is_meant` tells that the schemas contradict themselves (a `minItems` beside `type: string`),
    and break only when their types include what their keywords speak of.
    """

    answer: Answer
    witnesses: tuple[Witness, ...] = ()
    narrowed: tuple[str, ...] = ()
    is_meant: bool = False


def _foremost(refusals: list[Witness]) -> list[Witness]:
    """Return the first refusal, and with one missing property all that are missing beside it."""
    if not refusals or refusals[0].keyword != "required":
        return refusals[:1]
    return [one for one in refusals if (one.pointer, one.keyword) == (refusals[0].pointer, "required")]


def _kind_of_refusal(one: Witness) -> tuple[str, str, str]:
    return (_INDEX.sub("/*", one.pointer), one.keyword, one.reason if one.keyword == "required" else "")


def _is_going(shape: Shape, name: str) -> bool:
    """Whether clients were told that a property will go."""
    return any(name in texts(node.get(DEPRECATED)) for node in shape.plain)


class Comparison:
    """Compares slots of two documents for one kind of message; what is compared twice is judged once."""

    def __init__(
        self,
        source: Document,
        target: Document,
        *,
        request: bool,
        budget: int = BUDGET,
        meant: bool = False,
        named: bool = False,
        shown: bool = True,
        compiler: Compiler | None = None,
    ) -> None:
        """Take the document whose messages must get through and the one that must take them.

        `named` tells that generated clients write the messages, by names out of the source. Where
        witnesses are not `shown`, the first that one validator finds decides a slot.
        """
        self._most_witnesses = _MOST_WITNESSES if shown else 1
        self._is_shown = shown
        self.are_named = named
        self.source = Universe(source, Side.SOURCE, request=request, meant=meant)
        self.target = Universe(target, Side.TARGET, request=request, meant=meant)
        self._documents = (source, target)
        self._request = request
        self._is_meant = meant
        self._compiler = compiler or Compiler()
        self.sent = Validators(self.source, self._compiler)
        self.taken = Validators(self.target, self._compiler)
        self.proof = Proof(self.source, self.target, self.taken.accepts)
        self.refutation = self._fresh_refutation()
        self.candidates = self._fresh_candidates()
        self._budget = budget
        self._by_target = True
        self._known: dict[tuple[int, int], tuple[Json, Json, Result]] = {}

    def of(self, source: Json, target: Json) -> Result:
        """Return what is known of a source schema of one document against a target schema of the other."""
        key = (id(source), id(target))
        if key not in self._known:
            self._known[key] = (source, target, self._bounded(source, target))
        return self._known[key][2]

    def _fresh_candidates(self) -> Candidates:
        sent, taken = self.sent, self.taken
        return Candidates(self.source, self.target, self.proof, sent.accepts, taken.accepts, taken.reason)

    def _fresh_refutation(self) -> Refutation:
        sides, accepts = (self.source, self.target), (self.sent.accepts, self.taken.accepts)
        return Refutation(sides, accepts, self.proof.same_rest)

    @cached_property
    def _meant(self) -> "Comparison":
        """The same comparison with each type widened to what its keywords speak of."""
        source, target = self._documents
        return Comparison(
            source,
            target,
            request=self._request,
            budget=self._budget,
            meant=True,
            shown=self._is_shown,
            compiler=self._compiler,
        )

    def _bounded(self, source: Json, target: Json) -> Result:
        try:
            return self._judged(source, target)
        except RecursionError:
            self._forget()
            return Result(Answer.UNKNOWN)

    def _forget(self) -> None:
        """Start anew: what was assumed half-way up a chain of references must not count as proved."""
        self.proof = Proof(self.source, self.target, self.taken.accepts)
        self.refutation = self._fresh_refutation()
        self.candidates = self._fresh_candidates()

    def _judged(self, source: Json, target: Json) -> Result:
        result = self._compared(self.source.node(source), self.target.node(target))
        if result.answer in {Answer.SAME, Answer.BREAKING}:
            return result
        if not (self.source.is_mistyped or self.target.is_mistyped):
            return result
        meant = self._meant.of(source, target)
        return replace(meant, is_meant=True) if meant.answer is Answer.BREAKING else result

    def _compared(self, source: Node, target: Node) -> Result:
        if self.proof.same(source, target):
            return Result(Answer.SAME)
        if self.proof.holds((source,), (target,)):
            return Result(Answer.SAFE)
        if not self.sent.can_judge((source,)) or not self.taken.can_judge((target,)):
            return Result(Answer.UNKNOWN)
        witnesses = tuple(self._witnesses(source, target))
        if witnesses:
            return Result(Answer.BREAKING, witnesses)
        found = Edits(self.source, self.target, self.proof).between(source, target)
        narrowed = dict.fromkeys(name for name, edit in found if edit is Edit.NARROWER)
        if self.refutation.holds(source, target) and not (narrowed and self.refutation.is_void(source)):
            return Result(Answer.SAFE)
        return Result(Answer.UNKNOWN, narrowed=tuple(narrowed))

    def losses(self, source: Json, target: Json) -> list[Loss]:
        """Return what clients lose, though every message still fits, or though the schemas are the same."""
        found = Losses(self.source, self.target, self.proof, self._branches, self._breaks)
        try:
            between = list(found.between(self.source.node(source), self.target.node(target)))
            return list(dict.fromkeys((*between, *self._written.losses(source, target))))
        except RecursionError:
            self._forget()
            return []

    @cached_property
    def _written(self) -> Written:
        return Written(*self._documents, self._branches, self._breaks)

    @cached_property
    def _branches(self) -> Branches:
        return Branches(self.source, self.target, self.proof)

    def _breaks(self, source: Json, target: Json) -> bool:
        return self.of(source, target).answer is Answer.BREAKING

    def _witnesses(self, source: Node, target: Node) -> Iterator[Witness]:
        seen: set[tuple[str, str, str]] = set()
        for value in self.candidates.of_slot((source,), (target,), self._budget):
            if self.taken.accepts((target,), value) or self.is_undeclared(value, source, target):
                continue
            refusals = self.taken.refusals((target,), value)
            if self._is_meant:
                refusals = [one for one in refusals if not self._is_ours(one, value, source)]
            new = {key: one for one in _foremost(refusals) if (key := _kind_of_refusal(one)) not in seen}
            if new and (self._is_taken_on_trust or self._is_confirmed(value, source, target)):
                seen.update(new)
                yield from new.values()
            if len(seen) >= self._most_witnesses:
                return

    @property
    def _is_taken_on_trust(self) -> bool:
        """Whether no second validator is asked: types are widened, or nobody will see the value."""
        return self._is_meant or not self._is_shown

    def _is_confirmed(self, value: Json, source: Node, target: Node) -> bool:
        """Whether a second validator agrees that the source sends the value and the target refuses it."""
        return agrees(standalone(self.source, (source,)), value, fits=True) and agrees(
            standalone(self.target, (target,)), value, fits=False
        )

    def _is_ours(self, refusal: Witness, value: Json, source: Node) -> bool:
        """Whether a type is refused that the source lets through only because we widened it."""
        nodes: Conjunction = (source,)
        for token in refusal.pointer.split("/")[1:]:
            shape = Shape(tuple(leaves(self.source, nodes)))
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list):
                nodes, value = shape.of_index(int(name)), value[int(name)]
            elif isinstance(value, dict):
                nodes, value = shape.of_name(name), value.get(name)
        widened = {one for node in leaves(self.source, nodes) for one in texts(node.get(WIDENED))}
        kind = kind_of(value)
        return refusal.keyword == "type" and bool({kind, "number" if kind == "integer" else kind} & widened)

    def names_at(self, pointer: str, source: Json, target: Json) -> tuple[set[str], set[str]]:
        """Return the properties that the source and the target declare at a place in a message."""
        found = []
        for universe, schema in ((self.source, source), (self.target, target)):
            shape = Shape(tuple(leaves(universe, (universe.node(schema),))))
            for token in pointer.split("/")[1:]:
                name = token.replace("~1", "/").replace("~0", "~")
                inner = shape.of_name(name) or (shape.of_index(int(name)) if name.isdecimal() else ())
                shape = Shape(tuple(leaves(universe, inner)))
            found.append({name for name in shape.names() if FALSE not in shape.of_name(name)})
        return found[0], found[1]

    def is_undeclared(self, value: Json, source: Node, target: Node) -> bool:
        """Whether the value uses a name that only the target declares, at a place where the source is open."""
        return self._uses_new((source,), (target,), value, 0)

    def _uses_new(self, source: Conjunction, target: Conjunction, value: Json, depth: int) -> bool:
        if depth > _DEEPEST or not isinstance(value, dict | list):
            return False
        sent = Shape(tuple(leaves(self.source, source)))
        taken = Shape(tuple(leaves(self.target, target, conditions=False)))
        if isinstance(value, list):
            return any(
                self._uses_new(sent.of_index(index), taken.of_index(index), one, depth + 1)
                for index, one in enumerate(value)
            )
        return any(
            (is_unspoken(sent, name) and taken.declares(name))
            or self._uses_new(sent.of_name(name), taken.of_name(name), one, depth + 1)
            for name, one in value.items()
        )

    def forgotten(self, source: Json, target: Json, *, by_target: bool) -> list[str]:
        """Return the places of names that one side's schema declares and the other's no longer does.

        `by_target` asks for names of the source, else names of the target are asked for.
        """
        found: dict[str, None] = {}
        self._by_target = by_target
        try:
            self._walk((self.source.node(source),), (self.target.node(target),), "", found, set())
        except RecursionError:
            self._forget()
        return list(found)

    def _walk(
        self,
        source: Conjunction,
        target: Conjunction,
        pointer: str,
        found: dict[str, None],
        seen: set[tuple[str, str]],
    ) -> None:
        if len(source) == len(target) == 1 and self.proof.same(source[0], target[0]):
            return
        sent, taken = Shape(tuple(leaves(self.source, source))), Shape(tuple(leaves(self.target, target)))
        key = (str(sorted(map(id, sent.plain))), str(sorted(map(id, taken.plain))))
        if key in seen or pointer.count("/") > _DEEPEST:
            return
        seen.add(key)
        one, other = (sent, taken) if self._by_target else (taken, sent)
        for name in one.names():
            if any(node in (FALSE, UNSENT) for node in one.of_name(name)) or _is_going(one, name):
                continue
            if is_undeclared(other, name):
                found[step(pointer, name)] = None
            else:
                self._walk(sent.of_name(name), taken.of_name(name), step(pointer, name), found, seen)
        if sent.of_index(0) and taken.of_index(0):
            self._walk(sent.of_index(0), taken.of_index(0), step(pointer, "0"), found, seen)
