"""train, report and cost ledger: a run of the real program, and what may befall it."""

import filecmp
import json
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

import support

RECIPE = """
[model]
model_type = "deepseek_v3"
hidden_size = 16
intermediate_size = 24
moe_intermediate_size = 8
num_hidden_layers = 2
num_attention_heads = 2
q_lora_rank = 8
kv_lora_rank = 8
qk_nope_head_dim = 4
qk_rope_head_dim = 4
v_head_dim = 4
n_routed_experts = 4
num_experts_per_tok = 2
n_shared_experts = 1
first_k_dense_replace = 1
num_nextn_predict_layers = 1
max_position_embeddings = 64
[data]
path = "text.txt"
validation_share = 0.2
sequence_length = 16
[train]
steps = 60
batch_sequences = 4
threads = 1
lr = 1e-2
decay_begin = 1.0
[loss]  # nothing depends on how far the end is, so runs of other lengths begin alike
mtp_switch = 1.0
bias_stop = 1.0
[run]
validate_every_steps = 50
save_every_steps = 15
price_per_device_hour = 3.6
"""

LONG = 300
STEPS = f"train.steps={LONG}"


class TrainTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        text = "".join(f"{i} and {i} make {2 * i}.\n" for i in range(300))
        (self.folder / "text.txt").write_text(text)
        (self.folder / "r.toml").write_text(RECIPE)

    def command(self, out, *more):
        data = f"data.path={self.folder / 'text.txt'}"
        flags = ["--out", self.folder / out, "--set", data, *more]
        return ["train", self.folder / "r.toml", *flags]

    def start(self, out, *more, **keywords):
        return subprocess.Popen(
            [support.program(), *map(str, self.command(out, *more))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords,
        )

    def metrics(self, out):
        lines = (self.folder / out / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def wait_for_step(self, out, step):
        """Until a checkpoint of at least so many steps is there."""
        for _ in range(6000):
            latest = self.folder / out / "latest"
            if latest.exists() and int(latest.readlink().name[5:]) >= step:
                return
            time.sleep(0.01)
        self.fail(f"no checkpoint of step {step}")

    def same_model(self, one, other):
        for name in ("model.safetensors", "training/optimizer.safetensors"):
            a, b = (self.folder / out / "latest" / name for out in (one, other))
            self.assertTrue(filecmp.cmp(a, b, shallow=False), f"{name} differs")


class RunTest(TrainTest):
    def test_a_run_is_reported_billed_and_spoken_with(self):
        self.assertIn("finished after 60 steps", self.expect_ok(*self.command("out")).out)
        self.assertEqual([m["step"] for m in self.metrics("out")], list(range(1, 61)))
        page = self.expect_ok("report", self.folder / "out").out.strip()
        self.assertIn("Validation loss", pathlib.Path(page).read_text())
        bill = self.expect_ok("cost", "ledger", self.folder, "--json").json()
        self.assertEqual(bill["total"]["tokens"], 60 * 4 * 16)
        self.assertGreater(bill["total"]["flops"], 0)
        seconds = bill["total"]["device_seconds"]
        self.assertAlmostEqual(bill["total"]["cost_usd"], seconds * 3.6 / 3600)
        self.assertIn("sum", self.expect_ok("cost", "ledger", self.folder).out)
        said = self.expect_ok("generate", "-m", self.folder / "out" / "latest", "-p", "1 and",
                              "--raw", "--max-tokens", "8", "--json").json()
        self.assertGreater(said["completion_tokens"], 0)

    def test_what_is_missing_is_said(self):
        self.expect_error("report", self.folder, says="metrics.jsonl is missing")
        self.expect_error("cost", "ledger", self.folder / "none", says="no folder of runs")


class AccidentTest(TrainTest):
    """However a run ends, it goes on to the same weights."""

    def setUp(self):
        super().setUp()
        self.expect_ok(*self.command("whole", "--set", STEPS))

    def go_on(self, out):
        self.expect_ok(*self.command(out, "--set", STEPS, "--resume"))
        self.same_model("whole", out)
        self.assertEqual([m["step"] for m in self.metrics(out)], list(range(1, LONG + 1)))

    def test_signals_save_and_leave(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                running = self.start(number.name, "--set", STEPS)
                self.wait_for_step(number.name, 5)
                running.send_signal(number)
                out, error = running.communicate(timeout=120)
                self.assertEqual(running.returncode, 0, error)
                self.assertIn(b"stopped after", out)
                done = self.metrics(number.name)[-1]["step"]
                latest = (self.folder / number.name / "latest").readlink().name
                self.assertEqual(int(latest[5:]), done, "steps were lost")
                self.go_on(number.name)

    def test_kill_loses_the_last_interval_at_most(self):
        running = self.start("killed", "--set", STEPS)
        self.wait_for_step("killed", 7)
        running.kill()
        running.communicate(timeout=120)
        self.assertLess(self.metrics("killed")[-1]["step"], LONG, "killed too late")
        self.go_on("killed")

    def test_a_full_disk_keeps_the_last_checkpoint(self):
        self.expect_ok(*self.command("full", "--set", "train.steps=5"))
        before = (self.folder / "full" / "latest").readlink()

        def no_large_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

        running = self.start("full", "--set", STEPS, "--resume",
                             preexec_fn=no_large_files)
        _, error = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 1)
        self.assertIn(b"frugal: cannot write", error)
        self.assertIn(b"File too large", error)
        self.assertEqual((self.folder / "full" / "latest").readlink(), before)
        self.assertFalse((self.folder / "full" / ".partial").exists())
        self.go_on("full")

    def test_a_loss_that_is_no_number_stops_with_the_last_good_state(self):
        self.expect_ok(*self.command("nan", "--set", "train.steps=5"))
        wild = (STEPS, "train.lr=10", "train.clip=0", "run.spike_limit=0",
                "train.beta2=0", "train.eps=1e-30", "train.weight_decay=10",
                "run.save_every_steps=0")
        flags = [flag for setting in wild for flag in ("--set", setting)]
        result = self.run_frugal(*self.command("nan", "--resume", *flags))
        self.assertEqual(result.code, 1, result.err)
        self.assertRegex(result.err, r"(?m)^frugal: step \d+: .*not a number|the loss is")
        self.assertIn("The last good checkpoint: ", result.err)
        self.assertEqual((self.folder / "nan" / "latest").readlink().name, "step-00000005")
        self.go_on("nan")


class TokenizerTest(support.ProgramTest):
    def test_json_lines_are_learned_by_their_text(self):
        texts = ["the sea and the wind\n", "السلام عليكم\n", "你好，世界\n"] * 20
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            (folder / "a.txt").write_text("".join(texts), encoding="utf-8")
            lines = [json.dumps({"text": text, "other": "noise noise noise"}) for text in texts]
            (folder / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
            made = {}
            for name in ("a.txt", "b.jsonl"):
                out = folder / name.replace(".", "-")
                self.expect_ok("tokenizer", "train", "--data", folder / name, "--out", out, "--vocab-size", 300)
                made[name] = (out / "tokenizer.json").read_text()
        self.assertEqual(made["a.txt"], made["b.jsonl"])
        self.assertNotIn("noise", made["b.jsonl"])


if __name__ == "__main__":
    support.main()
