"""frugal bench: what it measures, and the files of random weights that it writes."""

import pathlib
import tempfile
import unittest

import support

MODELS = support.GOLDEN / "models"
NUMBERS = [
    "prefill_tokens_per_second",
    "decode_tokens_per_second",
    "bytes_per_token",
    "bandwidth_gb_per_second",
    "peak_gflops",
    "peak_int8_gops",
    "decode_roofline",
    "prefill_roofline",
]


class BenchTest(support.ProgramTest):
    def bench(self, *arguments):
        small = ("--prompt", 20, "--generate", 3, "--threads", 1, "--json")
        return self.expect_ok("bench", *arguments, *small).json()

    def test_a_model(self):
        answer = self.bench("--model", MODELS / "llama")
        for name in NUMBERS:
            self.assertGreater(answer[name], 0, name)
        self.assertEqual((answer["prompt"], answer["generate"], answer["threads"]), (20, 3, 1))
        reached = answer["decode_tokens_per_second"] * answer["bytes_per_token"]
        self.assertAlmostEqual(
            answer["decode_roofline"], reached / answer["bandwidth_gb_per_second"] / 1e9, 3
        )

    def test_bytes_per_token_of_smollm2_are_those_of_its_file(self):
        path = support.smollm2()
        answer = self.bench("--model", path)
        # All of the file but metadata and norms, and 20 of 64 positions of the cache: keys and
        # values of 3 heads of 64 in 30 layers.
        cache = 20 * 30 * 2 * 3 * 64 * 4
        self.assertLess(abs(answer["bytes_per_token"] - cache - pathlib.Path(path).stat().st_size), 3e6)

    def test_a_shape_written_to_a_file_is_a_model(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "random.gguf"
            shape = self.bench("--shape", "smollm2-135m", "--type", "q4_k_m", "--write", path)
            self.assertEqual(shape["model"], "smollm2-135m q4_k_m")
            self.assertEqual(self.bench("--model", path)["bytes_per_token"], shape["bytes_per_token"])
            listing = self.expect_ok("inspect", path).out
            self.assertRegex(listing, r"parameters +134515008\n")
            self.assertRegex(listing, r"Q6_K +14 tensors")
            score = self.expect_ok("score", "-m", path, "--tokens", "1,2,3", "--json").json()
            self.assertLess(max(score["logprobs"][1:]), 0)

    def test_later_in_a_context(self):
        answer = self.bench("--model", MODELS / "deepseek_v3_fp8", "--context", 100)
        self.assertEqual(answer["context"], 100)

    def test_for_people(self):
        result = self.expect_ok(
            *("bench", "--model", MODELS / "llama", "--prompt", 8, "--generate", 2, "--threads", 1)
        )
        self.assertRegex(result.out, r"prefill +[0-9.]+ tokens/s, +[0-9]+ % of the machine")

    def test_refuses_what_cannot_be(self):
        llama = MODELS / "llama"
        self.expect_error("bench", says="--model or --shape")
        self.expect_error("bench", "--model", llama, "--shape", "v3-small", says="--model or --shape")
        self.expect_error("bench", "--model", llama, "--write", "x.gguf", says="--write needs --shape")
        self.expect_error("bench", "--shape", "v4", says="v3-small")
        self.expect_error("bench", "--shape", "smollm2-135m", "--type", "q9", says="q4_k_m")
        self.expect_error("bench", "--model", llama, "--context", 4000, says="positions")


if __name__ == "__main__":
    support.main()
