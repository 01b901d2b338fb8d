"""W6's peer: the whole file by `json.load`, as LaMP's official code reads it. Same requests as w5.py's."""

from __future__ import annotations

import json
import resource
import sys
import time


def main() -> None:
    for line in sys.stdin:
        path = json.loads(line)["read"]
        wall, cpu = time.perf_counter(), time.process_time()
        with open(path, encoding="utf-8") as file:
            n = len(json.load(file))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(json.dumps({"wall": wall, "cpu": cpu, "peak_gb": peak, "records": n}), flush=True)


main()
