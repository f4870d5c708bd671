"""Base and head as players that are loaded when first asked, and base's answers kept for the next change."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from guardrails.gates.contract.replay.scripts.lines import Script
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Player, Response, Silence, Step, Tree

Answers = Sequence[Response | Silence]
_SCHEMA = "replay/2"


class Side:
    """One tree of the change, loaded at the first question."""

    def __init__(self, context: Context, service: Service, tree: Tree, stack: ExitStack) -> None:
        self.tree = tree
        self._context = context
        self._service = service
        self._stack = stack
        self._players: dict[int, Player] = {}

    def load(self, hash_seed: int = 0) -> Player:
        """Begin to load the tree, unless that was done before."""
        if hash_seed not in self._players:
            laboratory = self._context.laboratory
            opened = laboratory.player(self._service, self.tree, hash_seed)
            self._players[hash_seed] = self._stack.enter_context(opened)
        return self._players[hash_seed]

    def play(self, script: Script, entropy: int = 0, hash_seed: int = 0) -> Answers:
        """Return the answers to a script."""
        return self.ask(
            script.steps,
            independent=script.independent,
            entropy=entropy,
            hash_seed=hash_seed,
            afar=script.afar,
        )

    def ask(
        self,
        steps: Sequence[Step],
        *,
        independent: bool = False,
        entropy: int = 0,
        hash_seed: int = 0,
        afar: bool = False,
    ) -> Answers:
        """Return the answers to some steps, from a fresh state."""
        return self.load(hash_seed).play(steps, independent=independent, entropy=entropy, afar=afar)


class Remembered:
    """What a tree answered before, by what it was asked: it is never played twice for nothing.

    What a staged head answers is asked of it as base once it is committed.
    """

    def __init__(self, context: Context, service: Service, side: Side) -> None:
        laboratory = context.laboratory
        parts = (
            _SCHEMA,
            side.tree.id,
            repr(service),
            laboratory.interpreter(service, side.tree).digest,
            laboratory.box.level.value,
        )
        self._key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
        self._cache = laboratory.cache
        self._side = side

    @property
    def is_known(self) -> bool:
        """Whether the tree was loaded before."""
        return self._cache.get(f"{self._key} handlers") is not None

    def handlers(self) -> Mapping[str, tuple[str, ...]]:
        """Return which functions answer which operation of the tree."""
        found = self._kept(
            "handlers", lambda: {name: list(one) for name, one in self._side.load().handlers.items()}
        )
        return {name: tuple(one) for name, one in found.items()} if isinstance(found, dict) else {}

    def play(self, script: Script, entropy: int, hash_seed: int) -> Answers:
        """Return the tree's answers to a script, from the cache where they are known."""
        asked = repr((script, entropy, hash_seed)).encode("utf-8", "surrogatepass")

        def played() -> object:
            return [_plain(one) for one in self._side.play(script, entropy, hash_seed)]

        found = self._kept(hashlib.sha256(asked).hexdigest(), played)
        return [_answer(one) for one in found] if isinstance(found, list) else []

    def _kept(self, name: str, make: Callable[[], object]) -> object:
        key = f"{self._key} {name}"
        stored = self._cache.get(key)
        if stored is None:
            stored = json.dumps(make()).encode()
            self._cache.put(key, stored)
        found: object = json.loads(stored)
        return found


def _plain(answer: Response | Silence) -> object:
    if isinstance(answer, Silence):
        return answer.reason
    return [answer.status, answer.headers, base64.b64encode(answer.body).decode()]


def _answer(plain: object) -> Response | Silence:
    if not isinstance(plain, list):
        return Silence(str(plain))
    status, headers, body = plain
    return Response(int(status), tuple((name, value) for name, value in headers), base64.b64decode(body))
