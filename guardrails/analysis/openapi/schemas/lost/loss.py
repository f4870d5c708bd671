"""One thing that clients lose, though every message still gets through."""

from dataclasses import dataclass

from guardrails.analysis.openapi.difference import Level

_READ = frozenset(("discriminator", "generated-type", "branch-narrowed", "kind-narrowed", "content-narrowed"))


@dataclass(frozen=True, slots=True)
class Loss:
    """The kind of difference, where in the message, and what is lost as a sentence."""

    rule: str
    pointer: str
    sentence: str

    @property
    def is_read(self) -> bool:
        """Whether it is lost to who reads the message, too, and not to who writes it alone."""
        return self.rule in _READ

    @property
    def level(self) -> Level:
        """How sure it is that clients notice."""
        return Level.UNKNOWN if self.rule == "discriminator" else Level.BREAKING


def branch_gone(pointer: str, name: str) -> Loss:
    """Return the loss of a named branch of a choice."""
    return Loss(
        "branch-gone", pointer, f"{name!a} is gone from the choice, and generated clients lose its class"
    )
