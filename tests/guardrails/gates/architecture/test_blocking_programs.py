"""The seeded programs of the benchmark, judged without running them."""

import pytest

from benchmarks.blocking import is_found, labels, programs

PROGRAMS = list(programs())


@pytest.mark.parametrize(("name", "seeded"), [(name, seeded) for name, seeded, _ in PROGRAMS])
def test_blocking_call_is_found_wherever_a_program_hides_it(name: str, seeded: dict[str, str]) -> None:
    assert is_found(seeded), name


def test_programs_without_a_blocking_call_are_clean() -> None:
    assert [name for name, _, clean in PROGRAMS if is_found(clean)] == []


def test_labels_name_each_finding_once_and_cover_enough_packages() -> None:
    verdicts = labels()
    assert len(verdicts) >= 100
    assert len({one.package for one in verdicts}) >= 5
