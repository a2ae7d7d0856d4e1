"""Bad input: exit code 1, a message that names the file and the reason, no crash."""

import json
import pathlib
import shutil
import tempfile

import support
import tiny_model

LLAMA = support.GOLDEN / "models" / "llama"


class ErrorsTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name) / "model"
        shutil.copytree(LLAMA, self.folder)

    def inspect_error(self, path, says):
        self.expect_error("inspect", path, says=says)
        self.expect_error("score", "--model", path, "--tokens", "1,2", says=says)

    def edit_config(self, **changes):
        path = self.folder / "config.json"
        config = json.loads(path.read_text())
        config.update(changes)
        path.write_text(json.dumps(config))

    def test_missing_files(self):
        self.inspect_error("/no/such/model.gguf", says="/no/such/model.gguf")
        (self.folder / "config.json").unlink()
        self.inspect_error(self.folder, says="config.json")

    def test_names_that_are_not_here(self):
        environment = {"XDG_CACHE_HOME": str(self.folder)}
        self.expect_error(
            *("score", "--model", "qwen2.5-0.5b", "--tokens", "1,2"),
            says="frugal pull qwen2.5-0.5b",
            environment=environment,
        )
        self.expect_error("inspect", "qwen2.5-05b", says="did you mean qwen2.5-0.5b?")
        self.expect_error("inspect", "owner/name", says="frugal pull owner/name")

    def test_truncated_files(self):
        weights = self.folder / "model.safetensors"
        data = weights.read_bytes()
        for length in [0, 4, 100, len(data) // 2, len(data) - 1]:
            weights.write_bytes(data[:length])
            self.inspect_error(self.folder, says="model.safetensors")
        gguf = self.folder / "model.gguf"
        data = (support.GOLDEN / "gguf" / "llama_q8_0.gguf").read_bytes()
        for length in [0, 4, 100, len(data) // 2, len(data) - 1]:
            gguf.write_bytes(data[:length])
            self.inspect_error(gguf, says="model.gguf")

    def test_an_unknown_architecture_is_named(self):
        self.edit_config(model_type="mamba")
        self.inspect_error(self.folder, says=["config.json", "mamba"])

    def test_what_would_change_the_arithmetic_is_named(self):
        self.edit_config(hidden_act="relu")
        self.inspect_error(self.folder, says=["config.json", "relu"])

    def test_a_lying_shape_is_named(self):
        self.edit_config(num_hidden_layers=3)
        self.expect_error("score", "-m", self.folder, "--tokens", "1,2", says="model.layers.2.")

    def test_control_characters_of_files_do_not_reach_the_terminal(self):
        self.edit_config(model_type="\033[31mred")
        result = self.run_frugal("inspect", self.folder)
        self.assertEqual(result.code, 1)
        self.assertNotIn("\033", result.err)

    def test_what_cannot_fit_is_refused_before_loading(self):
        model = tiny_model.make(self.folder.parent / "tiny", context=2**30)
        self.expect_error(
            *("generate", "-m", model, "-p", "Hi", "--context", 2**30),
            says=["cache for 1073741824 tokens", "free"],
        )

    def test_unknown_words_suggest_the_nearest(self):
        self.expect_error("inspekt", says="did you mean inspect?")
        self.expect_error("score", "--modle", LLAMA, says="did you mean --model?")
        self.expect_error("score", "--tokens", "1,2", says="--model is required")
        self.expect_error("score", "-m", LLAMA, "--tokens", "1,2", "--threads", "0", says="threads")
        self.expect_error("score", "-m", LLAMA, "--tokens", "1,2", "extra", says="extra")

    def test_help_and_version(self):
        everything = self.expect_ok("--help").out
        for command in ["generate", "tokenize", "template", "score", "perplexity", "inspect", "pull"]:
            self.assertIn(command, everything)
            self.assertIn("--json", self.expect_ok(command, "--help").out)
        self.assertRegex(self.expect_ok("--version").out, r"^frugal \d+\.\d+\.\d+\n$")
        self.assertEqual(self.expect_ok().out, everything)


if __name__ == "__main__":
    support.main()
