"""Fails on any key of a recipe that docs/training.md does not name."""

import pathlib
import re
import sys


def main(root: pathlib.Path) -> int:
    source = (root / "src/train/recipe.cpp").read_text()
    keys = set(re.findall(r"\bs\.(?:number|boolean|text|choice)\(\"(\w+)\"", source))
    assert len(keys) >= 40, f"src/train/recipe.cpp: only {len(keys)} keys found"
    manual = set(re.findall(r"\w+", (root / "docs/training.md").read_text()))
    missing = sorted(keys - manual)
    print("\n".join(f"docs/training.md says nothing of {key}" for key in missing) or
          f"{len(keys)} keys, all in the manual")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
