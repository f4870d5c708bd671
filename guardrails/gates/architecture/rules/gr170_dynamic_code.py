"""Code that is made while the program runs is code that nobody reviewed."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_RUNNING = frozenset(
    {
        "builtins.eval",
        "builtins.exec",
        "code.InteractiveInterpreter().runsource",
        "code.InteractiveInterpreter().runcode",
        "types.CodeType",
        "types.FunctionType",
        "__builtins__.eval",
        "__builtins__.exec",
    }
)

RULE = Rule(
    id="GR170",
    name="dynamic-code",
    gate="architecture",
    summary="Text is run as code.",
    why="What `eval` and `exec` run is seen by no reviewer, no type checker and no rule; if any part of it comes from "
    "a request or a file, whoever wrote that part runs code in the service.",
    remedy="Write the code out; read literals with `ast.literal_eval`, and choose among functions with a dictionary.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def score(formula, card):
                return eval(formula, {'card': card})
            """,
        ),
        example(
            """
            def load(path):
                with open(path) as file:
                    exec(file.read())
            """,
        ),
        example(
            """
            import builtins

            run = getattr(builtins, 'exec')

            def pause():
                run('import time; time.sleep(1)')
            """,
        ),
        example(
            """
            import types

            def made(code):
                return types.FunctionType(code, globals())
            """,
        ),
    ),
    good=(
        example(
            """
            import ast

            def options(text):
                return ast.literal_eval(text)
            """,
        ),
        example(
            """
            FORMULAS = {'double': lambda card: card * 2}

            def score(name, card):
                return FORMULAS[name](card)
            """,
        ),
        example(
            """
            def scored(model, frame):
                model.eval()
                return frame.eval('a + b')
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call that runs text or a code object."""
    calls = module.facts.calls
    running = {name for name in {call.name for call in calls} if _is_running(module, name)}
    for call in calls if running else ():
        if call.name in running:
            yield Found(call.line, call.scope, f"{call.name} runs code that no reviewer sees", call.text)


def _is_running(module: Module, name: str) -> bool:
    meanings = module.graph.meanings(module.name, name) or (name,)
    return any(one.lstrip("?") in _RUNNING for one in meanings)
