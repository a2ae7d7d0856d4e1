"""Fails on any key of a recipe that the manuals do not name."""

import pathlib
import re
import sys

MANUALS = {
    "src/train/recipe.cpp": ("docs/training.md", 40),
    "src/train/tuning_recipes.cpp": ("docs/reasoning.md", 40),
}


def main(root: pathlib.Path) -> int:
    missing = []
    for source, (manual, least) in MANUALS.items():
        text = (root / source).read_text()
        keys = set(re.findall(r"\bs\.(?:number|boolean|texts?|choice)\(\"(\w+)\"", text))
        assert len(keys) >= least, f"{source}: only {len(keys)} keys found"
        named = set(re.findall(r"\w+", (root / manual).read_text()))
        missing += [f"{manual} says nothing of {key}" for key in sorted(keys - named)]
        print(f"{source}: {len(keys)} keys")
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
