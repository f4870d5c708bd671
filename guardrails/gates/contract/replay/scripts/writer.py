"""Writes scripts of one document, the same ones for the same seed.

Each touched operation has a script that first makes what the operation needs and then asks it in
many ways. Stories mix all operations, since what one of them writes another one reads.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json
from guardrails.gates.contract.replay.making import Draft, Maker
from guardrails.gates.contract.replay.resources import Resources, Source, resource_of
from guardrails.gates.contract.replay.scripts.lines import Line, Script, as_clients, label_of
from guardrails.gates.contract.replay.scripts.sheets import MADE_BEFORE, Sheet
from guardrails.gates.contract.replay.values import Values
from guardrails.gates.contract.replay.variants import asides, spellings, texts_in
from guardrails.model.ports import Request, Step, Use

_STORY_STEPS = 40
_MOST_STORIES = 12
_RENEWED_SHARE = 0.4
_ROOM = 60  # requests to one operation that leave some for how it meets others
_ROOM_OF_ITEM = 30
_MOST_ITEMS = 6
_READS = ("get", "head", "query")


class Writer:
    """Writes the scripts of one document, the same ones for the same seed."""

    def __init__(
        self,
        document: Document,
        operations: Sequence[Operation],
        seed: int,
        *,
        words: Sequence[Json] = (),
        made: int = MADE_BEFORE,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self._operations = tuple(operations)
        self._resources = Resources(document, self._operations)
        values = Values(document, words)
        self._makers = {label_of(one): Maker(one, values, fixed or {}) for one in operations}
        self._seed = seed
        self._made = made

    def scripts(self, touched: Sequence[Operation], most: int) -> list[Script]:
        """Return scripts of about `most` requests to the touched operations, stories among them."""
        if not touched:
            return []
        stories = min(_MOST_STORIES, max(1, most // 5 // _STORY_STEPS)) if most >= _STORY_STEPS else 0
        share = max(4, (most - stories * _STORY_STEPS) // len(touched))
        return [*self.single(touched, share), *self.stories(stories, touched)]

    def single(self, touched: Sequence[Operation], share: int) -> list[Script]:
        """Return a script of about `share` requests to each operation."""
        made = [self._of_operation(one, share) for one in touched]
        return [one for one in made if one.lines]

    def stories(self, number: int, touched: Sequence[Operation]) -> list[Script]:
        """Return scripts that mix all operations, half of their requests to the touched ones."""
        return [self._story(index, touched) for index in range(number)]

    def _of_operation(self, operation: Operation, most: int) -> Script:
        chance = random.Random(f"{self._seed} {label_of(operation)}")  # noqa: S311 - it must be repeatable
        sheet = Sheet(self._makers, self._resources, chance, made=self._made)
        if operation.method in _READS:  # of a service that holds nothing yet
            sheet.ask(operation, self._makers[label_of(operation)].plain())
        sheet.provide_for(operation)
        if operation.method == "get" and not self._resources.is_made(operation) and self._made == MADE_BEFORE:
            sheet.furnish([one for one in self._operations if one.method == "post" and one is not operation])
        if most >= _ROOM and self._made == MADE_BEFORE:
            self._relate(operation, sheet, min(_MOST_ITEMS, most // _ROOM_OF_ITEM))
        before = len(sheet.lines) - (operation.method in _READS)
        seen: set[tuple[Request, tuple[Use, ...]]] = set()
        for drafted in self._some(operation, chance, most):
            if before and chance.random() < _RENEWED_SHARE:
                sheet.renew(operation)
            sheet.ask(operation, drafted, seen)
            if operation.method not in _READS and before:
                sheet.look_around(operation)
            if len(sheet.lines) - before // 2 >= most:
                break
        if self._made == MADE_BEFORE:
            self._ask_aside(operation, sheet, most)
        return Script(as_clients(sheet.lines), independent=before == 0 and operation.method in _READS)

    def _relate(self, operation: Operation, sheet: Sheet, most: int) -> None:
        """Write what one request has to do with another: what is changed, made again, or goes on from an answer."""
        items = self._resources.items()
        if operation.method == "get":
            sheet.disturb(items, most)
        own = [one for source, one in items if source.operation is operation]
        sheet.repeat(operation, own[:most] * 2)
        sheet.echo(operation)

    def _ask_aside(self, operation: Operation, sheet: Sheet, most: int) -> None:
        """Write what no document tells to ask: other spellings of what was sent, other methods and headers."""
        maker = self._makers[label_of(operation)]
        sent = spellings(texts_in([line.step.request.body for line in sheet.lines]))
        for _, draft in zip(range(most // 2), maker.echoes(sent), strict=False):
            sheet.ask(operation, draft)
        if sheet.ask(operation, maker.bare()):
            last = sheet.lines[-1]
            sheet.lines += [
                Line(last.operation, Step(one, last.step.uses))
                for one in asides(operation, last.step.request)
            ]

    def lifecycles(self, touched: Sequence[Operation]) -> list[Script]:
        """Return scripts that make a resource, read, change and delete it, and read it again."""
        labels = {label_of(one) for one in touched}
        made: list[Script] = []
        for source in self._resources.makers():
            own = [one for one in self._operations if self._is_item(one, source)]
            if not labels & {label_of(one) for one in (source.operation, *own)}:
                continue
            chance = random.Random(self._seed)  # noqa: S311 - it must be repeatable
            sheet = Sheet(self._makers, self._resources, chance, made=1, newest=True)
            sheet.furnish_one(source)
            by_method = {one.method: one for one in own if one.path.endswith("}")}
            for method in ("get", "patch", "put", "get", "delete", "get", "delete"):
                if method in by_method:
                    sheet.ask(by_method[method], self._makers[label_of(by_method[method])].plain())
            made.append(Script(as_clients(sheet.lines)))
        return made

    def _is_item(self, operation: Operation, source: Source) -> bool:
        names = [name for place, name in self._makers[label_of(operation)].schemas if place == "path"]
        found = [self._resources.source(resource_of(operation.path, name), operation.path) for name in names]
        return bool(found) and found[-1] is not None and found[-1].operation is source.operation

    def _some(self, operation: Operation, chance: random.Random, most: int) -> Iterator[Draft]:
        drafts = self._makers[label_of(operation)].drafts(chance)
        for _, one in zip(range(most * 3), drafts, strict=False):
            yield one

    def _story(self, index: int, touched: Sequence[Operation]) -> Script:
        chance = random.Random(f"{self._seed} story {index}")  # noqa: S311 - it must be repeatable
        draft = Sheet(self._makers, self._resources, chance, made=self._made)
        for operation in touched:
            draft.provide_for(operation)
        draft.furnish([one for one in self._operations if one.method == "post"])
        before = len(draft.lines)
        while len(draft.lines) < _STORY_STEPS + before:
            operation = chance.choice(touched if chance.random() < 0.5 else self._operations)  # noqa: PLR2004 - half
            maker = self._makers[label_of(operation)]
            draft.ask(operation, maker.mixed(chance) if chance.random() < 0.7 else maker.plain())  # noqa: PLR2004 - most
            if operation.method not in _READS:
                draft.look_around(operation)
        for operation in self._operations:
            if operation.method == "get":
                draft.ask(operation, self._makers[label_of(operation)].plain())
        # Who asks, from where and when, must not change what head does unless base does the same.
        return Script(as_clients(draft.lines), afar=index % 2 == 0)
