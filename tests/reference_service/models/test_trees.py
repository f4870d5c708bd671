"""The tree evaluator beside a loop that a child could follow, bit for bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_service.models.trees import BLOCK_ROWS, BLOCK_TREES, Single, Tree, Trees
from reference_service.ranking.nouns import POINT

WIDTH = 3
NAMES = ("a", "b", "c")
# Few values, so that rows often stand exactly on a threshold.
THRESHOLDS = (-1.5, -0.0, 0.1, float(np.float32(0.1)), 1.0, 3.0e38)
singles = st.sampled_from([float(np.float32(value)) for value in THRESHOLDS])
cells = singles | st.sampled_from([math.nan, math.inf, -math.inf, 0.25])


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    depth = draw(st.integers(1, 4))
    count = 2**depth
    return Tree(
        columns=tuple(draw(st.lists(st.integers(0, WIDTH - 1), min_size=depth, max_size=depth))),
        thresholds=tuple(draw(st.lists(singles, min_size=depth, max_size=depth))),
        leaves=tuple(draw(st.lists(st.floats(-1000, 1000), min_size=count, max_size=count))),
        cover=tuple(draw(st.lists(st.integers(0, 50), min_size=count, max_size=count))),
    )


forests = st.lists(trees(), min_size=1, max_size=12)
tables = st.lists(st.lists(cells, min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=6).map(
    lambda rows: np.array(rows, dtype=np.float32)
)


def leaf_of(tree: Tree, row: Single) -> int:
    return sum(
        1 << level
        for level, (column, threshold) in enumerate(zip(tree.columns, tree.thresholds, strict=True))
        if row[column] > np.float32(threshold)
    )


def mean_of(tree: Tree, leaf: int, level: int) -> float:
    """The mean over the leaves that share the first `level` answers of this one."""
    mask = (1 << level) - 1
    reached = [number for number in range(len(tree.leaves)) if number & mask == leaf & mask]
    cover = [tree.cover[number] for number in reached]
    weights = cover if sum(cover) else [1] * len(reached)
    return sum(tree.leaves[n] * w for n, w in zip(reached, weights, strict=True)) / sum(weights)


@given(forests | forests.map(lambda forest: forest * 13), st.floats(-10, 10), tables)
@settings(deadline=None)
def test_scores_are_those_of_a_plain_loop_to_the_last_bit(
    forest: list[Tree], bias: float, rows: Single
) -> None:
    expected = []
    for row in rows:
        total = 0.0
        for tree in forest:
            total += tree.leaves[leaf_of(tree, row)]
        expected.append(total + bias)
    assert Trees(forest, bias).raw(rows).tolist() == expected


@given(forests, tables)
@settings(deadline=None)
def test_parts_sum_to_scores_and_each_is_what_the_path_says(forest: list[Tree], rows: Single) -> None:
    model = Trees(forest, 0.5)
    scores = model.scores(rows)
    parts = model.parts(NAMES, rows, scores)
    assert parts.values.sum(axis=1).tolist() == scores.tolist()
    assert parts.names[0] == "base"
    for number, row in enumerate(rows):
        expected = dict.fromkeys(NAMES, 0.0)
        for tree in forest:
            leaf = leaf_of(tree, row)
            for level, column in enumerate(tree.columns):
                step = mean_of(tree, leaf, level + 1) - mean_of(tree, leaf, level)
                expected[NAMES[column]] += step
        said = dict(zip(parts.names, parts.values[number].tolist(), strict=True))
        for name, points in expected.items():
            assert said.get(name, 0) == pytest.approx(points * POINT, abs=1.0)
        mean = 0.5 + sum(mean_of(tree, 0, 0) for tree in forest)
        assert said["base"] == pytest.approx(mean * POINT, abs=1.0 + len(NAMES))


@given(forests, tables)
@settings(deadline=None)
def test_a_row_scores_and_explains_alike_alone_and_in_company(forest: list[Tree], rows: Single) -> None:
    # More than one group of trees, so that groups must be added in order too.
    model = Trees(forest * BLOCK_TREES, 0.0)
    together = model.raw(rows)
    parts = model.parts(NAMES, rows, model.scores(rows)).values
    for number in range(len(rows)):
        alone = rows[number : number + 1]
        assert model.raw(alone)[0] == together[number]
        assert (model.parts(NAMES, alone, model.scores(alone)).values[0] == parts[number]).all()


def test_no_row_is_lost_where_blocks_meet() -> None:
    tree = Tree((0,), (0.5,), (1.0, 2.0), (1, 1))
    for count in (0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 1):
        rows = (np.arange(count, dtype=np.float32) % 2).reshape(-1, 1)
        assert Trees([tree], 0.0).raw(rows).tolist() == [1.0 + number % 2 for number in range(count)]


def test_a_column_that_changes_nothing_has_no_part() -> None:
    tree = Tree((0, 1), (0.5, 0.5), (1.0, 2.0, 1.0, 2.0), (1, 1, 1, 1))
    rows = np.ones((2, WIDTH), dtype=np.float32)
    model = Trees([tree], 0.0)
    assert model.parts(NAMES, rows, model.scores(rows)).names == ("base", "a")


def test_trees_that_say_one_thing_only_explain_it_as_base() -> None:
    model = Trees([Tree((0,), (0.5,), (1.0, 1.0), (1, 1))], 0.25)
    rows = np.zeros((2, WIDTH), dtype=np.float32)
    parts = model.parts(NAMES, rows, model.scores(rows))
    assert (parts.names, parts.values.tolist()) == (("base",), [[1_250_000], [1_250_000]])
