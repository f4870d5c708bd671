"""A model that is fetched by a moving name is another model tomorrow."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_HUB = ("huggingface_hub.hf_hub_download", "huggingface_hub.snapshot_download")
_BY_REVISION = frozenset({*_HUB, "datasets.load_dataset", "transformers.pipeline"})
_PRETRAINED = re.compile(
    r"(?:transformers|diffusers|sentence_transformers|peft)\.(?:\w+\.)*\w+\.from_pretrained\Z"
)
_REVISION = re.compile(r"'[0-9a-f]{40}'\Z")
_MLFLOW = re.compile(r"mlflow\.(?:\w+\.)*load_model\Z")
_MOVING = re.compile(
    r"['\"](?:models:/[^@']+/(?:latest|None|Production|Staging|Archived)|models:/[^@']+@\w+)['\"]\Z",
    re.IGNORECASE,
)
_LATEST = re.compile(r"['\"][^'\"]+:latest['\"]\Z")
_LOCAL = re.compile(r"['\"][./~]")
WORDS = ("from_pretrained", "load_model", "huggingface_hub", "datasets.", "transformers.", "wandb.")

RULE = Rule(
    id="GR158",
    name="unpinned-artifact",
    gate="architecture",
    summary="A model or data set is fetched by a name that moves.",
    why="A branch, a stage, an alias or `latest` gives whatever somebody published last. Two replicas started an "
    "hour apart then rank differently, nothing records which model answered, and a rollback rolls back nothing.",
    remedy="Name an immutable version and check its digest: `revision=` with a commit id of 40 digits, "
    "`models:/name/7`, or a content-addressed bundle.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from huggingface_hub import hf_hub_download

            def fetch():
                return hf_hub_download('acme/ranker', 'model.onnx')
            """,
        ),
        example(
            """
            import mlflow

            def load():
                return mlflow.pyfunc.load_model('models:/ranker/Production')
            """,
        ),
        example(
            """
            from transformers import AutoModel

            def load():
                return AutoModel.from_pretrained('acme/ranker', revision='main')
            """,
        ),
        example(
            """
            import wandb

            def load():
                run = wandb.init()
                return run.use_artifact('acme/ranker:latest')
            """,
        ),
    ),
    good=(
        example(
            """
            from huggingface_hub import hf_hub_download

            def fetch():
                commit = '8b3f1c0e5d6a4b7c9e2f1a0d3c5b7e9f8a6d4c2b'
                return hf_hub_download('acme/ranker', 'model.onnx', revision=commit)
            """,
        ),
        example(
            """
            import mlflow

            def load():
                return mlflow.pyfunc.load_model('models:/ranker/7')
            """,
        ),
        example(
            """
            from transformers import AutoModel

            def load(folder, name, revision):
                return AutoModel.from_pretrained('./bundle'), AutoModel.from_pretrained(name, revision=revision)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every fetch whose name or revision is a constant that moves."""
    for call in module.facts.calls:
        if _moves(call):
            yield Found(call.line, call.scope, f"{call.name} fetches what its name means today", call.text)


def _moves(call: Call) -> bool:
    if call.has_unknown_keywords or "*" in call.arguments:
        return False
    first = call.arguments[0] if call.arguments else ""
    if _PRETRAINED.match(call.name) or call.name in _BY_REVISION:
        return _is_constant(first or call.keyword("repo_id") or "") and _is_unpinned(call, first)
    if _MLFLOW.match(call.name):
        return bool(_MOVING.match(first or call.keyword("model_uri") or ""))
    if call.name.rpartition(".")[2] in {"use_artifact", "use_model"} and call.name.startswith("wandb."):
        return bool(_LATEST.match(first))
    return False


def _is_unpinned(call: Call, first: str) -> bool:
    if _LOCAL.match(first) or call.keyword("local_files_only") == "True":
        return False
    revision = call.keyword("revision")
    return revision is None or (_is_constant(revision) and not _REVISION.match(revision))


def _is_constant(text: str) -> bool:
    return text[:1] in {"'", '"'} or text == "None"
