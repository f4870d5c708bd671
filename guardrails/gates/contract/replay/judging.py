"""Plays base's scripts on base and on head, and reports what only head answers so.

Where they differ, base is played again with other ids and hashes to learn what moves by itself. What is left is
played a second time on both, so that what happened once by chance is not held against head.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.analysis.openapi.values import Json
from guardrails.analysis.replay.difference import Difference, Kind, differences
from guardrails.analysis.replay.noise import Ignored, Noise
from guardrails.gates.contract import rules
from guardrails.gates.contract.consumers import Consumers
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.replay.minimal import Steps, joined, least
from guardrails.gates.contract.replay.playing import Answers, Remembered, Side
from guardrails.gates.contract.replay.reach import Reach
from guardrails.gates.contract.replay.scripts.lines import Line, Script
from guardrails.gates.contract.replay.scripts.writer import Writer
from guardrails.gates.contract.replay.stored import stored_scripts
from guardrails.gates.contract.replay.witness import Spent, chosen, shortened, witness_of
from guardrails.gates.contract.replay.words import words_of
from guardrails.gates.contract.settings import Settings
from guardrails.model.finding import Finding
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Silence, Step

_MOST_WORK = 6000  # requests, and forty for each play, that all witnesses together may cost
_MOST_OF_ONE = 3000
_PLAY = 40
_NOT_ASKED = "not asked"
_FROM_AFAR = " to a client of another address, asked months later"


@frozen
class Replayed:
    """What replaying one service gave."""

    findings: tuple[Finding, ...]
    fact: str


@frozen
class Seen:
    """One difference of one step of one script."""

    script: Script
    index: int
    difference: Difference

    @property
    def operation(self) -> str:
        """The operation that answered differently."""
        return self.script.lines[self.index].operation

    @property
    def cluster(self) -> tuple[str, str, str]:
        """What it is reported with: operation, place and kind."""
        return (self.operation, self.difference.place, self.difference.kind)

    @property
    def size(self) -> tuple[bool, int, int, int]:
        """Order of witnesses: what curl can ask first, then few steps, then small requests."""
        request = self.script.lines[self.index].step.request
        return (
            self.script.afar,
            len(self.script.lines[self.index].step.uses),
            len(request.path) + len(request.body),
            self.index,
        )


class Replay:
    """One service's replays, on sides that others use as well."""

    def __init__(
        self,
        context: Context,
        service: Service,
        base: Document,
        head: Document,
        sides: tuple[Side, Side],
        consumers: Consumers,
    ) -> None:
        self._consumers = consumers
        self.context = context
        self.service = service
        self.settings = context.policy.settings_for("contract", Settings)
        self.sides = self._base, self._head = sides
        self.known = Remembered(context, service, self._base)
        still_there = {one.key for one in operations_of(head)}
        self.operations = [one for one in operations_of(base) if one.kind == "path"]
        self.document = base
        self.common = [one for one in self.operations if one.key in still_there]
        self._work, self._left = _MOST_WORK, 0
        self._noise = Noise(Ignored(one.place, one.reason, one.operation) for one in self.settings.ignore)

    def result(self, reach: Reach, most: int) -> Replayed:
        """Return what head answers differently to what base's document allows and forbids."""
        name = self.service.name
        touched = [one for one in self.common if reach.has(one)]
        if not touched:
            return Replayed((), f"{name}: the change reaches no operation, nothing replayed")
        scripts = self.scripts(touched, most)
        seen = self.compared(scripts)
        confirmed = self._confirmed(seen)
        findings = tuple(self._findings(confirmed))
        number = sum(len(one.lines) for one in scripts)
        fact = f"{name}: {number} requests to {len(touched)} of {len(self.common)} operations replayed on both sides"
        moved = self._noise.places()
        return Replayed(findings, fact + (f"; {len(moved)} places move by themselves" if moved else ""))

    def scripts(self, touched: Sequence[Operation], most: int) -> list[Script]:
        """Return what both sides are asked: what was stored, and about `most` requests of this change's seed."""
        words: Sequence[Json] = words_of(self.context, self.service)
        stored, _ = stored_scripts(self.context, self.service, self.common)
        return [*stored, *self.writer(self.context.laboratory.seed, words).scripts(touched, most)]

    def writer(self, seed: int, words: Sequence[Json]) -> Writer:
        """Return a writer of requests to base's operations."""
        return Writer(self.document, self.operations, seed, words=words, fixed=self.settings.headers)

    def compared(self, scripts: Sequence[Script]) -> list[Seen]:
        """Return how the answers differ, places apart that move by themselves."""
        with ThreadPoolExecutor(2) as pool:
            played = pool.submit(lambda: [self._head.play(one) for one in scripts])
            base = [self.known.play(one, 0, 0) for one in scripts]
            head = played.result()
            # What moves is known by operation: only where something differs does it matter.
            names = {one.operation for one in self.unlike(scripts, base, head)}
            asked = [
                (script, first)
                for script, first in zip(scripts, base, strict=True)
                if any(line.operation in names for line in script.lines)
            ]
            hashed = pool.submit(lambda: [self.known.play(script, 2, 1) for script, _ in asked])
            moved = [self.known.play(script, 1, 0) for script, _ in asked]
            for again in (moved, hashed.result()):
                for (script, first), answers in zip(asked, again, strict=True):
                    self.learn(script, first, answers)
        return self.unlike(scripts, base, head)

    def unlike(
        self, scripts: Sequence[Script], base: Sequence[Answers], head: Sequence[Answers]
    ) -> list[Seen]:
        """Return how answers differ at places that are not known to move by themselves."""
        return [
            one
            for script, before, after in zip(scripts, base, head, strict=True)
            for one in _seen(script, before, after)
            if not self._noise.covers(one.operation, one.difference)
        ]

    def learn(self, script: Script, first: Answers, again: Answers) -> None:
        """Learn what moves when base is played again with other ids, or other hashes."""
        for line, one, other in zip(script.lines, first, again, strict=True):
            self._noise.learn(line.operation, one, other)

    def _confirmed(self, seen: Sequence[Seen]) -> list[Seen]:
        """Return what shows again when both sides are played once more."""
        found = []
        for script in {id(one.script): one.script for one in seen}.values():
            base, head = self._both(script)
            again = {(*one.cluster, one.index) for one in _seen(script, base, head)}
            found += [one for one in seen if one.script is script and (*one.cluster, one.index) in again]
        return found

    def _findings(self, seen: Sequence[Seen]) -> Iterator[Finding]:
        clusters: dict[tuple[str, str, str], list[Seen]] = {}
        for one in seen:
            clusters.setdefault(one.cluster, []).append(one)
        by_operation: dict[str, list[tuple[str, str, str]]] = {}
        for cluster in sorted(clusters):
            by_operation.setdefault(cluster[0], []).append(cluster)
        for _, mine in sorted(by_operation.items()):
            shown = mine[: self.settings.shown_differences]
            ways: list[_Way] = []
            for cluster in shown:
                more = len(mine) - len(shown) if cluster == shown[-1] else 0
                way = next((one for one in ways if one.shows(cluster)), None)
                if way is None:
                    way = self._way(min(clusters[cluster], key=lambda one: one.size))
                    ways.append(way)
                yield self._finding(cluster, way, more)

    def _finding(self, cluster: tuple[str, str, str], way: "_Way", more: int) -> Finding:
        operation, place, kind = cluster
        found = next((one for one in way.found if (one.place, one.kind) == (place, kind)), None)
        found = found or Difference(place, Kind(kind), "", "")
        beside = f", and {more} other differences" if more else ""
        label = ascii(operation)[1:-1]
        made = finding(
            self.context,
            self.service,
            rules.DIFFERS,
            f"{label} {_told(found)}{_FROM_AFAR if way.afar else ''}{beside}",
            symbol=label,
            subject=f"{found.kind.value} {found.place}",
            evidence=(witness_of(way.steps, way.base, way.head, found),),
        )
        # A finding that speaks for more places than it names is nobody's to lower.
        return made if more else self._consumers.weighed_place(made, operation, found.place)

    def _way(self, one: Seen) -> "_Way":
        """Return the shortest way to a difference that can be found with the plays that are left."""
        steps = one.script.steps[: one.index + 1]
        self._left = min(_MOST_OF_ONE, self._work)
        # What shows as well to a client of this machine can be seen with curl.
        afar = one.script.afar and not self._walked(steps, afar=False).shows(one.cluster)
        ways: dict[Steps, _Way] = {}

        def alone(fewer: Steps) -> bool:
            self._pay(len(fewer))
            way = self._walked(fewer, afar=afar)
            is_shown = way.shows(one.cluster)
            if is_shown:
                ways[way.steps] = way
            return is_shown

        def shown(scripts: Sequence[Steps]) -> list[bool]:
            self._pay(sum(map(len, scripts)))
            way = self._walked(joined(scripts), afar=afar)
            ends = accumulate(len(steps) for steps in scripts)
            return [_Way((), way.base[:end], way.head[:end]).shows(one.cluster) for end in ends]

        kept = shortened(steps, one.index, lambda places: alone(chosen(steps, places)))
        fewest = least(chosen(steps, kept), shown, alone)
        return ways.get(fewest) or self._walked(fewest, afar=afar)

    def _pay(self, requests: int) -> None:
        """Take from what witnesses may cost; raises Spent when nothing is left."""
        self._work -= requests + _PLAY
        self._left -= requests + _PLAY
        if self._left < 0:
            raise Spent

    def _walked(self, steps: Sequence[Step], *, afar: bool) -> "_Way":
        script = Script(tuple(Line("", step) for step in steps), afar=afar)
        return _Way(script.steps, *self._both(script), afar)

    def _both(self, script: Script) -> tuple[Answers, Answers]:
        """Return what both sides answer, asked at the same time."""
        with ThreadPoolExecutor(1) as pool:
            base = pool.submit(self._base.play, script)
            head = self._head.play(script)
            return base.result(), head


