"""Scripts: requests in an order that gives them something to work on, made once and played many times.

Each touched operation has a script that first makes what the operation needs and then asks it in
many ways. Stories mix all operations, since what one of them writes another one reads.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json, members
from guardrails.gates.contract.replay.making import Draft, Maker
from guardrails.gates.contract.replay.resources import Resources, Source, named_by, resource_of
from guardrails.gates.contract.replay.values import Values
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request, Step, Use

_MADE_BEFORE = 7
_DEEPEST = 3
_STORY_STEPS = 40
_MOST_STORIES = 12
_BOUND_SHARE = 0.9
_RENEWED_SHARE = 0.4
_NEWEST_SHARE = 0.6
_FURNISHED = 6
_READS = ("get", "head", "query")


@frozen
class Line:
    """One step of a script, and the operation that it asks as `METHOD /path`."""

    operation: str
    step: Step


@frozen
class Script:
    """Steps that meet one fresh state; `independent` ones do not need those before them."""

    lines: tuple[Line, ...]
    independent: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps alone."""
        return tuple(line.step for line in self.lines)


class Writer:
    """Writes the scripts of one document, the same ones for the same seed."""

    def __init__(
        self,
        document: Document,
        operations: Sequence[Operation],
        seed: int,
        *,
        words: Sequence[Json] = (),
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self._operations = tuple(operations)
        self._resources = Resources(document, self._operations)
        values = Values(document, words)
        self._makers = {label_of(one): Maker(one, values, fixed or {}) for one in operations}
        self._seed = seed

    def scripts(self, touched: Sequence[Operation], most: int) -> list[Script]:
        """Return scripts of about `most` requests to the touched operations, stories among them."""
        if not touched:
            return []
        stories = min(_MOST_STORIES, max(1, most // 5 // _STORY_STEPS))
        share = max(8, (most - stories * _STORY_STEPS) // len(touched))
        made = [self._of_operation(one, share) for one in touched]
        return [
            *(one for one in made if one.lines),
            *(self._story(index, touched) for index in range(stories)),
        ]

    def _of_operation(self, operation: Operation, most: int) -> Script:
        chance = random.Random(f"{self._seed} {label_of(operation)}")  # noqa: S311 - it must be repeatable
        sheet = _Sheet(self._makers, self._resources, chance)
        sheet.provide_for(operation)
        if operation.method == "get" and not sheet.lines:
            sheet.furnish([one for one in self._operations if one.method == "post" and one is not operation])
        before = len(sheet.lines)
        seen: set[tuple[Request, tuple[Use, ...]]] = set()
        for drafted in self._some(operation, chance, most):
            if before and chance.random() < _RENEWED_SHARE:
                sheet.renew(operation)
            sheet.ask(operation, drafted, seen)
            if operation.method not in _READS and before:
                sheet.look_around(operation)
            if len(sheet.lines) - before >= most:
                break
        return Script(tuple(sheet.lines), independent=before == 0 and operation.method in _READS)

    def _some(self, operation: Operation, chance: random.Random, most: int) -> Iterator[Draft]:
        drafts = self._makers[label_of(operation)].drafts(chance)
        for _, one in zip(range(most * 3), drafts, strict=False):
            yield one

    def _story(self, index: int, touched: Sequence[Operation]) -> Script:
        chance = random.Random(f"{self._seed} story {index}")  # noqa: S311 - it must be repeatable
        draft = _Sheet(self._makers, self._resources, chance)
        for operation in touched:
            draft.provide_for(operation)
        draft.furnish([one for one in self._operations if one.method == "post"])
        while len(draft.lines) < 2 * _STORY_STEPS + len(touched):
            operation = chance.choice(touched if chance.random() < 0.5 else self._operations)  # noqa: PLR2004 - half
            maker = self._makers[label_of(operation)]
            draft.ask(operation, maker.mixed(chance) if chance.random() < 0.7 else maker.plain())  # noqa: PLR2004 - most
            if operation.method not in _READS:
                draft.look_around(operation)
        for operation in self._operations:
            if operation.method == "get":
                draft.ask(operation, self._makers[label_of(operation)].plain())
        return Script(tuple(draft.lines))


class _Sheet:
    """The script being written, and the ids that its steps will have made."""

    def __init__(self, makers: Mapping[str, Maker], resources: Resources, chance: random.Random) -> None:
        self.lines: list[Line] = []
        self._makers = makers
        self._resources = resources
        self._chance = chance
        self._ids: dict[str, list[tuple[int, str]]] = {}
        self._asked = 0

    def provide_for(self, operation: Operation) -> None:
        """Write the steps that make what the operation needs, and what it reads."""
        for _, name in self._needs(operation):
            self._provide(name, operation.path, 0)
        if operation.method != "post" or operation.path.endswith("}"):
            for source in self._resources.filling(operation)[:3]:
                for turn in range(_MADE_BEFORE):
                    self._make(source, 0, turn)

    def _provide(self, name: str, beside: str, depth: int) -> None:
        source = self._resources.source(name, beside)
        if source is None or label_of(source.operation) in self._ids or depth > _DEEPEST:
            return
        for turn in range(_MADE_BEFORE if source.operation.method == "post" else 1):
            self._make(source, depth, turn)

    def _make(self, source: Source, depth: int, turn: int) -> None:
        label = label_of(source.operation)
        if len(self._ids.get(label, ())) >= 2 * _MADE_BEFORE:
            return
        for _, name in self._needs(source.operation):
            inner = self._resources.source(name, source.operation.path)
            if inner is not None and inner.operation is not source.operation:
                self._provide(name, source.operation.path, depth + 1)
        maker = self._makers[label]
        draft = maker.plain() if turn == 0 else maker.mixed(self._chance)
        self._ask_and_know(source.operation, draft)

    def furnish(self, operations: Sequence[Operation]) -> None:
        """Write steps that fill the service: every operation that makes something, a few times."""
        for turn in range(_FURNISHED):
            for operation in sorted(operations, key=lambda one: one.path.count("/")):
                maker = self._makers[label_of(operation)]
                self._ask_and_know(operation, maker.plain() if turn == 0 else maker.mixed(self._chance))

    def renew(self, operation: Operation) -> None:
        """Write the steps that make a new one of everything that the operation needs and reads."""
        sources = [self._resources.source(name, operation.path) for _, name in self._needs(operation)]
        sources += self._resources.filling(operation)[:1] if operation.method != "post" else []
        for source in {label_of(one.operation): one for one in sources if one}.values():
            if source.operation.method != "post":
                continue
            if source.operation is not operation:
                for _, name in self._needs(source.operation):
                    inner = self._resources.source(name, source.operation.path)
                    if inner and inner.operation.method == "post" and self._chance.random() < _NEWEST_SHARE:
                        self._ask_and_know(
                            inner.operation, self._makers[label_of(inner.operation)].mixed(self._chance)
                        )
                self._ask_and_know(
                    source.operation, self._makers[label_of(source.operation)].mixed(self._chance)
                )

    def _ask_and_know(self, operation: Operation, draft: Draft) -> None:
        if self.ask(operation, draft):
            pointers = self._resources.pointers(operation)
            known = self._ids.setdefault(label_of(operation), [])
            known += [(len(self.lines) - 1, pointer) for pointer in pointers]

    def look_around(self, operation: Operation) -> None:
        """Write the reads of what the operation may have changed."""
        for label, maker in self._makers.items():
            near = maker.operation.path
            if maker.operation.method == "get" and (
                near == operation.path or operation.path.startswith(f"{near}/")
            ):
                self.ask(maker.operation, self._makers[label].plain())

    def ask(
        self, operation: Operation, draft: Draft, seen: set[tuple[Request, tuple[Use, ...]]] | None = None
    ) -> bool:
        """Write one step that asks the operation; whether HTTP can carry it and it is not `seen`."""
        bound, uses = self._bound(operation, draft)
        request = self._makers[label_of(operation)].request(bound)
        if request is None or (seen is not None and (request, uses) in seen):
            return False
        if seen is not None:
            seen.add((request, uses))
        self.lines.append(Line(label_of(operation), Step(request, uses)))
        return True

    def _bound(self, operation: Operation, draft: Draft) -> tuple[Draft, tuple[Use, ...]]:
        parts = dict(draft.parts)
        uses: list[Use] = []
        for (place, name), resource in self._needs(operation):
            source = self._resources.source(resource, operation.path)
            known = self._ids.get(label_of(source.operation), []) if source else []
            if not known or self._chance.random() > _BOUND_SHARE:
                continue
            self._asked += 1
            is_newest = self._chance.random() < _NEWEST_SHARE
            step, pointer = known[-1] if is_newest else known[self._asked % len(known)]
            mark = f"guardrailsuse{len(uses)}x"
            if place != "body":
                parts[(place, name)] = mark
            else:
                body = parts.get(("body", ""))
                if not isinstance(body, dict) or name not in body:
                    continue
                parts[("body", "")] = {**body, name: [mark] if isinstance(body[name], list) else mark}
            uses.append(Use(mark, step, pointer))
        return Draft(parts, draft.raw), tuple(uses)

    def _needs(self, operation: Operation) -> list[tuple[tuple[str, str], str]]:
        """Return the parts that are ids, each with the resource whose id it is."""
        found = []
        for (place, name), schema in self._makers[label_of(operation)].schemas.items():
            if place == "path":
                found.append(((place, name), resource_of(operation.path, name)))
            elif place == "body":
                node = operation.document.resolved(schema)
                found += [
                    (("body", one), named_by(one)) for one in members(node.get("properties")) if named_by(one)
                ]
            elif named_by(name):
                found.append(((place, name), named_by(name)))
        return found


def label_of(operation: Operation) -> str:
    """Return the operation as `METHOD /path`."""
    return f"{operation.method.upper()} {operation.path}"
