"""What a model server says of its model and of its scores, and whether that is what we serve.

Real servers score a request of another signature without a word: columns in another order, under other
names, or of another width come back as plausible numbers. So nothing of an answer is believed here that
was not compared with the signature first.

RemoteError
├── Unreachable   no answer: nobody listens, the connection broke, the time was up
├── Refused       an answer that says no: an HTTP status, a gRPC code
├── Nonsense      an answer that cannot be read, or scores that are no scores
└── Missigned     an answer of another model, version or signature than was agreed
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reference_service.ranking.nouns import POINT, FloatArray, IntArray

INPUT_TYPE = "FP32"
OUTPUT_TYPES = ("FP32", "FP64")
ANY = -1
GREATEST = 1_000.0
"""Points; a score beyond is no score of ours."""


class RemoteError(Exception):
    """A model server did not score; the message says what is wrong and is free of requests' content."""


class Unreachable(RemoteError):
    """No answer came: nobody listens, the connection broke, or the time was up."""


class Refused(RemoteError):
    """The server answered that it would not."""


class Nonsense(RemoteError):
    """The answer cannot be read, or what it holds are no scores."""


class Missigned(RemoteError):
    """The answer is of another model, version or signature than was agreed."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's name, its type as the protocol writes it, and its shape; -1 is any length."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{ascii(self.name)[:60]} {ascii(self.dtype)[1:-1][:10]} {list(self.shape)[:8]}"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a server says of a model: its name, the versions that it holds, its platform and its tensors."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: for which request, by which model and version, and its one tensor."""

    id: str
    model: str
    version: str
    tensor: Tensor
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Agreed:
    """The signature that every answer of one model must keep: what its metadata said at verification."""

    model: str
    version: str | None
    output: str
    dtype: str


def agree(metadata: Metadata, model: str, version: str | None, names: Sequence[str]) -> Agreed:
    """Return what answers will be held to, or raise Missigned at the first difference from our signature.

    The model takes one FP32 tensor of shape [-1] a feature, named as the feature, in our order, and gives
    one score a row. A single matrix is refused: it cannot say in which order its columns stand.
    """
    if metadata.name != model:
        raise Missigned(f"the server describes model {ascii(metadata.name)[:60]}; {model} was asked for")
    if version is not None and metadata.versions and version not in metadata.versions:
        held = ", ".join(ascii(one)[1:-1][:20] for one in metadata.versions[:8])
        raise Missigned(f"{model}: the server holds version {held}; {version} was asked for")
    expected = [Tensor(name, INPUT_TYPE, (ANY,)) for name in names]
    if len(metadata.inputs) != len(expected):
        raise Missigned(
            f"{model}: the server declares {len(metadata.inputs)} inputs; expected {len(expected)}, one"
            f" {INPUT_TYPE} [-1] a feature, in order: {', '.join(names)}"
        )
    for place, (declared, wanted) in enumerate(zip(metadata.inputs, expected, strict=True), 1):
        if declared != wanted:
            raise Missigned(f"{model}: input {place} is {declared}; expected {wanted}")
    if len(metadata.outputs) != 1 or not _is_column(metadata.outputs[0], ANY):
        declared_outputs = "; ".join(str(one) for one in metadata.outputs[:4]) or "none"
        raise Missigned(f"{model}: its outputs are {declared_outputs}; expected one FP32 or FP64 [-1]")
    output = metadata.outputs[0]
    return Agreed(model, version, output.name, output.dtype)


def _is_column(tensor: Tensor, rows: int) -> bool:
    return tensor.dtype in OUTPUT_TYPES and tensor.shape in {(rows,), (rows, 1)}


def scores_of(reply: Reply, agreed: Agreed, request_id: str, rows: int) -> IntArray:
    """Return the score of each row in millionths of a point, or raise Missigned or Nonsense."""
    if reply.model != agreed.model:
        raise Missigned(f"model {ascii(reply.model)[:60]} answered; {agreed.model} was asked")
    if reply.version != (agreed.version or ""):
        raise Missigned(
            f"{agreed.model}: version {ascii(reply.version)[:20]} answered; {agreed.version!a} was agreed"
        )
    if (reply.tensor.name, reply.tensor.dtype) != (agreed.output, agreed.dtype):
        raise Missigned(f"{agreed.model} answered {reply.tensor}; agreed was {agreed.output} {agreed.dtype}")
    if reply.id not in {"", request_id}:
        raise Nonsense(f"{agreed.model} answered another request than was asked")
    if not _is_column(reply.tensor, rows) or len(reply.values) != rows:
        raise Nonsense(
            f"{agreed.model} answered {reply.tensor} with {len(reply.values)} values for {rows} rows"
        )
    if not np.isfinite(reply.values).all() or (rows and np.abs(reply.values).max() > GREATEST):
        raise Nonsense(f"{agreed.model} answered scores that are not finite or beyond {GREATEST:g} points")
    whole: IntArray = np.rint(reply.values * POINT).astype(np.int64)
    return whole
