"""Oblivious trees in plain numpy: the scores of the trainer, bit for bit, and what each feature added.

In an oblivious tree all nodes of a level ask one question, so a tree is a table and its leaf a number made
of one bit a level. 500 candidates are then a handful of array operations, which is why such a model costs
a tenth of a leaf-wise one (measured by `benchmarks/scoring.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reference_service.ranking.nouns import POINT, FloatArray, IntArray, Parts

Single = NDArray[np.float32]
Leaves = NDArray[np.uint8]

DEEPEST = 8
"""The most levels of a tree: the number of its leaf is one byte."""
BLOCK_ROWS, BLOCK_TREES = 512, 50
"""Rows and trees scored at a time, so that what is in between stays in the processor's cache."""
FINE = 20
"""Parts are added up in whole 2**-20 millionths, which no order of summation can change."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree of d levels.

    Level k asks whether column `columns[k]` is greater than `thresholds[k]`, both as float32; a missing
    value (NaN) is not. The answer is bit k of the leaf's number. `leaves` are the 2**d values in points,
    `cover` how many training rows each leaf held.
    """

    columns: tuple[int, ...]
    thresholds: tuple[float, ...]
    leaves: tuple[float, ...]
    cover: tuple[int, ...]


class Trees:
    """A sum of oblivious trees plus a bias; immutable, so it may be asked from any thread."""

    def __init__(self, trees: Sequence[Tree], bias: float) -> None:
        """Take at least one tree of at most DEEPEST levels; all numbers are finite."""
        self._bias = bias
        depth = max(len(tree.columns) for tree in trees)
        columns: IntArray = np.zeros((depth, len(trees)), dtype=np.int64)
        # No number is greater than infinity, so the levels that a shallow tree lacks answer no.
        thresholds: Single = np.full((depth, len(trees), 1), np.inf, dtype=np.float32)
        for number, tree in enumerate(trees):
            levels = len(tree.columns)
            columns[:levels, number] = tree.columns
            thresholds[:levels, number, 0] = tree.thresholds
        repeats = [2 ** (depth - len(tree.columns)) for tree in trees]
        leaves = np.array([tree.leaves * times for tree, times in zip(trees, repeats, strict=True)])
        cover = np.array(
            [tree.cover * times for tree, times in zip(trees, repeats, strict=True)], dtype=np.float64
        )
        self._groups = [
            _Group.of(columns[:, some], thresholds[:, some], leaves[some])
            for start in range(0, len(trees), BLOCK_TREES)
            for some in [slice(start, start + BLOCK_TREES)]
        ]
        self._shares = _Shares.of(columns, leaves, cover)

    def raw(self, values: Single) -> FloatArray:
        """Return the scores in points of rows of shape (n, columns), each as if it were the only row."""
        scores: FloatArray = np.zeros(len(values), dtype=np.float64)
        for start in range(0, len(values), BLOCK_ROWS):
            block = values[start : start + BLOCK_ROWS]
            # Of two rows and more numpy adds tree by tree, as the trainer does; a single one it adds
            # pairwise, which rounds differently.
            rows = block if len(block) > 1 else np.repeat(block, 2, axis=0)
            by_column = np.ascontiguousarray(rows.T)
            total: FloatArray = np.zeros(len(rows), dtype=np.float64)
            for group in self._groups:
                group.add(by_column, total)
            scores[start : start + BLOCK_ROWS] = total[: len(block)]
        return scores + self._bias

    def scores(self, values: Single) -> IntArray:
        """Return the scores of rows of shape (n, columns), in whole millionths of a point."""
        whole: IntArray = np.rint(self.raw(values) * POINT).astype(np.int64)
        return whole

    def parts(self, names: Sequence[str], values: Single, scores: IntArray) -> Parts:
        """Return what each column that is asked for added to these scores of these rows, and `base`.

        A level of a tree narrows the rows that can be meant; the change of their mean leaf, weighted by
        cover, belongs to the level's column (the path attribution of A. Saabas, "Interpreting random
        forests", 2014). `base` is the mean of all training rows, plus what rounding left over, so that
        parts sum to the score exactly.
        """
        by_column = np.ascontiguousarray(values.T)
        numbers = [group.leaf_numbers(by_column) for group in self._groups]
        added = self._shares.added(np.concatenate(numbers))
        base = scores - added.sum(axis=0)
        return Parts(
            ("base", *(names[column] for column in self._shares.columns)), np.vstack((base, added)).T
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """Some of the trees, all filled up to one depth.

    columns     (depth, trees), the deepest level first
    thresholds  (depth, trees, 1), likewise
    leaves      all leaves of the first tree, then of the second ...
    first       (trees, 1), where each tree's leaves start
    """

    columns: IntArray
    thresholds: Single
    leaves: FloatArray
    first: IntArray

    @classmethod
    def of(cls, columns: IntArray, thresholds: Single, leaves: FloatArray) -> "_Group":
        """Return the group of these trees, whose levels are given from the root down."""
        first = np.arange(len(leaves), dtype=np.int64)[:, np.newaxis] * leaves.shape[1]
        return cls(np.ascontiguousarray(columns[::-1]), thresholds[::-1].copy(), leaves.ravel(), first)

    def add(self, by_column: Single, total: FloatArray) -> None:
        """Add to `total` each tree's leaf, in the order of the trees, for rows of shape (columns, n)."""
        at = self.leaf_numbers(by_column).astype(np.int64)
        at += self.first
        leaves = self.leaves.take(at, mode="clip")
        leaves[0] += total
        np.add.reduce(leaves, axis=0, out=total)

    def leaf_numbers(self, by_column: Single) -> Leaves:
        """Return the leaf of each tree for each row, of shape (trees, n)."""
        numbers: Leaves = np.zeros((len(self.first), by_column.shape[1]), dtype=np.uint8)
        for columns, thresholds in zip(self.columns, self.thresholds, strict=True):
            above = by_column.take(columns, axis=0) > thresholds
            np.add(numbers, numbers, out=numbers)
            np.bitwise_or(numbers, above.view(np.uint8), out=numbers)
        return numbers


@dataclass(frozen=True, slots=True)
class _Shares:
    """What each column adds by tree and leaf.

    columns  the columns that some tree asks for, ascending
    trees    the tree of each row of `table`; rows are grouped by column
    starts   the first row of each column's group
    first    (rows, 1), where each row's leaves start in the flat table
    table    by row and leaf, in 2**-FINE millionths
    """

    columns: tuple[int, ...]
    trees: IntArray
    starts: IntArray
    first: IntArray
    table: IntArray

    @classmethod
    def of(cls, columns: IntArray, leaves: FloatArray, cover: FloatArray) -> "_Shares":
        """Return the shares of trees whose levels ask for `columns`, of shape (levels, trees)."""
        steps = _steps(leaves, cover)
        asked = {
            (int(columns[level, tree]), tree)
            for level, tree in np.ndindex(columns.shape)
            if steps[level, tree].any()
        }
        pairs = sorted(asked)
        rows = [
            steps[:, tree][columns[:, tree] == column].sum(axis=0) * POINT * 2.0**FINE
            for column, tree in pairs
        ]
        every = sorted({column for column, _ in pairs})
        firsts = [next(row for row, pair in enumerate(pairs) if pair[0] == column) for column in every]
        return cls(
            columns=tuple(every),
            trees=np.array([tree for _, tree in pairs], dtype=np.int64),
            starts=np.array(firsts, dtype=np.int64),
            first=np.arange(len(rows), dtype=np.int64)[:, np.newaxis] * leaves.shape[1],
            table=np.rint(np.array(rows).reshape(len(rows), leaves.shape[1])).astype(np.int64),
        )

    def added(self, numbers: Leaves) -> IntArray:
        """Return the millionths that each column added, of shape (columns, n), given leaves (trees, n)."""
        if not self.columns:
            return np.zeros((0, numbers.shape[1]), dtype=np.int64)
        at = numbers[self.trees].astype(np.int64)
        at += self.first
        picked = self.table.take(at, mode="clip")
        sums: IntArray = np.add.reduceat(picked, self.starts, axis=0)
        whole: IntArray = (sums + 2 ** (FINE - 1)) >> FINE
        return whole


def _steps(leaves: FloatArray, cover: FloatArray) -> FloatArray:
    """Return by level, tree and leaf how the mean changes at that level on the way to the leaf."""
    depth = leaves.shape[1].bit_length() - 1
    means = [_means(leaves, cover, level) for level in range(depth + 1)]
    return np.array([after - before for before, after in pairwise(means)])


def _means(leaves: FloatArray, cover: FloatArray, level: int) -> FloatArray:
    """Return by tree and leaf the mean over the leaves that share its first `level` answers."""
    trees, count = leaves.shape
    groups = (trees, count >> level, 1 << level)
    values, weights = leaves.reshape(groups), cover.reshape(groups)
    # Where no training row ever came, all leaves count alike.
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
    means = (values * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    return np.broadcast_to(means, groups).reshape(trees, count)
