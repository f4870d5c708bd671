"""What the look-ups say is what the rules say of each row, and of two releases of one recording the first stands."""

from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_service.ranking.eligibility import ELIGIBLE, REASONS, screen_each
from reference_service.ranking.nouns import Context, Question, Surface
from reference_service.ranking.policy import POLICY
from reference_service.ranking.screening import Screening
from tests.reference_service.ranking.test_rank import CATALOGUE, IDS, TABLE, contexts, some_ids, surfaces

SCREENING = Screening(TABLE.every)
RECORDINGS = {item.id: item.recording for item in CATALOGUE}
RERELEASED = [name for name in IDS if [*RECORDINGS.values()].count(RECORDINGS[name]) > 1]


def forbidden(names: Iterable[str], question: Question) -> dict[str, str]:
    """Return why each of these ids may not be shown that may not, by every rule itself, one after the other."""
    ordered = sorted(names)
    codes = screen_each(TABLE.facts(TABLE.locate(ordered)), question).tolist()
    why, offered = dict[str, str](), set[str]()
    for name, code in zip(ordered, codes, strict=True):
        if code != ELIGIBLE:
            why[name] = REASONS[code]
        elif RECORDINGS[name] in offered:
            why[name] = "duplicate"
        else:
            offered.add(RECORDINGS[name])
    return why


@given(
    surfaces,
    contexts,
    st.frozensets(some_ids.filter(TABLE.rows.__contains__) | st.sampled_from(RERELEASED), max_size=80),
    st.sampled_from([2025, 2026, 2027, 2040]),
)
@settings(deadline=None, max_examples=300)
def test_it_forbids_what_the_rules_forbid_and_for_the_first_reason(
    surface: Surface, context: Context, names: frozenset[str], year: int
) -> None:
    worn = POLICY.worn(TABLE.kinds_of(context.recently_shown))
    now = datetime(year, 1, 1, tzinfo=UTC)
    question = Question(surface, context, now, 30, TABLE.playing(context.now_playing), worn)
    rows = TABLE.locate(sorted(names))
    screened = SCREENING.screen(rows, question)
    withheld = {entry.id: entry.reason for entry in screened.withheld}
    assert withheld == forbidden(names, question)
    assert [*withheld] == sorted(withheld)
    assert {IDS[row] for row in screened.rows.tolist()} == names - withheld.keys()
    assert rows.take(screened.places).tolist() == screened.rows.tolist() == sorted(screened.rows.tolist())
