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
from guardrails.gates.contract.replay.variants import asides, spellings, texts_in
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.frozen import frozen, replace
from guardrails.model.ports import Request, Step, Use

_MADE_BEFORE = 7
_DEEPEST = 3
_STORY_STEPS = 40
_MOST_STORIES = 12
_BOUND_SHARE = 0.8
_RENEWED_SHARE = 0.4
_NEWEST_SHARE = 0.6
_FURNISHED = 6
_READS = ("get", "head", "query")
# What clients call themselves; curl says its own name where nothing stands.
_CLIENTS = (
    "",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "okhttp/5.1.0",
    "",
    "python-requests/2.32.5",
    "Player/9.4.1 (iPhone; iOS 26.1; Scale/3.00)",
)


@frozen
class Line:
    """One step of a script, and the operation that it asks as `METHOD /path`.

    `about` says what the document forbids in it, where it surely does.
    """

    operation: str
    step: Step
    about: str = ""


@frozen
class Script:
    """Steps that meet one fresh state; `independent` ones do not need those before them.

    Those from `afar` are asked by a client of another address, months later.
    """

    lines: tuple[Line, ...]
    independent: bool = False
    afar: bool = False

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
        made: int = _MADE_BEFORE,
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
        sheet = _Sheet(self._makers, self._resources, chance, made=self._made)
        if operation.method in _READS:  # of a service that holds nothing yet
            sheet.ask(operation, self._makers[label_of(operation)].plain())
        sheet.provide_for(operation)
        if (
            operation.method == "get"
            and not self._resources.is_made(operation)
            and self._made == _MADE_BEFORE
        ):
            sheet.furnish([one for one in self._operations if one.method == "post" and one is not operation])
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
        if self._made == _MADE_BEFORE:
            self._ask_aside(operation, sheet, most)
        return Script(as_clients(sheet.lines), independent=before == 0 and operation.method in _READS)

    def _ask_aside(self, operation: Operation, sheet: "_Sheet", most: int) -> None:
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
            sheet = _Sheet(self._makers, self._resources, chance, made=1, newest=True)
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
        draft = _Sheet(self._makers, self._resources, chance, made=self._made)
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


class _Sheet:
    """The script being written, and the ids that its steps will have made."""

    def __init__(
        self,
        makers: Mapping[str, Maker],
        resources: Resources,
        chance: random.Random,
        *,
        made: int = _MADE_BEFORE,
        newest: bool = False,
    ) -> None:
        self.lines: list[Line] = []
        self._newest = newest
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

    def _ask_and_know(self, operation: Operation, draft: Draft) -> None:
        if self.ask(operation, draft):
            pointers = self._resources.pointers(operation)
            known = self._ids.setdefault(label_of(operation), [])
            known += [(len(self.lines) - 1, pointer) for pointer in pointers]

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
    ) -> bool:
        """Write one step that asks the operation; whether HTTP can carry it and it is not `seen`."""
        bound, uses = self._bound(operation, draft, same)
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
            step, pointer = known[-1] if is_newest else known[self._asked % len(known)]
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
                    (("body", one), named_by(one)) for one in members(node.get("properties")) if named_by(one)
                ]
            elif named_by(name):
                found.append(((place, name), named_by(name)))
        return found


def label_of(operation: Operation) -> str:
    """Return the operation as `METHOD /path`."""
    return f"{operation.method.upper()} {operation.path}"


def as_clients(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines as different clients send them, so that no answer can depend on which program asks."""
    made = []
    for index, line in enumerate(lines):
        name, request = _CLIENTS[index % len(_CLIENTS)], line.step.request
        if name and "user-agent" not in dict(request.headers):
            headers = tuple(sorted([*request.headers, ("user-agent", name)]))
            step = Step(replace(request, headers=headers), line.step.uses)
            line = Line(line.operation, step, line.about)  # noqa: PLW2901
        made.append(line)
    return tuple(made)
