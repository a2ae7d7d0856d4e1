"""End to end: tuning, adapters, reinforcement and distillation of a model of a few kilobytes."""

import json
import pathlib
import random
import shutil
import tempfile

import support
import tiny_model

QUESTION = "a digit in \\boxed form"


class Tune(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.model = tiny_model.make(cls.folder / "model")
        settings = json.loads((cls.model / "tokenizer_config.json").read_text())
        settings["eos_token"] = "<|end|>"
        (cls.model / "tokenizer_config.json").write_text(json.dumps(settings))
        random.seed(1)
        lines = []
        for _ in range(96):
            messages = [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": random.choice("1234")},
            ]
            lines.append(json.dumps({"messages": messages}))
        cls.data = cls.folder / "data.jsonl"
        cls.data.write_text("\n".join(lines) + "\n")
        cls.task = cls.folder / "task.jsonl"
        cls.task.write_text(json.dumps({"question": QUESTION, "answer": "3"}) + "\n")
        cls.tuned = cls.folder / "tuned"
        cls("test_answers_are_learned").tune(cls.tuned, "--lr", "1e-2", "--epochs", "6")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def tune(self, out, *arguments):
        return self.expect_ok(
            "tune", "--model", self.model, "--data", self.data, "--out", out,
            "--set", "tune.batch_tokens=400", "--set", "tune.threads=1", *arguments)  # fmt: skip

    def generate(self, model, *arguments):
        return self.expect_ok(
            "generate", "--model", model, "-p", QUESTION, "--max-tokens", "4", "--temperature",
            "0", "--threads", "1", "--json", *arguments).json()  # fmt: skip

    def evaluate(self, model):
        return self.expect_ok(
            "eval", "--model", model, "--task", self.task, "--samples", "64", "--max-tokens", "4",
            "--temperature", "1", "--top-p", "1", "--threads", "1", "--json").json()  # fmt: skip

    def metrics(self, run):
        return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]

    def recipe(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_answers_are_learned(self):
        metrics = self.metrics(self.tuned)
        self.assertLess(metrics[-1]["loss"], 0.5 * metrics[0]["loss"])
        # One of four digits, then the end: about ln(4) / 2 a token.
        best = min(m["val_loss"] for m in metrics if m["val_loss"] is not None)
        self.assertLess(best, 1.0)
        result = self.generate(self.tuned)
        self.assertIn(result["text"], "1234")
        self.assertEqual(result["finish_reason"], "stop")
        self.assertTrue(0.05 < self.evaluate(self.tuned)["pass@1"]["value"] < 0.6)

    def test_adapters_at_run_time_and_merged(self):
        adapter = self.folder / "adapter"
        self.tune(adapter, "--lora-rank", "4", "--lr", "2e-2", "--epochs", "6")
        config = json.loads((adapter / "adapter_config.json").read_text())
        self.assertEqual((config["peft_type"], config["r"]), ("LORA", 4))
        with_adapter = self.generate(self.model, "--lora", adapter)
        self.assertNotEqual(with_adapter["tokens"], self.generate(self.model)["tokens"])
        merged = self.folder / "merged"
        self.expect_ok("convert", self.model, merged, "--type", "f32", "--lora", adapter)
        self.assertEqual(self.generate(merged)["tokens"], with_adapter["tokens"])

    def test_each_epoch_learns_every_sample(self):
        # Of such lengths that each epoch's order packs into another number of steps.
        lines = []
        for length in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]:
            messages = [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": "7" * length},
            ]
            lines.append(json.dumps({"messages": messages}))
        data = self.folder / "lengths.jsonl"
        data.write_text("\n".join(lines) + "\n")

        def tokens(epochs):
            run = self.folder / f"epochs-{epochs}"
            self.expect_ok(
                "tune", "--model", self.model, "--data", data, "--out", run, "--epochs", epochs,
                "--set", "tune.batch_tokens=130", "--set", "tune.validation_share=0",
                "--set", "tune.threads=1")  # fmt: skip
            return self.metrics(run)[-1]["tokens"]

        self.assertEqual(tokens(9), 9 * tokens(1))
        data.write_text("\n".join(lines[:2]) + "\n")
        run = self.expect_ok("tune", "--model", self.model, "--data", data, "--out",
                             self.folder / "few", "--set", "tune.validation_share=0.9")  # fmt: skip
        self.assertIn("1 samples to learn, 1 to validate", run.out)
        self.expect_error("tune", "--model", self.model, "--data", data, "--out",
                          self.folder / "none", "--set", "tune.epochs=0", says="tune.epochs")  # fmt: skip

    def reinforce(self, run, *arguments):
        recipe = self.recipe("grpo.toml", f"""
            [reinforce]
            model = "{self.tuned}"
            task = "{self.task}"
            questions = 2
            group = 16
            steps = 12
            lr = 3e-3
            beta = 0.001
            format_reward = 0
            max_tokens = 4
            transcripts_every = 4
            threads = 1
            """)
        return self.expect_ok("reinforce", recipe, "--out", run, *arguments)

    def test_reward_rises_and_rollouts_are_the_trainers(self):
        run = self.folder / "grpo"
        self.assertRegex(self.reinforce(run).out, r"rollouts take \S+ \S+ for packed weights")
        metrics = self.metrics(run)
        self.assertEqual(len(metrics), 12)
        first = sum(m["accuracy"] for m in metrics[:2]) / 2
        last = sum(m["accuracy"] for m in metrics[-2:]) / 2
        self.assertLess(first, 0.6)
        self.assertGreater(last, 0.9)
        self.assertEqual([m["max_logprob_difference"] for m in metrics], [0] * 12)
        transcript = (run / "transcripts" / "step-00000004.jsonl").read_text().splitlines()
        self.assertEqual(len(transcript), 32)
        self.assertGreater(self.evaluate(run / "latest")["pass@1"]["value"], 0.9)
        self.reinforce(run, "--set", "reinforce.steps=14", "--resume")
        self.assertEqual([m["step"] for m in self.metrics(run)], list(range(1, 15)))

    def test_threads_change_no_answer(self):
        # More threads than the two questions, too.
        def outcome(threads):
            run = self.folder / f"grpo-threads-{threads}"
            self.reinforce(run, "--set", f"reinforce.threads={threads}", "--set",
                           "reinforce.steps=3", "--set", "reinforce.transcripts_every=1")  # fmt: skip
            metrics = self.metrics(run)
            for step in metrics:
                del step["tokens_per_second"], step["seconds"]
            self.assertEqual([step["max_logprob_difference"] for step in metrics], [0] * 3)
            files = sorted((run / "transcripts").iterdir())
            self.assertEqual(len(files), 3)
            return metrics, [file.read_text() for file in files]

        alone = outcome(1)
        for threads in (2, 3):
            self.assertEqual(outcome(threads), alone)

    def test_adapters_are_reinforced(self):
        run = self.folder / "grpo-lora"
        self.reinforce(run, "--set", "lora.rank=4", "--set", "reinforce.lr=2e-2")
        metrics = self.metrics(run)
        self.assertGreater(metrics[-1]["accuracy"], metrics[0]["accuracy"] + 0.2)
        self.assertEqual(max(m["max_logprob_difference"] for m in metrics), 0)
        self.assertTrue((run / "adapter" / "adapter_model.safetensors").exists())

    def test_a_student_learns_what_its_teacher_gets_right(self):
        recipe = self.recipe("distil.toml", f"""
            [distil]
            teacher = "{self.tuned}"
            student = "{self.model}"
            task = "{self.task}"
            samples = 64
            keep = 32
            similarity = 1.0
            temperature = 1.0
            top_p = 1.0
            max_tokens = 4
            threads = 1
            [tune]
            lr = 1e-2
            epochs = 40
            threads = 1
            """)
        out = self.folder / "distilled"
        self.expect_ok("distil", recipe, "--out", out)
        samples = [json.loads(s) for s in (out / "samples.jsonl").read_text().splitlines()]
        self.assertEqual(len(samples), 64)
        self.assertTrue(0 < sum(s["right"] for s in samples) < 64)
        data = [json.loads(line) for line in (out / "data.jsonl").read_text().splitlines()]
        self.assertEqual({d["messages"][1]["content"] for d in data}, {"3"})
        self.assertEqual(self.generate(out / "student")["text"], "3")
        again = self.expect_ok("distil", recipe, "--out", out)  # nothing is asked twice
        self.assertIn("the teacher gave 64 answers", again.out)
        self.expect_error("distil", recipe, "--out", out, "--set", "distil.temperature=0.5",
                          says=["teacher.json", "temperature"])  # fmt: skip

    def test_a_student_learns_its_teachers_distributions(self):
        # The teacher says one of four digits. Only the threes are right and kept, but each teaches
        # how likely the others were.
        recipe = self.recipe("logits.toml", f"""
            [distil]
            teacher = "{self.tuned}"
            student = "{self.model}"
            task = "{self.task}"
            samples = 32
            keep = 16
            similarity = 1.0
            temperature = 1.0
            top_p = 1.0
            max_tokens = 4
            threads = 1
            logits = true
            [tune]
            lr = 1e-2
            epochs = 40
            threads = 1
            """)
        out = self.folder / "logits"
        self.expect_ok("distil", recipe, "--out", out)
        losses = [m["loss"] for m in self.metrics(out / "student")]
        self.assertGreater(losses[0], 1)
        self.assertLess(losses[-1], 0.05)  # nats from the teacher's distribution
        self.assertAlmostEqual(self.evaluate(out / "student")["pass@1"]["value"],
                               self.evaluate(self.tuned)["pass@1"]["value"], delta=0.2)  # fmt: skip

        other = self.folder / "other"
        shutil.copytree(self.model, other)
        settings = json.loads((other / "tokenizer_config.json").read_text())
        settings["chat_template"] = settings["chat_template"].replace("assistant: ", "frugal: ")
        (other / "tokenizer_config.json").write_text(json.dumps(settings))
        self.expect_error("distil", recipe, "--out", out, "--set", f"distil.student={other}",
                          says=["write the same conversation", str(self.tuned), str(other)])  # fmt: skip
        tokenizer = (self.tuned / "tokenizer.json").read_text()
        (other / "tokenizer.json").write_text(tokenizer.replace('"A":', '"~":'))
        self.expect_error("distil", recipe, "--out", out, "--set", f"distil.student={other}",
                          says=["different vocabularies", str(self.tuned), str(other), '"A"', '"~"'])  # fmt: skip

    def test_what_is_wrong_is_named(self):
        bad = self.folder / "bad.jsonl"
        bad.write_text('{"messages": [{"role": "user", "content": "a"}]}\n{"messages": 3}\n')
        self.expect_error("tune", "--model", self.model, "--data", bad, "--out", self.folder / "x",
                          says=["bad.jsonl line 1", "no message is of the assistant"])  # fmt: skip
        recipe = self.recipe("bad.toml", '[reinforce]\nmodel = "m"\ntask = "t"\ngruop = 3\n')
        self.expect_error("reinforce", recipe, says=["bad.toml line 4", "did you mean"])
        gguf = self.folder / "model.gguf"
        self.expect_ok("convert", self.tuned, gguf, "--type", "f32")
        recipe = self.recipe("gguf.toml", f'[reinforce]\nmodel = "{gguf}"\ntask = "countdown"\n')
        self.expect_error("reinforce", recipe, "--out", self.folder / "x",
                          says=["Hugging Face", "frugal convert"])  # fmt: skip
        self.expect_error("tune", "--data", bad, "--out", self.folder / "x", says="tune.model")


if __name__ == "__main__":
    support.main()
