"""A model, a data frame or a password hash on the event loop stops every request of the process."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import is_lifespan
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.loop import heavy_faults
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("async",)

RULE = Rule(
    id="GR111",
    name="heavy-cpu-on-the-loop",
    gate="architecture",
    summary="Async code reaches a call that keeps a CPU busy for long.",
    why="While the loop's thread computes, no other request of the process moves. A bcrypt hash takes a "
    "quarter of a second, a parsed spreadsheet or a scored batch more; ten of them at once and health "
    "checks fail.",
    remedy="Hand the work to `await asyncio.to_thread(...)` or to a process pool.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import bcrypt

            async def log_in(password, stored):
                return bcrypt.checkpw(password, stored)
            """,
        ),
        example(
            """
            import pandas as pd

            def table(path):
                return pd.read_csv(path)

            async def report(path):
                return table(path).to_dict()
            """,
        ),
        example(
            """
            import onnxruntime

            session = onnxruntime.InferenceSession('model.onnx')

            async def rank(features):
                return session.run(None, features)
            """,
        ),
        example(
            """
            from passlib.context import CryptContext

            hasher = CryptContext(schemes=['bcrypt'])

            async def sign_up(password):
                return hasher.hash(password)
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio, bcrypt

            async def log_in(password, stored):
                return await asyncio.to_thread(bcrypt.checkpw, password, stored)
            """,
        ),
        example(
            """
            import pandas as pd

            def report(path):
                return pd.read_csv(path).to_dict()
            """,
        ),
        example(
            """
            import onnxruntime

            session = onnxruntime.InferenceSession('model.onnx')

            def score(features):
                return session.run(None, features)

            async def rank(loop, pool, features):
                return await loop.run_in_executor(pool, lambda: score(features))
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every heavy call that an async function of the module reaches, start-up excepted."""
    for scope, one in enumerate(module.facts.scopes):
        if one.kind == "async" and not is_lifespan(module.facts, scope):
            yield from heavy_faults(module, scope)
