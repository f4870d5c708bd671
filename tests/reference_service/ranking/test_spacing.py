"""Artist spacing against the plain definition that it must equal."""

from hypothesis import given
from hypothesis import strategies as st

from reference_service.ranking.spacing import space


def plainly(artists: list[str], gap: int, limit: int, before: list[str]) -> list[int]:
    left, heard, chosen = list(range(len(artists))), list(before), list[int]()
    while left and len(chosen) < limit:
        recent = heard[-gap:] if gap else []
        best = next((place for place in left if artists[place] not in recent), left[0])
        left.remove(best)
        chosen.append(best)
        heard.append(artists[best])
    return chosen


@given(
    st.lists(st.sampled_from("abcde"), max_size=40),
    st.integers(0, 4),
    st.integers(1, 50),
    st.lists(st.sampled_from("abz"), max_size=3),
)
def test_each_place_goes_to_the_best_that_may_stand_there(
    artists: list[str], gap: int, limit: int, before: list[str]
) -> None:
    assert space(artists, gap=gap, limit=limit, before=before) == plainly(artists, gap, limit, before)
