"""The Laboratory of a run: joins box, environments, checkouts, services and tools for the gates.

Everything is made when it is first asked for, so a run that only reads blobs pays for nothing.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from guardrails.adapters.scratch import RunFolder
from guardrails.model.digest import sha256
from guardrails.model.errors import ServiceFailure
from guardrails.model.frozen import field, frozen, replace
from guardrails.model.policy import Service
from guardrails.model.ports import (
    Box,
    Cache,
    Completed,
    Interpreter,
    Limits,
    Player,
    Request,
    Server,
    Tool,
    Tree,
)

if TYPE_CHECKING:
    from guardrails.adapters.environment.source import Environments
    from guardrails.adapters.service.launcher import Premises

PAYLOAD = Path(__file__).resolve().parent.parent / "payload"
_DOCUMENT_BYTES = 16 << 20
_HTTP_OK = 200


@frozen
class RunLaboratory:
    """The Laboratory port over this machine; close it at the end of each process that used it.

    Forked children may use their copy: they share the checkouts made before, and `close` in a
    child removes only what the child made.
    """

    repository: Path
    base: Tree
    make_box: Callable[[], Box]
    cache: Cache
    cache_folder: Path
    seed: int = 0
    allowed_packages: tuple[str, ...] = ()
    payload: Path = PAYLOAD
    run_folder: RunFolder = field(default_factory=RunFolder)

    @cached_property
    def box(self) -> Box:
        """The strongest box of this machine that policy accepts; raises BoxError if there is none."""
        return self.make_box()

    @cached_property
    def _home(self) -> Path:
        return self.scratch("home")

    @cached_property
    def _environments(self) -> "Environments":
        # Static gates need no interpreter of the project, so they do not pay for this either.
        from guardrails.adapters.environment.source import Environments  # noqa: PLC0415

        folder = self.cache_folder / "environments"
        return Environments(self.repository, self.base, folder, self._home, self.allowed_packages)

    @cached_property
    def _payload_digest(self) -> str:
        total = sha256()
        for file in sorted(self.payload.glob("*.py")):
            total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return total.hexdigest()

    def checkout(self, tree: Tree) -> Path:
        """Return a read-only folder with the tree's files; links that leave it are not made."""
        # As for the environments: what only some gates ask for is imported when it is asked for.
        from guardrails.adapters.checkout import check_out  # noqa: PLC0415

        return check_out(tree, self.run_folder.path / "checkouts" / tree.id)

    def scratch(self, name: str) -> Path:
        """Return a fresh writable folder that is removed at the end of the run."""
        return self.run_folder.fresh(name)

    def interpreter(self, service: Service, tree: Tree) -> Interpreter:
        """Return the interpreter for the service's code at `tree`, built outside the box from base's word."""
        return self._environments.interpreter(service, tree)

    @contextmanager
    def _premises(self, service: Service, tree: Tree) -> "Iterator[Premises]":
        # An HTTP client costs tens of milliseconds to import, which static gates need not pay.
        from guardrails.adapters.service.launcher import Premises  # noqa: PLC0415

        interpreter, checkout = self.interpreter(service, tree), self.checkout(tree)
        scratch = self.scratch(service.name)
        try:
            yield Premises(checkout, interpreter, self.payload, scratch)
        finally:
            self.run_folder.discard(scratch)

    @contextmanager
    def serve(
        self, service: Service, tree: Tree, variables: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """Start the service from `tree` in a box, wait until it is ready, and stop it at the end."""
        from guardrails.adapters.service.launcher import served  # noqa: PLC0415 - as above

        with (
            self._premises(service, tree) as premises,
            served(self.box, service, premises, variables or {}) as server,
        ):
            yield server

    @contextmanager
    def player(self, service: Service, tree: Tree, hash_seed: int = 0) -> Iterator[Player]:
        """Load the service from `tree` in a box to play scripts; sets are ordered by `hash_seed`."""
        from guardrails.adapters.service.player import playing, replaying  # noqa: PLC0415 - as above

        if service.command:
            yield replaying(lambda: self.serve(service, tree, {"PYTHONHASHSEED": str(hash_seed)}))
            return
        with (
            self._premises(service, tree) as premises,
            playing(self.box, service, premises, hash_seed) as player,
        ):
            yield player

    def document(self, service: Service, tree: Tree) -> bytes:
        """Return the OpenAPI document, JSON with sorted keys, that the code at `tree` derives in a box."""
        import json  # noqa: PLC0415 - 1 ms that a run without a document need not pay

        # The whole tree is the key, since the service may import what its `paths` do not name.
        identity = (service, tree.id, self.interpreter(service, tree).digest, self._payload_digest)
        key = "openapi " + sha256(repr((*identity, self.box.level)).encode()).hexdigest()
        found = self.cache.get(key)
        if found is None:
            document = self._asked_for(service, tree) if service.command else self._derived(service, tree)
            if not str(document.get("openapi", "")).startswith("3."):
                raise ServiceFailure(
                    f"service {service.name}: its document has no `openapi: 3.x`, so it is no OpenAPI document;"
                    " serve one at /openapi.json, or give the application an openapi()"
                )
            found = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
            self.cache.put(key, found)
        return found

    def _asked_for(self, service: Service, tree: Tree) -> dict[str, object]:
        with self.serve(service, tree) as server:
            answer = server.request(Request("GET", "/openapi.json"))
        if answer.status != _HTTP_OK:
            raise ServiceFailure(
                f"service {service.name} answers {answer.status} to GET /openapi.json; serve the document"
                " there, or start the service by `app` instead of `command`"
            )
        return _document_in(answer.body, service)

    def _derived(self, service: Service, tree: Tree) -> dict[str, object]:
        import json  # noqa: PLC0415 - as above

        nonce = os.urandom(16).hex()
        # A file in memory, not a pipe: however long the document, nobody waits for a reader.
        report = os.memfd_create("document")
        try:
            with self._premises(service, tree) as premises:
                order = {
                    "app": service.app,
                    "factory": service.factory,
                    "root": str(premises.root(service)),
                    "report": report,
                    "nonce": nonce,
                }
                argv = (
                    str(premises.interpreter.python),
                    str(self.payload / "document.py"),
                    json.dumps(order),
                )
                command = premises.command(service, argv, {})
                limits = Limits(
                    wall_seconds=service.start_seconds, cpu_seconds=int(service.start_seconds) + 1
                )
                completed = self.box.run(replace(command, limits=limits, inherit=(report,)))
            said = os.pread(report, _DOCUMENT_BYTES + 1, 0)
        finally:
            os.close(report)
        return _document_reported(said, nonce, service, completed)

    def tool(self, name: str) -> Tool:
        """Return `ruff` or `mypy`, the harness's own; raises ToolMissing."""
        from guardrails.adapters.tools import find_tool  # noqa: PLC0415 - as above

        return find_tool(name, self.cache, self._home)

    def run_tool(
        self, tool: Tool, arguments: Sequence[str], directory: Path, stdin: bytes = b""
    ) -> Completed:
        """Run one of our own tools on data, outside the project's configuration."""
        from guardrails.adapters.tools import SECONDS, SHORT_SECONDS, clean_environment, run_bounded  # noqa: PLC0415 - as above

        seconds = SHORT_SECONDS if Path(tool.argv[0]).name == "ruff" else SECONDS
        environment = clean_environment(self._home)
        return run_bounded((*tool.argv, *arguments), directory, environment, stdin=stdin, seconds=seconds)

    def close(self) -> None:
        """Remove every folder that this process made; safe to call twice."""
        self.run_folder.close()

    def __enter__(self) -> "RunLaboratory":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _document_reported(said: bytes, nonce: str, service: Service, completed: Completed) -> dict[str, object]:
    from guardrails.adapters.service.tail import tail_of  # noqa: PLC0415 - as above

    place = f"service {service.name}: no OpenAPI document"
    if not said or len(said) > _DOCUMENT_BYTES:
        how = completed.stopped_by or f"exit {completed.exit_code}"
        what = "it is too long" if said else f"nothing was reported ({how})"
        raise ServiceFailure(f"{place}: {what}; see `app` and `environment`\n{tail_of(completed.stderr)}")
    report = _document_in(said, service)
    if report.get("nonce") != nonce:
        raise ServiceFailure(f"{place}: the report is not the one that was ordered")
    document = report.get("document")
    if not isinstance(document, dict):
        reason = tail_of(str(report.get("failed", "it is not an object")).encode()).strip()
        raise ServiceFailure(
            f"{place}: {reason}; see `app`, `root` and `environment` in policies/guardrails.yaml"
        )
    return document


def _document_in(text: bytes, service: Service) -> dict[str, object]:
    import json  # noqa: PLC0415 - as above

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ServiceFailure(f"service {service.name}: its OpenAPI document is not JSON") from None
    if not isinstance(found, dict):
        raise ServiceFailure(f"service {service.name}: its OpenAPI document is not a JSON object")
    return found
