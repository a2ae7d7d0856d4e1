"""Reward and length of answers over the steps of a `frugal reinforce`, as two pictures.

    python tools/reward_curves.py RUN --out docs/claims/NAME

RUN/metrics.jsonl becomes NAME-reward.svg and NAME-length.svg: each step pale, and the mean of the
eleven steps around it.
"""

import argparse
import json
import pathlib
import statistics

from picture import Picture

AROUND = 5


def smooth(values):
    return [statistics.mean(values[max(0, i - AROUND):i + AROUND + 1]) for i in range(len(values))]


def picture(steps, values, caption, digits):
    room = 1.3  # for the names of the curves, which stand at the top
    drawn = Picture(steps[-1], min(values), room * max(values), caption, 200, digits)
    drawn.curve("mean of 11 steps", list(zip(steps, smooth(values))))
    drawn.curve("each step", list(zip(steps, values)), faint=True)
    return drawn.text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--out", required=True)
    o = parser.parse_args()
    lines = [json.loads(line) for line in (o.run / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines]
    for key, what, digits in (("reward", "mean reward of the answers", 2),
                              ("length", "tokens an answer", 0)):
        path = pathlib.Path(f"{o.out}-{key}.svg")
        path.write_text(picture(steps, [line[key] for line in lines],
                                f"steps (to {steps[-1]:,}), {what}", digits))
        print(path)


if __name__ == "__main__":
    main()
