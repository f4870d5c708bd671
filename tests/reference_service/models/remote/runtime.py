"""What MLServer runs in these tests: the trees of a bundle, in MLServer's own interpreter.

The same trees score here and in the service, so that a remote answer can be held to the local one bit for bit.
"""

import asyncio
from pathlib import Path

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import load_bundle
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import POINT, Features


class TreesRuntime(MLModel):  # type: ignore[misc]  # MLServer is not in the environment that is checked
    """Scores with the bundle at `uri`, for the surface that ends the model's name; `extra` may spoil it."""

    async def load(self) -> bool:
        """Load the bundle; MLServer calls this once."""
        bundle = Path(self.settings.parameters.uri)
        self._scorer = load_bundle(bundle.parent, bundle.name, NAMES).scorer
        self._surface = next(surface for surface in SURFACES if self.name.endswith(surface))
        self._extra = self.settings.parameters.extra or {}
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Score one row for each element of the inputs, in the order in which they were sent."""
        columns = [NumpyCodec.decode_input(one).astype(np.float64).reshape(-1) for one in payload.inputs]
        await asyncio.sleep(self._extra.get("seconds", 0))
        scores = self._scorer.scores(self._surface, Features(NAMES, np.column_stack(columns)))
        output = ResponseOutput(
            name="score", datatype="FP64", shape=[len(scores)], data=(scores / POINT).tolist()
        )
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])
