"""The sheet on which a script is written: the steps so far, and the ids that they will have made."""

import random
from collections.abc import Mapping, Sequence

from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import members
from guardrails.gates.contract.replay.making import Draft, Maker
from guardrails.gates.contract.replay.resources import Resources, Source, resource_of
from guardrails.gates.contract.replay.scripts.lines import Line, label_of
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.ports import Request, Step, Use

MADE_BEFORE = 7
_DEEPEST = 3
_BOUND_SHARE = 0.8
_NEWEST_SHARE = 0.6
_FURNISHED = 6
_PAGES = 2


class Sheet:
    """The script being written, and the ids that its steps will have made."""

    def __init__(
        self,
        makers: Mapping[str, Maker],
        resources: Resources,
        chance: random.Random,
        *,
        made: int = MADE_BEFORE,
        newest: bool = False,
    ) -> None:
        self.lines: list[Line] = []
        self._newest = newest
        self._place = -1  # of the newest that was made
        self._made = made
        self._unbound = 0
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
                for turn in range(self._made):
                    self._make(source, 0, turn)

    def _provide(self, name: str, beside: str, depth: int) -> None:
        source = self._resources.source(name, beside)
        if source is None or label_of(source.operation) in self._ids or depth > _DEEPEST:
            return
        if source.operation.method != "post":
            # What is only listed was made by operations that do not say so.
            makers = [one.operation for one in self._makers.values() if one.operation.method == "post"]
            self.furnish([one for one in makers if not one.path.startswith(f"{source.operation.path}/")])
        for turn in range(self._made if source.operation.method == "post" else 1):
            self._make(source, depth, turn)

    def _make(self, source: Source, depth: int, turn: int) -> None:
        label = label_of(source.operation)
        if len(self._ids.get(label, ())) >= 2 * self._made:
            return
        for _, name in self._needs(source.operation):
            inner = self._resources.source(name, source.operation.path)
            if inner is not None and inner.operation is not source.operation:
                self._provide(name, source.operation.path, depth + 1)
        maker = self._makers[label]
        draft = maker.plain() if turn == 0 else maker.mixed(self._chance)
        self._ask_and_know(source.operation, draft)

    def furnish(self, operations: Sequence[Operation]) -> None:
        """Write steps that fill the service: every operation that makes something, a few times, on what is newest."""
        usual, self._newest = self._newest, True
        for turn in range(min(_FURNISHED, self._made)):
            deep = [one for one in operations if "{" in one.path]
            # Twice, since the second of two may have to come before the first.
            for operation in (*(one for one in operations if one not in deep), *deep, *deep):
                maker = self._makers[label_of(operation)]
                self._ask_and_know(operation, maker.plain() if turn == 0 else maker.mixed(self._chance))
        self._newest = usual

    def furnish_one(self, source: Source) -> None:
        """Write the steps that make one resource and what it needs, all of them plain."""
        for _, name in self._needs(source.operation):
            inner = self._resources.source(name, source.operation.path)
            if (
                inner is not None
                and inner.operation is not source.operation
                and inner.operation.method == "post"
            ):
                self._ask_and_know(inner.operation, self._makers[label_of(inner.operation)].plain())
        self._ask_and_know(source.operation, self._makers[label_of(source.operation)].plain())

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

    def disturb(self, operations: Sequence[tuple[Source, Operation]], most: int) -> None:
        """Write at most so many steps that change or take away some of what was made, each another one."""
        usual, self._newest = self._newest, True
        made = [one for one in operations if self._ids.get(label_of(one[0].operation))]
        for turn, (source, operation) in enumerate(made[:most]):
            self._place = (2 + turn) % len(self._ids[label_of(source.operation)])
            self.ask(operation, self._makers[label_of(operation)].plain())
        self._newest, self._place = usual, -1

    def repeat(self, operation: Operation, items: Sequence[Operation]) -> None:
        """Write that something is made, changed or taken away, and made again word for word."""
        usual, self._newest = self._newest, True
        for item in items:
            if self._ask_and_know(operation, self._makers[label_of(operation)].mixed(self._chance)):
                made = self.lines[-1]
                if self.ask(item, self._makers[label_of(item)].plain()):
                    self.lines.append(made)
        self._newest = usual

    def echo(self, operation: Operation) -> None:
        """Write requests whose parts repeat what an earlier answer told: cursors, moments, amounts."""
        maker = self._makers[label_of(operation)]
        plain = maker.small() if operation.method == "get" else maker.plain()
        for place, name, pointer in self._resources.echoes(operation, maker.schemas):
            known = self._ids.get(label_of(operation))
            if known and place == "body":
                self.ask(operation, plain, echo=(place, name, Use("", known[0][0], pointer)))
            elif place == "query" and self.ask(operation, plain):
                for _ in range(_PAGES):
                    self.ask(operation, plain, echo=(place, name, Use("", len(self.lines) - 1, pointer)))

    def _ask_and_know(self, operation: Operation, draft: Draft) -> bool:
        is_asked = self.ask(operation, draft)
        if is_asked:
            pointers = self._resources.pointers(operation)
            known = self._ids.setdefault(label_of(operation), [])
            known += [(len(self.lines) - 1, pointer) for pointer in pointers]
        return is_asked

    def look_around(self, operation: Operation) -> None:
        """Write the reads of what the last step may have changed, by the ids that it used itself."""
        last = self.lines[-1].step
        for maker in self._makers.values():
            near = maker.operation.path
            if maker.operation.method == "get" and (
                near == operation.path or operation.path.startswith(f"{near}/")
            ):
                self.ask(maker.operation, maker.plain(), same=last)

    def ask(
        self,
        operation: Operation,
        draft: Draft,
        seen: set[tuple[Request, tuple[Use, ...]]] | None = None,
        same: Step | None = None,
        echo: tuple[str, str, Use] | None = None,
    ) -> bool:
        """Write one step that asks the operation; whether HTTP can carry it and it is not `seen`."""
        bound, uses = self._bound(operation, draft, same)
        if echo:
            bound, uses = _echoing(bound, uses, echo)
        request = self._makers[label_of(operation)].request(bound)
        if request is None or (seen is not None and (request, uses) in seen):
            return False
        if seen is not None:
            seen.add((request, uses))
        self.lines.append(Line(label_of(operation), Step(request, uses), draft.about))
        return True

    def _bound(self, operation: Operation, draft: Draft, same: Step | None) -> tuple[Draft, tuple[Use, ...]]:
        parts = dict(draft.parts)
        uses: list[Use] = []
        for (place, name), resource in self._needs(operation):
            source = self._resources.source(resource, operation.path)
            known = self._ids.get(label_of(source.operation), []) if source else []
            # What breaks one bound must break nothing else, or the service refuses it for that.
            strays = not (self._newest or draft.about) and self._chance.random() > _BOUND_SHARE
            if not known or strays:
                if (
                    known and place == "path" and not draft.about
                ):  # what no step made: a magic word, or one that is nowhere
                    self._unbound += 1
                    parts[(place, name)] = self._makers[label_of(operation)].part(
                        (place, name), self._unbound
                    )
                continue
            self._asked += 1
            used = [use for use in (same.uses if same else ()) if (use.step, use.pointer) in known]
            is_newest = self._newest or self._chance.random() < _NEWEST_SHARE
            step, pointer = known[self._place] if is_newest else known[self._asked % len(known)]
            if used:
                step, pointer = used[0].step, used[0].pointer
            mark = f"{PLACEHOLDER}{len(uses)}x"
            if place != "body":
                parts[(place, name)] = mark
            else:
                body = parts.get(("body", ""))
                if not isinstance(body, dict) or name not in body:
                    continue
                parts[("body", "")] = {**body, name: [mark] if isinstance(body[name], list) else mark}
            uses.append(Use(mark, step, pointer))
        return Draft(parts, draft.raw, draft.about), tuple(uses)

    def _needs(self, operation: Operation) -> list[tuple[tuple[str, str], str]]:
        """Return the parts that are ids, each with the resource whose id it is."""
        found = []
        for (place, name), schema in self._makers[label_of(operation)].schemas.items():
            if place == "path":
                found.append(((place, name), resource_of(operation.path, name)))
            elif place == "body":
                node = operation.document.resolved(schema)
                found += [
                    (("body", one), resource)
                    for one, inner in members(node.get("properties")).items()
                    if (resource := self._resources.named(one, inner))
                ]
            elif resource := self._resources.named(name, schema):
                found.append(((place, name), resource))
        return found


def _echoing(
    draft: Draft, uses: tuple[Use, ...], echo: tuple[str, str, Use]
) -> tuple[Draft, tuple[Use, ...]]:
    """Return the draft with one part taken from an answer, instead of what it was bound to before."""
    place, name, use = echo
    parts, mark = dict(draft.parts), f"{PLACEHOLDER}echo"
    body = parts.get(("body", ""))
    if place == "query":
        parts[(place, name)] = mark
    elif isinstance(body, dict):
        parts[("body", "")] = {**body, name: mark}
    return Draft(parts, draft.raw, draft.about), (*uses, Use(mark, use.step, use.pointer))
