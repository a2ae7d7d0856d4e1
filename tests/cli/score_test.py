"""score, perplexity and inspect against goldens and the files' own words."""

import json
import math
import pathlib
import struct
import tempfile

import support

MODELS = support.GOLDEN / "models"
SMOLLM2_GOLDEN = support.GOLDEN / "smollm2.json"


def read_safetensors(path):
    """{name: (shape, values)} of the F32, F64, I32 and I64 tensors of a file."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    formats = {"F32": "f", "F64": "d", "I32": "i", "I64": "q"}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in formats:
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        code = formats[entry["dtype"]]
        values = [v for (v,) in struct.iter_unpack("<" + code, data[begin:end])]
        tensors[name] = (entry["shape"], values)
    return tensors


class ScoreTest(support.ProgramTest):
    def golden(self, name):
        """A prompt, and what transformers gives for some of its tokens, as log-probabilities."""
        tensors = read_safetensors(MODELS / name / "logits.safetensors")
        tokens = tensors["tokens"][1]
        (_, vocab), logits = tensors["logits"]
        expected = {}
        for i, position in enumerate(tensors["positions"][1][:-1]):
            row = logits[i * vocab : (i + 1) * vocab]
            top = max(row)
            total = math.log(math.fsum(math.exp(v - top) for v in row)) + top
            expected[position + 1] = row[tokens[position + 1]] - total
        return tokens, expected

    def test_every_architecture_agrees_with_transformers(self):
        for name in ["llama", "llama3_tied", "qwen2", "qwen3_moe", "deepseek_v2", "deepseek_v3_fp8"]:
            with self.subTest(name):
                tokens, expected = self.golden(name)
                ids = ",".join(map(str, tokens))
                answer = self.expect_ok(
                    "score", "--model", MODELS / name, "--tokens", ids, "--json"
                ).json()
                self.assertEqual(answer["tokens"], tokens)
                self.assertIsNone(answer["logprobs"][0])
                logprobs = answer["logprobs"]
                worst = max(abs(logprobs[at] - value) for at, value in expected.items())
                self.assertLess(worst, 1e-3)

    def test_for_people(self):
        lines = self.expect_ok("score", "-m", MODELS / "llama", "--tokens", "[1, 2, 3]").out
        self.assertEqual(len(lines.splitlines()), 3)

    def test_says_what_it_takes_before_loading(self):
        error = self.expect_ok("score", "-m", MODELS / "llama", "--tokens", "1,2").err
        self.assertRegex(error, r"model .* cache for 2 tokens .* in all; .* are free")

    def test_refuses_what_cannot_be(self):
        llama = MODELS / "llama"
        self.expect_error("score", "-m", llama, "--tokens", "1", says="at least two")
        self.expect_error("score", "-m", llama, "--tokens", "1,9999", says="9999")
        self.expect_error("score", "-m", llama, "--tokens", "1,x", says="x is not a token id")
        self.expect_error("score", "-m", llama, "--tokens", ",".join(["1"] * 600), says="512")


class PerplexityTest(support.ProgramTest):
    def test_smollm2_on_a_short_text(self):
        model = support.smollm2()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("The quick brown fox jumps over the lazy dog. " * 3)
            file.flush()
            answer = self.expect_ok("perplexity", "-m", model, "--file", file.name, "--json").json()
        self.assertGreater(answer["perplexity"], 1)
        self.assertAlmostEqual(answer["perplexity"], math.exp(answer["mean_nll"]), 6)
        self.assertEqual(answer["predicted"], answer["tokens"] - 1)

    @support.skip_when_sanitized
    def test_agrees_with_transformers_on_wikitext(self):
        model = support.smollm2()
        text = support.shared_data("wikitext2-test.txt")
        golden = json.loads(SMOLLM2_GOLDEN.read_text())["text"]
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(text.read_bytes()[: golden["bytes"]])
            file.flush()
            answer = self.expect_ok(
                *("perplexity", "-m", model, "--file", file.name),
                *("--context", golden["context"], "--json"),
                timeout=800,
            ).json()
        self.assertEqual(answer["tokens"], golden["tokens"])
        self.assertAlmostEqual(
            answer["perplexity"], golden["perplexity"], delta=golden["perplexity"] * 0.005
        )

    def test_errors_name_the_file(self):
        self.expect_error(
            "perplexity", "-m", MODELS / "llama", "--file", "/no/such/text", says="/no/such/text"
        )


class InspectTest(support.ProgramTest):
    def test_tells_what_config_json_says(self):
        for name in ["qwen3_moe", "deepseek_v3"]:
            with self.subTest(name):
                config = json.loads((MODELS / name / "config.json").read_text())
                answer = self.expect_ok("inspect", MODELS / name, "--json", "--tensors").json()
                self.assertEqual(answer["architecture"], config["model_type"])
                self.assertEqual(answer["layers"], config["num_hidden_layers"])
                self.assertEqual(answer["vocabulary"], config["vocab_size"])
                self.assertEqual(answer["experts_per_token"], config["num_experts_per_tok"])
                self.assertEqual(
                    answer["bytes"], sum(tensor["bytes"] for tensor in answer["tensors"])
                )

    def test_counts_parameters(self):
        answer = self.expect_ok("inspect", support.smollm2(), "--json").json()
        self.assertEqual(answer["parameters"], 134_515_008)  # as its makers say
        self.assertEqual(answer["format"], "gguf")

    def test_a_split_gguf_is_one_model(self):
        part = support.GOLDEN / "gguf" / "qwen3_moe-00002-of-00003.gguf"
        whole = self.expect_ok("inspect", part, "--json").json()
        folder = self.expect_ok("inspect", MODELS / "qwen3_moe", "--json").json()
        self.assertEqual(whole["parameters"], folder["parameters"])


if __name__ == "__main__":
    support.main()
