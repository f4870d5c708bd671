"""What a tree's service answers to the scenarios, as a black box over HTTP."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence

from guardrails.analysis.ranking.movement import Item
from guardrails.analysis.replay.scenarios import Scenario
from guardrails.gates.golden.settings import Settings
from guardrails.model.errors import ServiceFailure
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Tree

OK = 200


@frozen
class Answer:
    """One answer: HTTP status (0 without an answer), its text or why there is none, and any ranked items."""

    status: int
    body: str
    ranked: tuple[Item, ...] | None

    @property
    def items(self) -> tuple[Item, ...]:
        """The ranked items; none for an answer without a list of them."""
        return self.ranked or ()

    @property
    def order(self) -> tuple[str, ...]:
        """The ids in the order ranked."""
        return tuple(item.id for item in self.items)

    @property
    def is_ranking(self) -> bool:
        """Whether it is a successful answer that holds a list of items, be it empty."""
        return self.status == OK and self.ranked is not None


def answers_of(
    context: Context, service: Service, tree: Tree, scenarios: Sequence[Scenario], hash_seed: int
) -> Mapping[str, Answer]:
    """Return the answer to every scenario, by name, from one fresh launch of the service at `tree`."""
    settings = context.policy.settings_for("golden", Settings)
    found: dict[str, Answer] = {}
    with context.laboratory.serve(service, tree, {"PYTHONHASHSEED": str(hash_seed)}) as server:
        for scenario in scenarios:
            try:
                response = server.request(scenario.request)
            except ServiceFailure as failure:
                found[scenario.name] = Answer(0, str(failure), None)
                continue
            found[scenario.name] = _read(response.status, response.body, settings)
    return found


def base_answers(context: Context, service: Service, scenarios: Sequence[Scenario]) -> Mapping[str, Answer]:
    """Return base's answers, measured once and kept for every later change on the same base."""
    cache = context.laboratory.cache
    settings = context.policy.settings_for("golden", Settings)
    key = _key(context, service, scenarios)
    kept = cache.get(key)
    if kept is not None:
        raw = json.loads(kept)
        return {name: _read(int(status), body.encode(), settings) for name, (status, body) in raw.items()}
    found = answers_of(context, service, context.base, scenarios, hash_seed=0)
    if all(answer.status for answer in found.values()):
        # Base that stayed silent once, on a crowded machine, is asked again by the next run.
        plain = {name: (answer.status, answer.body) for name, answer in found.items()}
        cache.put(key, json.dumps(plain, sort_keys=True).encode())
    return found


def _key(context: Context, service: Service, scenarios: Sequence[Scenario]) -> str:
    laboratory = context.laboratory
    parts = [
        "golden-answers-1",
        context.base.id,
        repr(service),
        laboratory.interpreter(service, context.base).digest,
        laboratory.box.level.value,
        *(scenario.digest for scenario in scenarios),
    ]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _read(status: int, body: bytes, settings: Settings) -> Answer:
    text = body.decode("utf-8", "backslashreplace")
    try:
        items = _items(json.loads(text), settings) if status == OK else None
    except (ValueError, RecursionError):
        items = None
    return Answer(status, text, items)


def _items(data: object, settings: Settings) -> tuple[Item, ...] | None:
    """Follow the pointer to the items; an answer of another shape has None."""
    for step in settings.items.strip("/").split("/"):
        data = data.get(step) if isinstance(data, dict) else None
    if not isinstance(data, list):
        return None
    return tuple(
        Item(str(one.get(settings.id_key)), _parts(one.get(settings.parts_key)))
        for one in data
        if isinstance(one, dict)
    )


def _parts(data: object) -> Mapping[str, float]:
    if not isinstance(data, dict):
        return {}
    return {str(name): _number(value) for name, value in data.items() if isinstance(value, int | float)}


def _number(value: float) -> float:
    """Return what JSON gave as a float; an integer may be of any length, and then it is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
