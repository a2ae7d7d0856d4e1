"""The translations of README.md keep up with it: the same commands, links and rows."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parts(path):
    """Commands without their comments, targets of links in order, the number of rows."""
    text = path.read_text(encoding="utf-8")
    commands = [
        line.split("  #")[0].rstrip()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "README" not in link]
    names = [name for name in re.findall(r"`([^`\n]+)`", text)]
    return commands, links, sorted(names), len(re.findall(r"^\| \*\*", text, re.MULTILINE))


class TranslationsTest(unittest.TestCase):
    def test_they_say_what_the_original_says(self):
        original = parts(ROOT / "README.md")
        for language in ("ar", "zh"):
            translated = parts(ROOT / f"README.{language}.md")
            for what, one, other in zip(("commands", "links", "code", "rows"), original, translated):
                self.assertEqual(one, other, f"{what} of README.{language}.md")


if __name__ == "__main__":
    unittest.main()
