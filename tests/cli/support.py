"""What the end-to-end tests of the program share. Each test file is one ctest:

    FRUGAL_PROGRAM=build/bin/frugal python3 pull_test.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = SOURCE / "tests" / "golden"
SKIP_EXIT_CODE = 77

# How SmolLM2's answer begins by transformers in float32 (tests/golden/smollm2.json): each token of
# it leads the next best by more than activations of eight bits may cost.
SEA_QUESTION = "Write one sentence about the sea."
SEA_ANSWER = "The sea is a vast"

sys.path.insert(0, str(SOURCE / "tests" / "net"))
import server  # noqa: E402, F401, for the tests: a local hub


def program():
    return os.environ["FRUGAL_PROGRAM"]


# On tests of time and memory, and on one that takes a sanitized build more than ten minutes.
skip_when_sanitized = unittest.skipIf(
    os.environ.get("FRUGAL_SANITIZED") == "1", "a sanitized build is slower and larger by design"
)


def smollm2():
    """The real model that tools/fetch_test_data.sh fetches; skips the test without it."""
    path = pathlib.Path(os.environ.get("FRUGAL_FETCHED", SOURCE / "build-data")) / "smollm2.gguf"
    if not path.exists():
        raise unittest.SkipTest("build-data/smollm2.gguf was not fetched (tools/get_smollm2.sh)")
    return str(path)


def fetched_tokenizer(name):
    """The folder of a real tokenizer that tools/fetch_test_data.sh fetches; skips without it."""
    path = pathlib.Path(os.environ.get("FRUGAL_FETCHED", SOURCE / "build-data")) / "tokenizers" / name
    if not path.exists():
        raise unittest.SkipTest(f"build-data/tokenizers/{name} was not fetched (tools/get_tokenizers.sh)")
    return str(path)


def shared_data(name):
    """A file of the folder FRUGAL_DATA, by default ../shared/data beside the checkout."""
    path = pathlib.Path(os.environ.get("FRUGAL_DATA", SOURCE.parent / "shared" / "data")) / name
    if not path.exists():
        raise unittest.SkipTest(f"{name} is not in {path.parent} (FRUGAL_DATA)")
    return path


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")

    def json(self):
        return json.loads(self.out)


def class_folder(cls):
    """A folder that is there as long as the tests of a class run."""
    scratch = tempfile.TemporaryDirectory()
    cls.addClassCleanup(scratch.cleanup)
    return pathlib.Path(scratch.name)


class ProgramTest(unittest.TestCase):
    """Runs the program and looks at what it says."""

    def run_frugal(self, *arguments, stdin="", environment=None, timeout=300):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(
            [program(), *map(str, arguments)],
            input=data,
            capture_output=True,
            env={**os.environ, **(environment or {})},
            timeout=timeout,
        )
        return Result(done)

    def expect_ok(self, *arguments, **keywords):
        result = self.run_frugal(*arguments, **keywords)
        self.assertEqual(result.code, 0, result.err)
        return result

    def expect_error(self, *arguments, says=(), **keywords):
        """Exit code 1, nothing on standard output, and an error for people that holds `says`."""
        result = self.run_frugal(*arguments, **keywords)
        self.assertEqual(result.code, 1, f"{arguments}: {result.out}{result.err}")
        self.assertEqual(result.out, "")
        self.assertRegex(result.err, r"(?m)^frugal: ")
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err)
        return result


def main():
    """Like unittest.main, but prints the reason of each skip, and exits with 77 when all skipped."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for _, reason in result.skipped:
        print(f"SKIPPED: {reason}")
    # A skip in setUpClass counts as no test that ran.
    if not result.wasSuccessful() or (result.testsRun == 0 and not result.skipped):
        sys.exit(1)
    sys.exit(SKIP_EXIT_CODE if len(result.skipped) >= result.testsRun else 0)
