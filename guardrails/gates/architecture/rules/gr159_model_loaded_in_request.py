"""A model is loaded once, when the service starts: not while somebody waits."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.routes import all_routes
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import fault_of, reached_from, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_LOADERS = frozenset(
    {
        "joblib.load",
        "torch.load",
        "torch.jit.load",
        "onnx.load",
        "onnxruntime.InferenceSession",
        "lightgbm.Booster",
        "xgboost.Booster",
        "catboost.CatBoost().load_model",
        "catboost.CatBoostClassifier().load_model",
        "catboost.CatBoostRegressor().load_model",
        "catboost.CatBoostRanker().load_model",
        "tensorflow.keras.models.load_model",
        "tensorflow.saved_model.load",
        "keras.models.load_model",
        "keras.saving.load_model",
        "sentence_transformers.SentenceTransformer",
        "transformers.pipeline",
        "spacy.load",
        "whisper.load_model",
        "faster_whisper.WhisperModel",
        "huggingface_hub.hf_hub_download",
        "huggingface_hub.snapshot_download",
    }
)
_PRETRAINED = re.compile(
    r"(?:transformers|diffusers|peft)\.(?:\w+\.)*\w+(?:Model|Tokenizer|Pipeline|Processor|LM|Classification|Generation)\w*"
    r"\.from_pretrained\Z|mlflow\.(?:\w+\.)*load_model\Z"
)
_KEEPING = ("cache", "once", "singleton", "memo")
NEEDS = ("routes",)

RULE = Rule(
    id="GR159",
    name="model-loaded-in-request",
    gate="architecture",
    summary="A route loads a model.",
    why="Reading and building a model takes seconds and hundreds of megabytes. In a request it is paid by a "
    "listener, again by the next one, and ten at once end the process.",
    remedy="Load it in the application's lifespan and hand the loaded model to the route as a dependency.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import onnxruntime
            from fastapi import FastAPI

            app = FastAPI()

            @app.post('/rank')
            def rank(path: str) -> float:
                return onnxruntime.InferenceSession(path).run(None, {})[0]
            """,
        ),
        example(
            """
            import torch
            from fastapi import APIRouter

            router = APIRouter()

            def scorer():
                return torch.jit.load('model.pt')

            @router.get('/rank')
            def rank() -> float:
                return scorer()(1)
            """,
        ),
        example(
            """
            from fastapi import APIRouter, Depends
            from shop.scoring import load

            router = APIRouter()

            @router.get('/rank')
            def rank(at: int) -> float:
                model = load(at)
                return model.predict([1])
            """,
            path="shop/routes.py",
            more={
                "shop/scoring.py": "import mlflow\n\ndef load(at):\n    return mlflow.pyfunc.load_model(at)\n"
            },
        ),
    ),
    good=(
        example(
            """
            import onnxruntime
            from fastapi import FastAPI

            app = FastAPI()
            session = onnxruntime.InferenceSession('model.onnx')

            @app.post('/rank')
            def rank() -> float:
                return session.run(None, {})[0]
            """,
        ),
        example(
            """
            import functools, torch
            from fastapi import APIRouter

            router = APIRouter()

            @functools.cache
            def scorer():
                return torch.jit.load('model.pt')

            @router.get('/rank')
            def rank() -> float:
                return scorer()(1)
            """,
        ),
        example(
            """
            import torch

            def train(path):
                return torch.jit.load(path)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every route from which a load of a model is reached."""
    for scope in sorted({one.scope for one in all_routes(module)}):
        for reached in reached_from(module, scope, _search(module.graph)):
            holder = module.symbol_text(scope)
            name = reached.call.name.lstrip("?:")
            way = f" through {way_of(reached)}" if len(reached.steps) > 1 else ""
            message = f"a request to {holder} loads a model by {name}{way}"
            yield fault_of(module, scope, reached, message, RULE.remedy)


def _search(graph: Graph) -> Search:
    def is_kept(target: Symbol, _: Call) -> bool:
        decorators = " ".join(one.name for one in graph.scope(target).decorators).lower()
        return any(one in decorators for one in _KEEPING)

    return Search(RULE.id, _loads, is_kept)


def _loads(_: Call, meanings: tuple[str, ...]) -> bool:
    return any(one in _LOADERS or _PRETRAINED.match(one) for one in meanings)
