"""Makes tests/golden/eval/statistics.json: Wilson's intervals by scipy, pass@k by counting subsets.

    python3 make_statistics_goldens.py ../../tests/golden/eval
"""

import itertools
import json
import pathlib
import sys

from scipy.stats import binomtest


def pass_at_k(n, c, k):
    """The share of all k-subsets of n samples, c of them right, that hold a right one."""
    samples = [1] * c + [0] * (n - c)
    subsets = list(itertools.combinations(samples, k))
    return sum(any(subset) for subset in subsets) / len(subsets)


def main(folder):
    intervals = []
    for n, c in [(1, 0), (1, 1), (10, 3), (30, 0), (30, 30), (200, 187), (1319, 11), (5000, 2500)]:
        interval = binomtest(c, n).proportion_ci(0.95, method="wilson")
        intervals.append({"n": n, "c": c, "low": interval.low, "high": interval.high})
    passes = [
        {"n": n, "c": c, "k": k, "value": pass_at_k(n, c, k)}
        for n in (1, 2, 5, 9)
        for c in range(n + 1)
        for k in range(1, n + 1)
    ]
    text = json.dumps({"wilson": intervals, "pass_at_k": passes}, indent=0)
    (pathlib.Path(folder) / "statistics.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
