"""What is forbidden is found however it is hidden, or what hides it is a finding of its own."""

import pytest

from guardrails.model.finding import Effect
from tests.guardrails.gates.architecture.evasions.attempts import POLICY, Files, attempts
from tests.guardrails.gates.architecture.judged import POLICY as POLICY_FILE
from tests.guardrails.gates.architecture.judged import found


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in attempts()])
def test_attempt_is_caught_or_fails_closed(files: Files) -> None:
    findings = found({**files, POLICY_FILE: POLICY})
    assert {one.effect for one in findings} & {Effect.BLOCK, Effect.REVIEW, Effect.UNDECIDED}
    assert {one.location.path for one in findings} <= set(files)


def test_there_are_as_many_attempts_as_are_promised() -> None:
    assert len(list(attempts())) >= 100


def test_honest_code_of_the_same_shape_is_clean() -> None:
    honest = {
        "app/handler.py": "import asyncio\n\n\nasync def handler():\n    await asyncio.sleep(1)\n",
        "ranking/order.py": "def order(cards, now):\n    return sorted(cards, key=lambda card: (now, card.id))\n",
        "shop/core/a.py": "from shop.core import b\n\nX = b\n",
        "shop/core/b.py": "import math\n\nROOT = math.sqrt(2)\n",
    }
    assert found({**honest, POLICY_FILE: POLICY}) == ()
