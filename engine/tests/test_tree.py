"""The prefix tree: every token keeps its place, shared prefixes are computed once, cuts change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import group_tokens

from tagpr_engine.tree import narrow, order, pack, split


@pytest.mark.parametrize("seed", range(5))
def test_every_sequence_can_be_read_back(seed: int) -> None:
    sequences = group_tokens(seed)
    packed = pack(sequences)
    for sequence, index in zip(sequences, packed.index, strict=True):
        assert np.array_equal(packed.tokens[index], sequence)
        assert np.array_equal(packed.positions[index], np.arange(sequence.size))


def test_shared_prefixes_are_computed_once() -> None:
    prompt = np.arange(50, dtype=np.int64)
    sequences = [np.concatenate([prompt, np.full(7, 60 + i)]) for i in range(5)]
    assert pack(sequences).tokens.size == 50 + 5 * 7
    assert pack([prompt, prompt, prompt]).tokens.size == 50


def test_prefixes_of_prefixes_go_as_deep_as_they_like() -> None:
    whole = np.arange(16 * 1_200, dtype=np.int64)
    sequences = [whole[: 16 * (i + 1)] for i in range(1_200)]
    packed = pack(sequences)
    assert packed.tokens.size == whole.size
    assert all(np.array_equal(packed.tokens[index], s) for s, index in zip(sequences, packed.index, strict=True))


def test_users_do_not_share_what_stands_behind_them() -> None:
    prompt = np.arange(50, dtype=np.int64)
    sequences = [np.concatenate([[-1 - user], prompt]).astype(np.int64) for user in (0, 0, 3)]
    assert pack(sequences).tokens.size == 2 * 51


def test_pieces_keep_the_budget_and_every_sequence() -> None:
    sequences = group_tokens()
    for budget in (1, 60, 100, 10_000):
        pieces = split(sequences, budget, order(sequences))
        assert sorted(i for piece in pieces for i in piece) == list(range(len(sequences)))
        for piece in pieces:
            assert len(piece) == 1 or pack([sequences[i] for i in piece]).tokens.size <= budget


def test_a_unit_is_never_cut() -> None:
    sequences = [np.arange(30, dtype=np.int64) + 100 * i for i in range(6)]
    pieces = split(sequences, 40, [0, 3, 1, 4, 2, 5], glue=[0, 1, 2, 0, 1, 2])
    assert pieces == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize("seed", range(5))
def test_a_narrow_row_sees_what_stood_before_it_and_nothing_else(seed: int) -> None:
    sequences = group_tokens(seed)
    packed = pack(sequences)
    before = {int(index[at]): index[: at + 1].tolist() for index in packed.index for at in range(index.size)}
    wanted = np.random.default_rng(seed).choice(packed.tokens.size, 1 + seed * 12)
    rows, positions = narrow(packed.rows, wanted)
    assert set(wanted.tolist()) <= set(positions.tolist())
    assert np.array_equal(positions, np.unique(positions))
    for group in rows:
        path = [p for lo, hi in group.path for p in range(lo, hi)]
        lo, at = group.lo, group.at
        for length in group.lengths:
            for i in range(length):
                assert path + list(range(lo, lo + i + 1)) == before[int(positions[at + i])]
            lo, at = lo + length, at + length


def test_only_the_last_token_of_a_prompt_has_queries_where_completions_are_looked_at() -> None:
    prompt = np.arange(50, dtype=np.int64)
    sequences = [np.concatenate([prompt, np.full(7, 60 + i)]) for i in range(5)]
    packed = pack(sequences)
    looked = np.concatenate([index[49:] for index in packed.index])
    rows, positions = narrow(packed.rows, looked)
    assert positions.tolist() == list(range(49, 50 + 5 * 7))
    assert [len(group.lengths) for group in rows] == [1, 5]
