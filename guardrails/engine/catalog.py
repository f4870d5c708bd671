"""Which gates and rules exist, looked up by name without importing more than is asked for."""

from collections.abc import Mapping

from guardrails.engine.rules import HARNESS_RULES
from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen
from guardrails.model.gate import Gate
from guardrails.model.rule import Rule


@frozen
class Catalog:
    """The gates that wiring found, in the order they are reported."""

    gates: tuple[Gate, ...]

    def by_name(self) -> Mapping[str, Gate]:
        """Return the gates by name."""
        return {gate.name: gate for gate in self.gates}

    def rules(self) -> tuple[Rule, ...]:
        """Return every rule of the harness and of every gate, by id; a doubled id is our own fault."""
        found = {rule.id: rule for rule in HARNESS_RULES}
        for gate in self.gates:
            for rule in gate.rules():
                if rule.id in found:
                    raise ValueError(f"{rule.id} is both {found[rule.id].name} and {rule.name}")
                found[rule.id] = rule
        return tuple(found[key] for key in sorted(found))

    def rule(self, id_or_name: str) -> Rule:
        """Return the rule with that id or name, in any case; raises UsageError with the nearest ones."""
        wanted = id_or_name.strip().lower()
        rules = self.rules()
        for rule in rules:
            if wanted in {rule.id.lower(), rule.name}:
                return rule
        names = [rule.id for rule in rules] + [rule.name for rule in rules]
        import difflib  # noqa: PLC0415 - 2 ms that only a mistake has to pay

        near = difflib.get_close_matches(wanted, [name.lower() for name in names], n=3)
        hint = f"; the nearest are {', '.join(near)}" if near else ""
        raise UsageError(f"no rule is called {id_or_name!r}{hint}; `guardrails rules` lists them all")