@frozen
class _Way:
    """Steps from a fresh state, and what both sides answer to each."""

    steps: tuple[Step, ...]
    base: Answers
    head: Answers
    afar: bool = False

    @property
    def found(self) -> list[Difference]:
        """How the last answers differ."""
        return differences(self.base[-1], self.head[-1])

    def shows(self, cluster: tuple[str, str, str]) -> bool:
        """Whether the last answers differ at that place in that way."""
        return cluster[1:] in {(one.place, one.kind) for one in self.found}


def _told(found: Difference) -> str:
    place = ascii(found.place)[1:-1]
    where = f" at {place}" if place else ""
    return {
        Kind.SILENCE: f"{ascii(found.head)[1:-1]}, where base {ascii(found.base)[1:-1]}",
        Kind.STATUS: "answers with another status than base",
        Kind.HEADER: f"answers with another {place}",
        Kind.MISSING: f"does not answer with {place} any more",
        Kind.NEW: f"answers with a new {place}",
        Kind.TYPE: f"answers with a value of another type{where}",
        Kind.ORDER: f"answers in another order{where}",
        Kind.COUNT: f"answers with another number of items{where}",
        Kind.VALUE: f"answers with another value{where}",
        Kind.TEXT: f"answers with another error text{where}",
    }[found.kind]


def _seen(script: Script, base: Answers, head: Answers) -> Iterator[Seen]:
    for index, (before, after) in enumerate(zip(base, head, strict=True)):
        if any(isinstance(one, Silence) and one.reason.startswith(_NOT_ASKED) for one in (before, after)):
            continue
        for found in differences(before, after):
            yield Seen(script, index, found)
