"""The peers of W5, timed from inside: one JSON request a line on stdin, one JSON answer a line on stdout."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

try:
    import numpy as np
    from rank_bm25 import BM25Okapi
    from rouge_score import rouge_scorer
except ImportError as error:
    sys.exit(f"{error}. Install the peers: .venv/bin/python -m pip install -e 'engine[bench]'")

SCORER = rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=False)


def rouge(pairs: list[list[str]]) -> list[list[float]]:
    scored = [SCORER.score(reference, prediction) for reference, prediction in pairs]
    return [[one["rouge1"].fmeasure, one["rougeL"].fmeasure] for one in scored]


def bm25(rows: list[list[Any]]) -> list[list[float]]:
    out: list[list[float]] = []
    for docs, query in rows:
        index = BM25Okapi([doc.split() for doc in docs])
        # What its get_top_n does, keeping the scores.
        scores = index.get_scores(query.split())
        np.argsort(scores)[::-1][:8]
        out.append(scores.tolist())
    return out


def main() -> None:
    data: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            data = request["load"]
            print(json.dumps({"ready": True}), flush=True)
            continue
        work = request["work"]
        wall, cpu = time.perf_counter(), time.process_time()
        result = rouge(data["pairs"]) if work == "rouge" else bm25(data["rows"])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(json.dumps({"wall": wall, "cpu": cpu, "peak_gb": peak, "result": result}), flush=True)


main()
