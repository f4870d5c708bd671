"""Puts a trace around sampled requests. It is added only where traces are switched on."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_service.telemetry.traces import Recorded, Traces
from reference_service.trace import HEADER, Stage, begin, parent_in

NAME = HEADER.encode()
UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})


class Traced:
    """Begins a trace, carries on the caller's, and tells the stages of a recorded request in Server-Timing."""

    def __init__(self, app: ASGIApp, *, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] in UNTRACED:
            await self._app(scope, receive, send)
            return
        parents = [parent_in(text) for name, text in scope["headers"] if name == NAME]
        # Two headers contradict each other, so neither counts.
        trace = self._traces.begin(parents[0] if len(parents) == 1 else None)
        if not isinstance(trace, Recorded):
            begin(trace)
            await self._app(scope, receive, send)
            return
        begin(trace.trace)
        await self._recorded(trace, scope, receive, send)

    async def _recorded(self, recorded: Recorded, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def send_timed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if recorded.trace.stages:
                    timing = (b"server-timing", _timing(recorded.trace.stages))
                    message["headers"] = [*message.get("headers", ()), timing]
            await send(message)

        try:
            await self._app(scope, receive, send_timed)
        finally:
            state = scope.get("state", {})
            routed = getattr(scope.get("route"), "operation_id", None)
            operation = routed or state.get("operation", "none")
            recorded.end(operation, status, state.get("request_id", ""))
            begin(None)


def _timing(stages: list[Stage]) -> bytes:
    return ", ".join(
        f"{stage.name};dur={(stage.ended - stage.started) * 1_000:.3f}" for stage in stages
    ).encode()
