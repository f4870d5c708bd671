"""The verdict as one HTML file that stands alone: no script, no request, light and dark.

It is what people attach, archive and open from a build. This is only its door: all formats
are looked through to find the one asked for, and a check must not pay for pages.
"""

from collections.abc import Sequence

from guardrails.model.frozen import frozen
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.format import Format, Presentation


@frozen
class IndexRow:
    """One judged change in the index: what it is, what was expected, what came out and why.

    `link` leads to its report and may be empty; `seconds` is how long the judgement took.
    """

    name: str
    task: str
    expected: Outcome
    verdict: Outcome
    reason: str
    link: str
    seconds: float


def render_index(rows: Sequence[IndexRow]) -> str:
    """Return one HTML page over several judged changes, with a link to the report of each.

    Raises ToolMissing without jinja2.
    """
    # Imported here because only this format needs jinja2 and the types of a page.
    from guardrails.report.content.page import environment_of_pages  # noqa: PLC0415

    met = sum(row.verdict is row.expected for row in rows)
    return environment_of_pages().get_template("index.html.j2").render(rows=rows, met=met)


def _render(verdict: Verdict, presentation: Presentation) -> str:
    # Imported here for the same reason.
    from guardrails.report.content.page import report_page  # noqa: PLC0415

    return report_page(verdict, presentation)


FORMAT = Format(name="html", extension="html", render=_render)
