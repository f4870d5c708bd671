"""Models of other kinds than trees, in process, by ONNX Runtime: one graph a surface.

Optional: a service that serves trees needs no ONNX Runtime. It runs on one thread and without spinning,
because its defaults cost twice the CPU for a list of 500.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from reference_service.models.documents import BundleError
from reference_service.models.scorer import columns_of
from reference_service.models.trees import Single
from reference_service.ranking.nouns import POINT, Features, FloatArray, IntArray, Parts, Surface

GREATEST = 1_000.0
"""Points; what a graph scores beyond is held at this, and what is no number comes last."""
NOWHERE = "/dev/null"


class OnnxScorer:
    """Scores with graphs of a bundle: float32 rows of shape (n, features) in, n float32 scores out.

    The only part of a score is `model`: such a graph does not say what each feature added.
    """

    tolerance = 10
    """Millionths by which processors may differ."""

    def __init__(self, digest: str, names: Sequence[str], graphs: Mapping[Surface, bytes]) -> None:
        """Raise BundleError where ONNX Runtime is missing, or a graph is broken or signed otherwise."""
        self.digest = digest
        self._names = tuple(names)
        self._graphs = {surface: _Graph(surface, graph, len(names)) for surface, graph in graphs.items()}

    def scores(self, surface: Surface, features: Features) -> IntArray:
        """Return the score of each row, in millionths of a point, or raise BundleError."""
        points = self._graphs[surface].run(columns_of(features, self._names))
        held = np.clip(np.nan_to_num(points, nan=-GREATEST), -GREATEST, GREATEST)
        whole: IntArray = np.rint(held * POINT).astype(np.int64)
        return whole

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:  # noqa: ARG002  the port's
        """Return the scores themselves, as the part `model`."""
        return Parts(("model",), scores[:, np.newaxis])


class _Graph:
    def __init__(self, surface: Surface, graph: bytes, width: int) -> None:
        self._place = f"{surface}.onnx"
        try:
            # Only here: it takes half a second, and only bundles of graphs need it.
            import onnxruntime  # noqa: PLC0415
            from onnxruntime.capi import onnxruntime_pybind11_state as faults  # noqa: PLC0415
        except ImportError:
            raise BundleError(
                f"{self._place}: ONNX Runtime is not installed; install onnxruntime, or name a bundle of trees"
                " in active.lock"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A graph may name files that hold its weights; those would be outside of what was verified.
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
        self._faults = (
            faults.Fail,
            faults.InvalidArgument,
            faults.InvalidGraph,
            faults.InvalidProtobuf,
            faults.NotImplemented,
            faults.RuntimeException,
            ValueError,
        )
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except self._faults as error:
            raise BundleError(f"{self._place}: cannot be loaded: {ascii(str(error))[1:200]}") from None
        self._check_signature(width)

    def _check_signature(self, width: int) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        found = [(one.type, list(one.shape)) for one in (*inputs, *outputs)]
        if len(inputs) != 1 or len(outputs) != 1 or {kind for kind, _ in found} != {"tensor(float)"}:
            raise BundleError(f"{self._place}: expected one float32 input and one output, found {found}")
        shape = list(inputs[0].shape)
        if len(shape) != 2 or isinstance(shape[0], int) or shape[1] != width:  # noqa: PLR2004  rows, columns
            raise BundleError(
                f"{self._place}: expected any number of rows of {width} features, found {shape}"
            )
        self._input = inputs[0].name

    def run(self, values: Single) -> FloatArray:
        """Return one score a row, in points."""
        if not len(values):
            return np.zeros(0)
        try:
            (scores,) = self._session.run(None, {self._input: values})
        except self._faults as error:
            # A graph can be sound and still not take these rows.
            raise BundleError(
                f"{self._place}: failed on {len(values)} rows: {ascii(str(error))[1:200]}"
            ) from None
        if scores.size != len(values):
            raise BundleError(
                f"{self._place}: {scores.shape} scores for {len(values)} rows; one each is needed"
            )
        points: FloatArray = scores.reshape(-1).astype(np.float64)
        return points
