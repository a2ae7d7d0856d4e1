"""What the tools that check a claim by running frugal have in common."""

import argparse
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parse(doc, source, out, **more):
    """Options of a tool that reads `source` and writes into runs/`out`, which is made here; `more`
    are defaults of options of its own, with their types."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument(source, type=pathlib.Path)
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "runs" / out)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "bin" / "frugal")
    o = parser.parse_args()
    o.out.mkdir(parents=True, exist_ok=True)
    return o
