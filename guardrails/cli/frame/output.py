"""Where reports go: which format for whom, and each to its file or to standard output."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from guardrails.cli.frame.audience import default_format, width_and_colour
from guardrails.model.errors import UsageError
from guardrails.model.verdict import Verdict
from guardrails.report.format import Presentation
from guardrails.wiring import explained, format_names, report_format


def check_formats(names: Sequence[str], outputs: Sequence[str]) -> None:
    """Raise UsageError before any work is done when the reports asked for cannot be written."""
    known = format_names()
    for name in names:
        if name not in known:
            raise UsageError(f"--format {name}: no such format; choose from {', '.join(sorted(known))}")
    if len(outputs) > max(1, len(names)):
        raise UsageError("--output is given more often than --format; give each output its format")
    if len(names) - len(outputs) > 1:
        raise UsageError("only one report can go to standard output; give each other --format its --output")
    if len({os.path.abspath(output) for output in outputs}) < len(outputs):  # noqa: PTH100 - no links followed
        raise UsageError("two reports would go to one --output; give each a file of its own")
    for output in outputs:
        if Path(output).is_dir():
            raise UsageError(f"--output {output}: this is a folder; name a file in it")
        if not Path(output).absolute().parent.is_dir():
            raise UsageError(f"--output {output}: there is no such folder; make it first")


def write_reports(verdict: Verdict, names: Sequence[str], outputs: Sequence[str]) -> None:
    """Write the verdict in each format to its output; raises UsageError where a file cannot be written."""
    chosen = list(names) or [default_format(os.environ)]
    for index, name in enumerate(chosen):
        if index < len(outputs):
            _write_file(
                report_format(name).render(verdict, Presentation(explain=explained)), Path(outputs[index])
            )
        else:
            _write_standard_output(verdict, name)


def _write_standard_output(verdict: Verdict, name: str) -> None:
    sys.stdout.buffer.write(text_of(verdict, name))
    sys.stdout.buffer.flush()


def text_of(verdict: Verdict, name: str) -> bytes:
    """Return the report in the format of that name, as it is written to standard output."""
    width, colour = width_and_colour()
    presentation = Presentation(width=width, colour=colour, explain=explained)
    return report_format(name).render(verdict, presentation).encode("utf-8", "backslashreplace")


def _write_file(text: str, path: Path) -> None:
    """Write beside the target and rename, so that no reader ever sees half a report."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"--output {path}: {error.strerror}; give a place that can be written") from error
