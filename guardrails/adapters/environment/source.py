"""Chooses the interpreter of a service: the one that policy names, one built from base's lock, or ours."""

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from guardrails.adapters.environment.build import built
from guardrails.adapters.environment.interpreter import described
from guardrails.adapters.environment.lock import Pin, pins_in, refuse_unlisted
from guardrails.model.errors import EnvironmentFailure
from guardrails.model.policy import Service
from guardrails.model.ports import Interpreter, Tree


@dataclass
class Environments:
    """The interpreters of one run, each looked up once.

    `repository` is the top folder that a relative `python` starts from, `home` an empty folder,
    `folder` where environments are built and kept, `allowed` base's allow-list of packages.
    """

    repository: Path
    base: Tree
    folder: Path
    home: Path
    allowed: tuple[str, ...] = ()
    policy_file: str = "policies/dependencies.yaml"
    _known: dict[tuple[str, str], Interpreter] = field(default_factory=dict)

    def interpreter(self, service: Service, tree: Tree) -> Interpreter:
        """Return the interpreter for the service's code at `tree`; raises EnvironmentFailure."""
        source = service.environment
        if source.python:
            python = self._ready(source.python, tree)
            return self._described(python, f"{source.python}, named by policy")
        if source.lock:
            return self._locked(source.lock, tree)
        return self._described(Path(sys.executable), "the harness's own interpreter")

    def _ready(self, named: str, tree: Tree) -> Path:
        """Return the interpreter that policy names, which no file of the change may be."""
        python = self.repository / Path(named).expanduser()
        place = python.parent.parent if (python.parent.parent / "pyvenv.cfg").exists() else python
        for top in {self.repository, Path(self.repository).resolve()}:
            inside = place.relative_to(top).as_posix() if place.is_relative_to(top) else None
            for path in [*tree.entries(), *self.base.entries()] if inside else []:
                if path == inside or path.startswith(f"{inside}/"):
                    raise EnvironmentFailure(
                        f"the interpreter {named} is a tracked file ({path!a}), so a change could replace it;"
                        " name one outside the repository's tracked files in `environment.python`"
                    )
        return python

    def _locked(self, path: str, tree: Tree) -> Interpreter:
        pins = self._pins(path, self.base, "base")
        if tree.id != self.base.id and (theirs := self._pins(path, tree, "head")) != pins:
            refuse_unlisted(pins, theirs, self.allowed, self.policy_file)
            pins = theirs
        whose = self._described(Path(sys.executable), "")
        text = "\n".join([whose.digest, sys.version, sys.executable, *(pin.line() for pin in pins)])
        digest = hashlib.sha256(text.encode()).hexdigest()[:40]
        return self._described(built(pins, digest, self.folder, path), f"built from {path}")

    @staticmethod
    def _pins(path: str, tree: Tree, whose: str) -> tuple[Pin, ...]:
        content = tree.read(path)
        if content is None:
            raise EnvironmentFailure(
                f"{whose} has no file {path}, which `environment.lock` names; correct it in"
                " policies/guardrails.yaml or add the lock file"
            )
        return pins_in(content, path)

    def _described(self, python: Path, source: str) -> Interpreter:
        key = (str(python), source)
        if key not in self._known:
            self._known[key] = described(python, source, self.home)
        return self._known[key]
