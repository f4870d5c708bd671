"""A pickle is a program: who may write the file may run code in the service."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_PLAIN = "Keep data as JSON, msgpack or safetensors, and a model as ONNX or the trainer's own data format."
_PICKLES = frozenset(
    {
        *(
            f"{one}.{name}"
            for one in ("pickle", "_pickle", "cPickle", "dill", "cloudpickle")
            for name in ("load", "loads")
        ),
        "pickle.Unpickler",
        "dill.Unpickler",
        "joblib.load",
        "sklearn.externals.joblib.load",
        "pandas.read_pickle",
        "pandas.io.pickle.read_pickle",
        "jsonpickle.decode",
    }
)
# Safe unless the keyword says otherwise.
_WHEN_TRUE = {"numpy.load": "allow_pickle"}
WORDS = ("ickle", "dill", "joblib", "torch.load", "numpy.load")

RULE = Rule(
    id="GR157",
    name="unsafe-artifact-format",
    gate="architecture",
    summary="Data or a model is loaded in a format that runs code.",
    why="pickle, and joblib, dill and torch files that are made of it, run whatever their bytes say while they are "
    "read. One replaced file, one shared cache or one poisoned registry entry is then code in production, and "
    "no checksum in the same place helps.",
    remedy=_PLAIN,
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import pickle

            def load(path):
                with open(path, 'rb') as file:
                    return pickle.load(file)
            """,
        ),
        example(
            """
            import joblib

            def scorer(path):
                return joblib.load(path)
            """,
        ),
        example(
            """
            import torch

            def weights(path):
                return torch.load(path, weights_only=False)
            """,
        ),
        example(
            """
            import numpy as np

            def table(path):
                return np.load(path, allow_pickle=True)
            """,
        ),
        example(
            """
            import pickle

            READERS = {'.pkl': pickle.load}
            """,
        ),
        example(
            """
            from functools import partial
            import dill

            read = partial(dill.loads)

            def load(data):
                return read(data)
            """,
        ),
    ),
    good=(
        example(
            """
            import json

            def load(path):
                with open(path, 'rb') as file:
                    return json.load(file)
            """,
        ),
        example(
            """
            import numpy as np, torch

            def table(path):
                return np.load(path, allow_pickle=False), torch.load(path, weights_only=True)
            """,
        ),
        example(
            """
            import pickle

            def size(value):
                return len(pickle.dumps(value))
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call that reads a format in which data is code."""
    for call in module.facts.calls:
        if _is_unsafe(call):
            yield Found(call.line, call.scope, f"{call.name} runs code that the data holds", call.text)
    made = {call.name for call in module.facts.calls}
    for one in module.facts.references:
        if one.text in _PICKLES - made and one.text.rpartition(".")[2].islower():
            message = f"{one.text}, which runs code that the data holds, is handed on"
            yield Found(one.line, one.scope, message, f"reference to {one.text}")


def _is_unsafe(call: Call) -> bool:
    name = call.name
    if name == "torch.load":
        return call.keyword("weights_only") == "False"
    return name in _PICKLES or (name in _WHEN_TRUE and call.keyword(_WHEN_TRUE[name]) == "True")
