"""Replays at commit: the same requests for every change of one document, so that base's answers are kept.

Where the replays of a merge are drawn from the change itself, these are drawn from base's
document alone, beside a few that hold the literals which only one tree has. What moves by
itself is only learned for what differs.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.documents import Document, DocumentError, read_document
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import canonical
from guardrails.gates.contract import rules
from guardrails.gates.contract.consumers import Consumers
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.replay.judging import Replay, Seen
from guardrails.gates.contract.replay.playing import Remembered, Side
from guardrails.gates.contract.replay.reach import Reach, reached
from guardrails.gates.contract.replay.scripts.lines import Line, Script
from guardrails.gates.contract.replay.stored import stored_scripts
from guardrails.gates.contract.replay.words import words_of
from guardrails.gates.contract.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Request, Response, Step
from guardrails.model.rule import Report

_WORDS_SHARE = 0.2
_STORIES = 40  # requests of one story; so many are left to the operations alone
_DOCUMENT = Script((Line("GET /openapi.json", Step(Request("GET", "/openapi.json"))),), independent=True)
_GOOD = 200


def replay_at_commit(context: Context, service: Service) -> Report:
    """Return what head answers otherwise than base to the operations that the change touches.

    A service that cannot be played is a finding.
    """
    if not any(service.owns(file.path) or file.path == service.lock for file in context.change.files):
        return Report(facts=(f"{service.name}: no code changed, nothing was played",))
    if not any(service.owns(path) for path in context.base.entries()):
        return Report(facts=(f"{service.name}: base has no such service",))
    try:
        with ExitStack() as stack:
            return _replayed(context, service, stack)
    except (CannotJudge, DocumentError) as error:
        message = f"{service.name} cannot be played: {error}"
        made = finding(context, service, rules.UNPLAYABLE, message)
        return Report((made,), (), (f"{service.name}: not played",))


def _replayed(context: Context, service: Service, stack: ExitStack) -> Report:
    sides = Side(context, service, context.base, stack), Side(context, service, context.head, stack)
    base, head = (Remembered(context, service, side) for side in sides)

    def handlers() -> dict[str, tuple[str, ...]]:
        if not head.is_known:
            sides[1].load()  # it takes as long as base, so both begin at once
        found = dict(base.handlers())
        head.handlers()  # a commit makes head the next base
        return found

    is_told = not any(file.path == service.lock for file in context.change.files)
    by_code = reached(context, service, handlers) if is_told else None
    if by_code is not None and not by_code:
        return Report(facts=(f"{service.name}: the change reaches no operation, nothing replayed",))
    documents = _document(context, service, base, sides[0]), _document(context, service, head, sides[1])
    changed = frozenset((one.method.lower(), one.path) for one in differences(*documents))
    consumers = Consumers(context, service)
    replay = CommitReplay(context, service, *documents, sides, consumers)
    most = context.policy.settings_for("contract", Settings).commit_replays
    found = replay.result(Reach(by_code, changed), most)
    box = "" if service.command else f", in a box of {context.laboratory.box.level.value}"
    return Report((*found.findings, *consumers.unusable()), (), (found.fact + box,))


def _document(context: Context, service: Service, known: Remembered, side: Side) -> Document:
    """Return a tree's document as it serves it, which costs one request, else as it is derived."""
    name = f"{service.name} at {side.tree.id[:12]}"
    (answer,) = known.play(_DOCUMENT, 0, 0)
    if isinstance(answer, Response) and answer.status == _GOOD:
        try:
            return read_document(answer.body, name)
        except DocumentError:
            pass  # it serves something else there
    return read_document(context.laboratory.document(service, side.tree), name)


class CommitReplay(Replay):
    """Replays whose requests the next change of the same base shares."""

    def scripts(self, touched: Sequence[Operation], most: int) -> list[Script]:
        """Return stored scripts, about `most` requests of base's document, and some of the change's literals."""
        stored, _ = stored_scripts(self.context, self.service, self.common)
        words = words_of(self.context, self.service, new=True)
        drawn = int(most * _WORDS_SHARE) if words else 0
        digest = hashlib.sha256(canonical(self.document.root).encode("utf-8", "surrogatepass")).digest()
        steady = self.writer(int.from_bytes(digest[:8], "big"), ())
        left = most - drawn - _STORIES
        share = _rounded(max(4, left // len(touched)))
        made = [*steady.single(touched, share), *steady.stories(1, self.operations)]
        if drawn:
            made += self.writer(self.context.laboratory.seed, words).single(
                touched, max(4, drawn // len(touched))
            )
        return [*stored, *made]

    def compared(self, scripts: Sequence[Script]) -> list[Seen]:
        """Return how the answers differ; base is played again only where they do."""
        head_known = Remembered(self.context, self.service, self.sides[1])
        with ThreadPoolExecutor(2) as pool:
            played = pool.submit(lambda: [head_known.play(one, 0, 0) for one in scripts])
            base = [self.known.play(one, 0, 0) for one in scripts]
            head = played.result()
        unlike = {id(one.script) for one in self.unlike(scripts, base, head)}
        for script, first in zip(scripts, base, strict=True):
            if id(script) in unlike:
                self.learn(script, first, self.known.play(script, 1, 0))
                self.learn(script, first, self.known.play(script, 2, 1))
        return self.unlike(scripts, base, head)


def _rounded(share: int) -> int:
    """Return a power of two, or one and a half of it, so that few changes alter what each operation is asked."""
    power = 1 << (share.bit_length() - 1)
    return power + power // 2 if share >= power + power // 2 else power
