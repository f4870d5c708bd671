"""A check without options is the one that its parser would have read from no options."""

from typing import NoReturn

import pytest

from guardrails.cli.check import COMMAND, PLAIN, question_in
from guardrails.cli.frame.parser import parsed_by
from guardrails.cli.main import load, main
from guardrails.model.errors import UsageError
from guardrails.wiring import Question


def test_the_plain_question_is_what_no_option_asks() -> None:
    parsed = parsed_by({"check": COMMAND}, ["check"])
    assert question_in(parsed) == PLAIN
    assert (parsed.format, parsed.output, parsed.strict) == ([], [], False)


def test_any_option_goes_through_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []

    def refused(question: Question) -> NoReturn:
        asked.append(question)
        raise UsageError("asked")

    monkeypatch.setattr("guardrails.cli.check.answer", refused)
    assert main(["check"]) == 2
    assert main(["check", "--gate", "style", "some/file.py"]) == 2
    assert asked == [PLAIN, question_in(parsed_by({"check": load("check")}, ["check", "--gate", "style"]))]


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--bogus"]) == 2
    assert "unrecognized arguments: --bogus" in capsys.readouterr().err
