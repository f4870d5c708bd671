"""What must hold of a module before a rule can find anything there, told from facts without the rule's own code.

A rule file may say `NEEDS`, names of traits all of which must hold, and `WORDS`, texts one of which must stand in
a name that the module calls, is decorated with or refers to. Where they do not hold the rule is not even imported:
most of a hook's time went into rules that could find nothing. A rule that says neither is always asked.
`SPREADS` names the traits that its `spreads` needs.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

from guardrails.analysis.code.facts import BROKEN, Mark
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.module import Module, is_layered
from guardrails.gates.architecture.settings import Settings


def _is_under_contract(module: Module) -> bool:
    names = module.graph.modules.names(module.name)
    return is_layered(module.settings, names)


def _may_serve(module: Module) -> bool:
    from guardrails.gates.architecture.knowledge.requests import may_serve  # noqa: PLC0415 - asked once a module, if at all

    return may_serve(module.facts)


def _has_routes(module: Module) -> bool:
    from guardrails.analysis.code.routes import may_route  # noqa: PLC0415 - as above

    return may_route(module.facts)


# What policy says of itself.
IN_POLICY: Mapping[str, Callable[[Settings], bool]] = {
    "breakers in policy": lambda settings: bool(settings.breakers),
    "configuration in policy": lambda settings: bool(settings.configuration),
    "deadlines in policy": lambda settings: bool(settings.deadlines),
    "exposures in policy": lambda settings: bool(settings.flags.exposures),
    "features in policy": lambda settings: bool(settings.features.schema),
    "flags in policy": lambda settings: bool(settings.flags.registry),
    "plain endpoints in policy": lambda settings: settings.plain_endpoints is not None,
    "pure code in policy": lambda settings: bool(settings.pure),
}
# What policy says of a module, or its facts: each is quick to tell, and true wherever a rule that needs it may speak.
TRAITS: Mapping[str, Callable[[Module], bool]] = {
    "added": lambda module: bool(module.added),
    "async": lambda module: any(one.kind == "async" for one in module.facts.scopes),
    "broken": lambda module: bool(module.facts.unparsable),
    "contracts": _is_under_contract,
    "guarded": lambda module: module.is_guarded,
    "named guarded": lambda module: matches(module.path, module.settings.guarded),
    "pure": lambda module: module.is_pure,
    "routes": _has_routes,
    "serving": _may_serve,
}
MARKED = "marks"  # of the rule itself


class Traits:
    """The traits of one module, each told at most once."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._held: dict[str, bool] = {}
        self._all_held: dict[tuple[str, ...], bool] = {}

    def hold(self, names: tuple[str, ...]) -> bool:
        """Whether all those traits hold; raises KeyError for one that nobody knows."""
        known = self._all_held.get(names)
        if known is None:
            known = self._all_held[names] = self._hold(names)
        return known

    def _hold(self, names: tuple[str, ...]) -> bool:
        for name in names:
            if name == MARKED:  # asked for by the rule's id, which is not known here
                continue
            held = self._held.get(name)
            if held is None:
                asked = IN_POLICY.get(name)
                told = asked(self._module.settings) if asked is not None else TRAITS[name](self._module)
                held = self._held[name] = told
            if not held:
                return False
        return True

    def say(self, words: tuple[str, ...]) -> bool:
        """Whether one of `words` stands in a name of the module's facts; always without any."""
        return not words or any(map(self._names.__contains__, words))

    @cached_property
    def marked(self) -> frozenset[str]:
        """The rules that marked something in the module."""
        return frozenset(one.rule for one in self._marks)

    @cached_property
    def broke(self) -> frozenset[str]:
        """The rules that broke on the module while it was walked."""
        return frozenset(one.subject for one in self._marks if one.rule == BROKEN)

    @cached_property
    def _marks(self) -> tuple[Mark, ...]:
        return self._module.graph.marks(self._module.path)

    @cached_property
    def _names(self) -> str:
        facts = self._module.facts
        names = {one.name for one in facts.calls}  # each once: they are searched for many words
        names.update([one.name for scope in facts.scopes for one in scope.decorators])
        names.update([one.text for one in facts.references])
        return "\n".join(names)
