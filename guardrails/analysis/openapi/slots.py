"""Where in two documents a difference stands, and the differences that one schema slot yields."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from guardrails.analysis.openapi.difference import Difference, Direction, Level, Proof
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.parameters import is_read
from guardrails.analysis.openapi.schemas.lost.loss import Loss
from guardrails.analysis.openapi.schemas.search import Answer, Comparison
from guardrails.analysis.openapi.schemas.validators import Witness
from guardrails.analysis.openapi.values import Json, step

_MISSING = re.compile(r'(".*") is a required property')


@dataclass(frozen=True, slots=True)
class Place:
    """One operation in both documents."""

    base: Operation
    head: Operation

    @property
    def label(self) -> str:
        """Return the operation as a reader names it."""
        return f"{self.base.method.upper()} {ascii(self.base.path)[1:-1]}"

    def difference(
        self,
        level: Level,
        rule: str,
        direction: Direction,
        message: str,
        pointer: str,
        *,
        inner: str = "",
        witness: Proof | None = None,
    ) -> Difference:
        """Return a difference of this operation."""
        method = self.base.method.upper()
        return Difference(
            level, rule, method, self.base.path, pointer, direction, message, inner=inner, witness=witness
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """One schema slot: where it is, how a reader names it, and who sends what fills it.

    `is_text` tells that its parts go over the wire as text, as those of a form do.
    """

    place: Place
    direction: Direction
    label: str
    pointer: str
    proof_place: str
    client_sends: bool
    is_text: bool = False

    def differences(self, base: Json, head: Json, comparison: Comparison) -> Iterator[Difference]:
        """Yield the differences between base's and head's schema."""
        source, target = (base, head) if self.client_sends else (head, base)
        result = comparison.of(source, target)
        if result.answer is Answer.SAME:
            yield from self._lost(source, target, comparison)
            return
        witnesses = [
            one
            for one in result.witnesses
            if not self.is_text or result.is_meant or not is_read(one.value, source, target, comparison)
        ]
        for witness in witnesses:
            message = (
                f"{self.label}{self._at(witness.pointer)}: {self._told(witness, source, target, comparison)}"
            )
            proof = None if result.is_meant else Proof(self.proof_place, witness.value)
            made = self._made(Level.BREAKING, witness.keyword, message, witness.pointer, proof)
            yield replace(made, lacks=_lacking(witness))
        forgotten = comparison.forgotten(source, target, by_target=self.client_sends)
        yield from self._undeclared(forgotten, witnesses)
        if result.narrowed:
            which = ", ".join(result.narrowed)
            message = f"{self.label}: {which} lets less through than base promised"
            yield self._made(Level.BREAKING, "narrowed", message)
        elif result.answer is Answer.UNKNOWN:
            message = f"{self.label} changed, and no rule or witness tells whether that breaks"
            yield self._made(Level.UNKNOWN, "schema", message)
            yield from self._lost(source, target, comparison)
        elif not witnesses:
            lost = list(self._lost(source, target, comparison))
            yield from lost
            if not lost and not forgotten:
                yield self._made(Level.SAFE, "schema", f"{self.label} changed and keeps what base promised")

    def _undeclared(self, forgotten: Sequence[str], witnesses: Sequence[Witness]) -> Iterator[Difference]:
        """Yield the properties that head no longer declares, but for those of which more is said."""
        missed = {step(one.pointer, name) for one in witnesses if (name := _lacking(one)) is not None}
        for pointer in forgotten:
            if pointer not in missed:
                message = f"{self.label}: head no longer declares {pointer!a}"
                yield self._made(Level.UNKNOWN, "property-removed", message, pointer)

    def _told(self, witness: Witness, source: Json, target: Json, comparison: Comparison) -> str:
        """Return what the witness shows, a missing property by what became of it."""
        name = _lacking(witness)
        if name is None:
            who = (
                "head refuses what base took"
                if self.client_sends
                else "head may send what base never promised"
            )
            return f"{who}: {_shortened(witness.reason)}"
        sent, taken = comparison.names_at(witness.pointer, source, target)
        base, head = (sent, taken) if self.client_sends else (taken, sent)
        gone, new = sorted(base - head), sorted(head - base)
        renamed = len(gone) == len(new) == 1 and name in {*gone, *new}
        if self.client_sends:
            told = "base did not have" if name not in base else "base let be left out"
            return f"head wants {name!a}, which {told}" + (
                f"; perhaps {gone[0]!a} was renamed" if renamed else ""
            )
        if name in head:
            return f"head may leave out {name!a}, which base always sent"
        return f"head removed {name!a}" + (f" and added {new[0]!a}; perhaps renamed" if renamed else "")

    def _lost(self, source: Json, target: Json, comparison: Comparison) -> Iterator[Difference]:
        """Yield what clients generated from base lose, though every message still fits."""
        for loss in comparison.losses(source, target):
            if loss.is_read or self._is_requested:
                yield self.of_loss(loss)

    def of_loss(self, loss: Loss) -> Difference:
        """Return the difference that a loss makes here."""
        message = f"{self.label}{self._at(loss.pointer)}: {loss.sentence}"
        return self._made(loss.level, loss.rule, message, loss.pointer)

    @property
    def _is_requested(self) -> bool:
        """Whether clients write the message, by names out of base's document."""
        return self.client_sends and self.direction is Direction.REQUEST

    def _at(self, pointer: str) -> str:
        return f" at {ascii(pointer)[1:-1]}" if pointer else ""

    def _made(
        self, level: Level, rule: str, message: str, inner: str = "", witness: Proof | None = None
    ) -> Difference:
        return self.place.difference(
            level, rule, self.direction, message, self.pointer, inner=inner, witness=witness
        )


def _lacking(witness: Witness) -> str | None:
    """Return the name of the property that the value must have and has not."""
    found = _MISSING.fullmatch(witness.reason) if witness.keyword == "required" else None
    if found is None:
        return None
    try:
        return str(json.loads(found[1]))
    except ValueError:
        return found[1][1:-1]


def _shortened(reason: str) -> str:
    text = ascii(reason)[1:-1]
    return text if len(text) <= 160 else f"{text[:157]}..."  # noqa: PLR2004 - a line that still reads
