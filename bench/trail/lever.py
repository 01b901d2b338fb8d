"""Gate 4's verdict, from what reinforce.py printed: one file a seed and signal.

    .venv/bin/python bench/trail/lever.py NAME SEED…     reads .cache/trail/SEED/NAME-{none,oracle,placebo}.json

A seed's difference is paired by query, its standard error too; the mean's is over seeds. The gate, each of the seeds'
mean: oracle - none at least .05, placebo - none within .015, the signal's share of the advantages at least .15.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

BOUNDS = {"oracle": (0.05, 1.0), "placebo": (-0.015, 0.015)}


def told(seed: str, name: str, signal: str) -> dict[str, Any] | None:
    file = Path(".cache/trail") / seed / f"{name}-{signal}.json"
    return json.loads(file.read_text()) if file.exists() else None


def hits(found: dict[str, Any], which: str) -> list[int]:
    return [int(hit) for hit in found[which]]


def paired(a: list[int], b: list[int]) -> tuple[float, float]:
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return mean(differences), stdev(differences) / math.sqrt(len(differences))


def main() -> None:
    name, seeds = sys.argv[1], sys.argv[2:]
    for which in ("hits", "last"):
        print("best of the looks" if which == "hits" else "last weights")
        for signal, (low, high) in BOUNDS.items():
            found = [(s, told(s, name, "none"), told(s, name, signal)) for s in seeds]
            pairs = [(s, none, one) for s, none, one in found if none and one and which in one]
            over = []
            for seed, none, one in pairs:
                over.append(paired(hits(one, which), hits(none, which)))
                print(
                    f"  seed {seed}: none {mean(hits(none, which)):.3f}, {signal} {mean(hits(one, which)):.3f},"
                    f" difference {over[-1][0]:+.4f} (se {over[-1][1]:.4f}), share {one['share of advantages']}"
                )
            if len(over) > 1:
                middle, share = mean(d for d, _ in over), mean(one["share of advantages"] for _, _, one in pairs)
                error = stdev(d for d, _ in over) / math.sqrt(len(over))
                inside = low <= middle <= high and (signal == "placebo" or share >= 0.15)
                print(
                    f"  {signal} - none, {len(over)} seeds: {middle:+.4f} (se over seeds {error:.4f}, by queries alone"
                    f" {math.sqrt(sum(e * e for _, e in over)) / len(over):.4f}), share {share:.3f}:"
                    f" {'as' if inside else 'not as'} the gate asks"
                )


if __name__ == "__main__":
    main()
