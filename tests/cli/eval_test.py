"""End-to-end tests of frugal eval: the same answers whatever runs beside them, and resuming."""

import json
import pathlib
import tempfile

import support
import tiny_model


class Eval(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = tiny_model.make(pathlib.Path(cls.folder.name) / "model")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def evaluate(self, *arguments, max_tokens=6):
        return self.expect_ok(
            "eval", "--model", self.model, "--task", "arithmetic:easy", "--limit", "5",
            "--samples", "4", "--max-tokens", max_tokens, "--threads", "1", "--json", *arguments).json()  # fmt: skip

    def log(self, name):
        return pathlib.Path(self.folder.name) / name

    def test_a_random_model_is_measured(self):
        result = self.evaluate("--price", "0.36")
        self.assertEqual((result["questions"], result["samples"]), (5, 4))
        self.assertLessEqual(result["pass@1"]["low"], result["pass@1"]["value"])
        self.assertEqual(sorted(result["pass@k"]), ["2", "4"])
        self.assertGreater(result["tokens"], 0)
        self.assertAlmostEqual(result["cost_usd"], result["seconds"] * 1e-4, places=9)

    def test_answers_do_not_depend_on_what_runs_beside_them(self):
        logs = []
        for name, parallel in (("a.jsonl", "1"), ("b.jsonl", "16")):
            self.evaluate("--out", self.log(name), "--parallel", parallel, max_tokens=90)
            lines = [json.loads(line) for line in self.log(name).read_text().splitlines()[1:]]
            logs.append({line["id"]: line["samples"] for line in lines})
        lengths = {sample["tokens"] for samples in logs[0].values() for sample in samples}
        self.assertGreater(len(lengths), 3)  # they end at different times
        self.assertEqual(logs[0], logs[1])

    def test_a_log_cut_in_two_is_continued(self):
        whole = self.log("whole.jsonl")
        first = self.evaluate("--out", whole)
        lines = whole.read_text().splitlines(keepends=True)
        part = self.log("part.jsonl")
        part.write_text("".join(lines[:3]) + lines[3][:20])
        second = self.evaluate("--out", part)
        for key in ("questions", "pass@1", "pass@k", "cons@k", "tokens", "right_answers"):
            self.assertEqual(first[key], second[key], key)
        self.assertEqual(len(part.read_text().splitlines()), 6)
        self.expect_error("eval", "--model", self.model, "--task", "logic", "--out", part,
                          says="another evaluation")  # fmt: skip

    def test_questions_without_thinking_begin_as_an_empty_think_does(self):
        def answers(think):
            lines = self.expect_ok("questions", "--task", "arithmetic:easy", "--part", "held-out",
                                   "--count", "3", "--think", think).out.splitlines()  # fmt: skip
            return [json.loads(line)["messages"][1]["content"] for line in lines]

        log = self.log("empty.jsonl")
        self.evaluate("--think", "empty", "--out", log)
        asked = json.loads(log.read_text().splitlines()[1])["prompt"]
        beginning = asked[asked.rindex("<think>") :]
        for worked, at_once in zip(answers("worked"), answers("empty"), strict=True):
            self.assertEqual(at_once, beginning + worked.rsplit("</think>\n", 1)[1])

    def test_what_is_wrong_is_named(self):
        self.expect_error("eval", "--model", self.model, "--task", "arithmetik",
                          says="did you mean arithmetic")  # fmt: skip
        bad = self.log("bad.jsonl")
        bad.write_text('{"question": "a"}\n')
        self.expect_error("eval", "--model", self.model, "--task", bad,
                          says=["bad.jsonl line 1", "no answer"])  # fmt: skip


if __name__ == "__main__":
    support.main()
