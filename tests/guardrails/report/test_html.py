"""The HTML report as a browser and its reader meet it: one file, no script, nothing hostile alive."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from guardrails.model.errors import ToolMissing
from guardrails.model.evidence import Interval, Transcript, Witness
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.rule import Rule
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.format import Presentation
from guardrails.report.html import FORMAT, IndexRow, render_index
from tests.reports.any_verdict import verdicts
from tests.reports.rich import presented, rich_verdict

CHROMIUM = Path("/usr/bin/chromium")
VOID = {"meta", "br", "line", "circle"}
MOST_BYTES = 150_000


class Outline(HTMLParser):
    """Reads a page strictly: every element closed in order, headings and ids collected."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.attributes: set[str] = set()
        self.unscoped = 0
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        named = dict(attrs)
        self.attributes |= set(named)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.targets += [named["href"] or ""] if "href" in named else []
        self.unscoped += tag == "th" and "scope" not in named
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def _page(verdict: Verdict | None = None) -> str:
    return FORMAT.render(verdict or rich_verdict(), presented())


def _rows() -> list[IndexRow]:
    good = IndexRow(
        "good-feature", "Show concerts.", Outcome.PASS, Outcome.PASS, "no findings", "good.html", 12.34
    )
    task = "<script>document.title='owned'</script>\x1b[2J"
    return [good, IndexRow("clock", task, Outcome.BLOCK, Outcome.REVIEW, "GR104 a clock is read", "", 4.0)]


PAGES = pytest.mark.parametrize("page", [_page(), render_index(_rows())], ids=["report", "index"])


@PAGES
def test_page_is_accessible_in_structure(page: str) -> None:
    outline = Outline(page)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(
        deeper - shallower <= 1
        for shallower, deeper in zip(outline.headings, outline.headings[1:], strict=False)
    )
    assert outline.tags["main"] == outline.tags["header"] == 1
    assert outline.unscoped == 0
    assert len(set(outline.ids)) == len(outline.ids)
    assert '<html lang="en">' in page


@PAGES
def test_page_has_no_script_no_inline_handler_and_asks_for_nothing(page: str) -> None:
    outline = Outline(page)
    assert not set(outline.tags) & {"script", "img", "link", "iframe", "object", "base", "form"}
    assert not {name for name in outline.attributes if name.startswith("on") or name in {"style", "src"}}
    assert "url(" not in page
    assert "default-src 'none'; style-src 'sha256-" in page


def test_links_within_the_page_have_a_target() -> None:
    outline = Outline(_page())
    inner = {target[1:] for target in outline.targets if target.startswith("#")}
    assert inner
    assert inner <= set(outline.ids)


def test_place_links_to_its_line_under_a_web_address_only() -> None:
    assert (
        'href="https://git.example/now-playing/blob/1f0e2d3c4b5a/reference_service/api/cards.py#L41"'
        in _page()
    )
    assert "javascript:" not in FORMAT.render(rich_verdict(), Presentation(link_base="javascript:alert(1)//"))


@settings(max_examples=40, deadline=None)
@given(verdicts())
def test_any_verdict_is_a_sound_page_within_its_size(verdict: Verdict) -> None:
    page = FORMAT.render(verdict, Presentation())
    assert not set(Outline(page).tags) & {"script", "img", "link", "iframe"}
    assert len(page.encode()) <= MOST_BYTES


def _many(number: int, message: str) -> Verdict:
    said = (
        Transcript("uvicorn app", message * 3),
        Interval("CPU per request", "ms", 2.0, 1.0, 3.0, 0.95, 40),
    )
    findings = (
        Finding(
            "GR101",
            "architecture",
            effect,
            Location(f"service/api/module_{at}.py", at),
            message,
            "Await it.",
            evidence=said,
        )
        for at, effect in zip(range(number), list(Effect) * number, strict=False)
    )
    return replace(rich_verdict(), findings=tuple(findings))


