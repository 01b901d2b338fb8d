"""Streams: the tokens of `sample`, whoever else is in the batch, and a row that is free once nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tagpr_engine import live as live_module
from tagpr_engine import packed
from tagpr_engine.backbone import Backbone, load
from tagpr_engine.errors import EngineError
from tagpr_engine.live import Asked, Live
from tagpr_engine.picking import Params
from tagpr_engine.sampling import Limits, Request, sample

PROMPTS = [list(range(5, 5 + n)) for n in (1, 4, 30, 31)] + [[9, 8, 7, 6, 5]]


class Heard:
    """Who asked, and what came; `until`: tokens after which nobody waits any more."""

    def __init__(self, prompt: list[int], samples: int = 1, until: int = 1 << 30, **changes: object) -> None:
        fields: dict[str, object] = {"max_tokens": 12, "temperature": 0.0, "top_p": 1.0, "top_k": -1, "seed": 7}
        fields |= {"stop_ids": (2,), "stop_strings": (), **changes}
        self.tokens: list[list[int]] = [[] for _ in range(samples)]
        self.finish: list[str | None] = [None] * samples
        self.error: Exception | None = None
        gone = lambda: sum(len(t) for t in self.tokens) >= until  # noqa: E731
        self.request = Request(np.array(prompt), samples, Params(**fields), given_up=gone)  # type: ignore[arg-type]

    def token(self, sample: int, token: int, finish: str | None) -> None:
        assert self.finish[sample] is None
        self.tokens[sample].append(token)
        self.finish[sample] = finish

    def fail(self, error: Exception) -> None:
        self.error = error


def text(ids: list[int]) -> str:
    return "".join(chr(ord("a") + i % 26) for i in ids)


@pytest.fixture(scope="module", params=["qwen", "llama", "qwen, packed", "llama, packed"])
def backbone(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Iterator[Backbone]:
    name, *how = request.param.split(", ")
    with pytest.MonkeyPatch.context() as patch:
        if how:
            patch.setattr(packed, "BYTES", 0)
            patch.setattr(packed, "TAKEN", 0)
        yield load(folders[name], torch.float32, "cpu")


def run(live: Live, coming: list[Heard], every: int = 1) -> None:
    """One more request every so many turns."""
    turn = 0
    while coming or live.busy:
        if coming and turn % every == 0:
            heard = coming.pop(0)
            live.add(Asked(heard.request, heard))
        live.turn()
        turn += 1


def wanted(backbone: Backbone, heard: Heard) -> tuple[list[list[int]], list[bool]]:
    request = Request(heard.request.prompt, heard.request.num_samples, heard.request.params)
    found = sample(backbone, [request], Limits(), text)[0].sequences
    return [s.tokens.tolist() for s in found], [s.stopped for s in found]


@pytest.mark.parametrize("every", [1, 3, 40])
def test_a_stream_has_the_tokens_of_sample_alone_and_in_company(backbone: Backbone, every: int) -> None:
    asked = [Heard(p, max_tokens=8 + 5 * i) for i, p in enumerate(PROMPTS)]
    asked += [Heard(p, 3, temperature=0.9, top_p=0.8, seed=i, stop_ids=()) for i, p in enumerate(PROMPTS)]
    asked += [Heard(PROMPTS[2], 2, temperature=1.0, top_k=5)]
    run(Live(backbone, Limits(), text), list(asked), every)
    for heard in asked:
        tokens, stopped = wanted(backbone, heard)
        assert heard.tokens == tokens
        assert [f == "stop" for f in heard.finish] == stopped
    assert len({tuple(t) for heard in asked for t in heard.tokens}) > 10


def test_a_request_joins_those_under_way_at_the_next_token(backbone: Backbone) -> None:
    live, first, second = Live(backbone, Limits(), text), *(Heard(p, stop_ids=()) for p in PROMPTS[:2])
    live.add(Asked(first.request, first))
    for _ in range(3):
        live.turn()
    live.add(Asked(second.request, second))
    live.turn()
    assert len(live.rows) == 2 and len(second.tokens[0]) == 2 and len(first.tokens[0]) == 5


def test_who_goes_away_frees_the_row_between_two_tokens_and_costs_the_others_nothing(backbone: Backbone) -> None:
    live = Live(backbone, Limits(rows=2), text)
    leaver, stays, waits = Heard(PROMPTS[3], until=4), Heard(PROMPTS[1], stop_ids=()), Heard(PROMPTS[0], stop_ids=())
    never = Heard(PROMPTS[2], until=0)
    for heard in (leaver, stays, never, waits):
        live.add(Asked(heard.request, heard))
    run(live, [])
    assert len(leaver.tokens[0]) == 4 and leaver.finish == [None]
    assert never.tokens == [[]]
    for heard in (stays, waits):
        assert heard.tokens == wanted(backbone, heard)[0]
    assert live.plan.rows == 0 and live.plan.keys == []


def test_prompts_are_filled_a_few_at_a_time(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those under way do not wait for all that come."""
    monkeypatch.setattr(live_module, "PREFILL", 40)
    live, asked = Live(backbone, Limits(), text), [Heard([7] * 15, stop_ids=()) for _ in range(5)]
    for heard in asked:
        live.add(Asked(heard.request, heard))
    rows: list[int] = []
    while live.busy:
        live.turn()
        rows.append(len(live.rows))
    assert rows[:3] == [2, 4, 5]


def test_stop_strings_end_a_stream(backbone: Backbone) -> None:
    free = Heard(PROMPTS[3], stop_ids=(), max_tokens=20)
    run(Live(backbone, Limits(), text), [free])
    stop = Heard(PROMPTS[3], stop_ids=(), max_tokens=20, stop_strings=(text(free.tokens[0][5:8]),))
    run(Live(backbone, Limits(), text), [stop])
    assert stop.tokens == wanted(backbone, stop)[0] and stop.finish == ["stop"]


def test_what_can_never_fit_is_refused_and_what_can_waits(backbone: Backbone) -> None:
    live = Live(backbone, Limits(rows=4, tokens=90), text)
    for heard in (Heard([5], 5), Heard([5] * 20, 3)):
        with pytest.raises(EngineError, match="don't fit at once"):
            live.add(Asked(heard.request, heard))
    asked = [Heard([5] * 20, 2, stop_ids=(), seed=i) for i in range(4)]
    for heard in asked:
        live.add(Asked(heard.request, heard))
    live.turn()
    assert len(live.rows) == 2 and len(live.waiting) == 3
    run(live, [])
    assert all(f == "length" for heard in asked for f in heard.finish)


def test_a_fault_ends_all_of_them_and_not_those_that_come_later(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, one, two = Live(backbone, Limits(rows=1), text), Heard(PROMPTS[1]), Heard(PROMPTS[1])
    for heard in (one, two):
        live.add(Asked(heard.request, heard))
    live.turn()
    live.fail(RuntimeError("out of memory"))
    assert not live.busy and str(one.error) == str(two.error) == "out of memory"
    later = Heard(PROMPTS[1])
    run(live, [later])
    assert later.tokens == wanted(backbone, later)[0]