def test_500_findings_are_all_shown_in_150_kb() -> None:
    page = _page(_many(500, "requests.get is reached from an async handler and holds the loop."))
    assert all(f"service/api/module_{at}.py:{at}<" in page for at in range(1, 500))
    assert len(page.encode()) <= MOST_BYTES


def test_findings_that_do_not_fit_are_counted() -> None:
    page = _page(_many(500, "漢" * 590))
    assert len(page.encode()) <= MOST_BYTES
    shown = sum(f"service/api/module_{at}.py:{at}<" in page for at in range(1, 500)) + 1
    assert f"{500 - shown} more findings are in the JSON report." in page


def test_findings_that_do_not_count_are_bounded_and_counted_too() -> None:
    old = tuple(replace(one, status=Status.OLD) for one in _many(500, "漢" * 590).findings)
    page = _page(replace(rich_verdict(), findings=old))
    assert len(page.encode()) <= MOST_BYTES
    shown = page.count('<td class="status">old</td>')
    assert shown > 10
    assert f"{500 - shown} more are in the JSON report." in page


def test_rules_that_do_not_fit_are_not_linked() -> None:
    findings = tuple(
        Finding(f"GR{at}", "style", Effect.NOTE, Location("a.py", at), "m", "r") for at in range(99)
    )

    def explain(rule_id: str) -> Rule:
        return Rule(rule_id, "a-name", "style", "a summary", "why " * 400, "remedy", Effect.NOTE)

    outline = Outline(
        FORMAT.render(replace(rich_verdict(), findings=findings), Presentation(explain=explain))
    )
    inner = {target[1:] for target in outline.targets if target.startswith("#")}
    assert 10 < len(inner) < 99
    assert inner <= set(outline.ids)


def test_index_says_how_many_came_out_as_expected() -> None:
    page = render_index(_rows())
    assert "1 of 2 as expected" in page
    assert page.count("not as expected") == 1
    assert r"&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;\x1b[2J" in page


def test_index_of_nothing_is_no_success() -> None:
    assert 'class="verdict block"' in render_index([])


def test_missing_jinja2_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ToolMissing, match=r"pip install guardrails-harness\[html\]"):
        _page()


def test_importing_the_format_does_not_import_jinja2() -> None:
    code = "import sys, guardrails.report.html; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def _in_chromium(page: str, folder: Path) -> tuple[str, str]:
    """Return the page's DOM and what its console said, in a browser that can reach no host."""
    if not CHROMIUM.exists():
        pytest.skip("needs /usr/bin/chromium: apt-get install chromium")
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--enable-logging=stderr",
    ]
    offline = [f"--user-data-dir={folder / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"]
    done = subprocess.run(
        [str(CHROMIUM), *flags, *offline, file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@PAGES
def test_browser_shows_the_page_without_complaint(page: str, tmp_path: Path) -> None:
    dom, console = _in_chromium(page, tmp_path)
    assert console == ""
    assert re.search("<title>.*Guardrails</title>", dom)
    assert dom.count("<tr>") == page.count("<tr>")


def test_browser_refuses_whatever_the_policy_does_not_name(tmp_path: Path) -> None:
    injected = "<script>document.title='owned'</script><img src='https://evil.example/x.png'></main>"
    dom, console = _in_chromium(_page().replace("</main>", injected), tmp_path)
    assert "<title>owned" not in dom
    assert console.count("Content Security Policy") == 2


def test_long_request_is_folded_and_whole() -> None:
    body = ", ".join(f"track-{number}" for number in range(500))
    witness = Witness(f"curl -d '[{body}]' http://localhost/v1/up-next:rank", "200", "500")
    finding = Finding("GR1", "golden", Effect.BLOCK, Location("g"), "m", "r", evidence=(witness,))
    page = _page(replace(rich_verdict(), findings=(finding,)))
    shown, folded = page.split("<summary>The whole request</summary>")
    assert "track-250" not in shown
    assert f"[{body}]" in folded
