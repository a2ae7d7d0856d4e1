"""generate and template."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import support
import tiny_model

MESSAGES = [{"role": "user", "content": "Hi"}]


class TinyTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.model = tiny_model.make(pathlib.Path(scratch.name) / "tiny")


class GenerateTest(TinyTest):
    def generate(self, *arguments, **keywords):
        return self.expect_ok("generate", "-m", self.model, *arguments, **keywords)

    def answer(self, *arguments, **keywords):
        return self.generate(*arguments, "--json", **keywords).json()

    def test_json(self):
        answer = self.answer("-p", "Hi", "--raw", "--max-tokens", "7")
        self.assertEqual(answer["finish_reason"], "length")
        self.assertEqual(answer["completion_tokens"], 7)
        self.assertEqual(len(answer["tokens"]), 7)

    def test_the_template_is_applied_unless_raw(self):
        # One token a character; the markers are one each.
        raw = self.answer("-p", "Hi", "--max-tokens", "1", "--raw")
        self.assertEqual(raw["prompt_tokens"], 2)
        chat = self.answer("-p", "Hi", "--max-tokens", "1", "--system", "S")
        self.assertEqual(chat["prompt_tokens"], len("?system: S?\nuser: Hi?\nassistant: "))

    def test_the_same_seed_gives_the_same_answer(self):
        flags = ("-p", "Hi", "--max-tokens", "40", "--temperature", "2")
        first = self.answer(*flags, "--seed", "5")
        self.assertEqual(self.answer(*flags, "--seed", "5", "--threads", "1")["text"], first["text"])
        self.assertNotEqual(self.answer(*flags, "--seed", "6")["text"], first["text"])
        other = self.answer(*flags)
        self.assertEqual(self.answer(*flags, "--seed", other["seed"])["text"], other["text"])

    def test_sampling_flags_do_what_they_say(self):
        flags = ("-p", "Hi", "--max-tokens", "30")
        greedy = self.answer(*flags, "--temperature", "0")["tokens"]
        hot = ("--temperature", "5", "--seed", "1")
        self.assertNotEqual(self.answer(*flags, *hot)["tokens"], greedy)
        self.assertEqual(self.answer(*flags, *hot, "--top-k", "1")["tokens"], greedy)
        self.assertEqual(self.answer(*flags, *hot, "--top-p", "0.0001")["tokens"], greedy)
        self.assertEqual(self.answer(*flags, *hot, "--min-p", "1")["tokens"], greedy)

    def test_stop_strings_are_not_printed(self):
        text = self.answer("-p", "Hi", "--max-tokens", "30", "--temperature", "0")["text"]
        stop = text[10:13]
        flags = ("-p", "Hi", "--max-tokens", "30", "--temperature", "0", "--stop", stop)
        self.assertEqual(self.answer(*flags)["finish_reason"], "stop")
        self.assertEqual(self.generate(*flags).out, text[: text.index(stop)] + "\n")

    def test_the_prompt_may_come_from_standard_input(self):
        flags = ("--max-tokens", "9", "--temperature", "0")
        self.assertEqual(
            self.generate("-p", "-", *flags, stdin="Hi").out, self.generate("-p", "Hi", *flags).out
        )

    def test_a_full_context_is_said(self):
        error = self.generate("-p", "Hi", "--raw", "--context", "64").err
        self.assertIn("the context of 64 tokens is full", error)

    def test_refuses_what_makes_no_sense(self):
        for flags, says in [
            (["--temperature", "-1"], "temperature"),
            (["--cache-type", "q9"], "q9 not in {f16,f32,q8_0}"),
            (["--top-p", "2"], "top_p"),
            (["--max-tokens", "0"], "--max-tokens"),
            (["--seed", "x"], "--seed"),
            (["--context", "4"], "--context"),
            (["--context", "64", "--system", "x" * 60], "the context holds 64"),
            (["--raw", "--system", "x"], "--raw"),
        ]:
            with self.subTest(flags):
                self.expect_error("generate", "-m", self.model, "-p", "Hello", *flags, says=says)

    def test_ctrl_c_ends_it_with_what_there_is(self):
        model = tiny_model.make(self.model.parent / "long", context=2**20)
        flags = ["-m", model, "-p", "Hi", "--raw", "--context", "100000"]  # raw: no end of a turn
        running = subprocess.Popen(
            [support.program(), "generate", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        running.stdout.read(100)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 130)
        self.assertNotIn(b"terminate", error)

    def test_a_closed_pipe_ends_it_quietly(self):
        command = f"{support.program()} generate -m {self.model} -p Hi --raw | head -c 3"
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120)
        self.assertEqual(len(done.stdout), 3)
        self.assertNotIn(b"terminate", done.stderr)


class TemplateTest(TinyTest):
    def render(self, value, *flags):
        return self.expect_ok("template", "-m", self.model, *flags, stdin=json.dumps(value))

    def test_messages(self):
        self.assertEqual(self.render(MESSAGES).out, "<|begin|>user: Hi<|end|>\nassistant: ")

    def test_an_object_with_more(self):
        request = {"messages": MESSAGES, "add_generation_prompt": False, "anything": [1]}
        self.assertEqual(self.render(request).out, "<|begin|>user: Hi<|end|>\n")
        self.assertEqual(
            self.render(request, "--json").json(), {"prompt": "<|begin|>user: Hi<|end|>\n"}
        )

    def test_continuing_the_last_message(self):
        messages = [*MESSAGES, {"role": "assistant", "content": "Well"}]
        request = {"messages": messages, "continue_final_message": True}
        self.assertTrue(self.render(request).out.endswith("assistant: Well"))

    def test_a_gguf_brings_its_template(self):
        self.model = support.smollm2()
        self.assertIn("<|im_start|>user\nHi<|im_end|>\n", self.render(MESSAGES).out)

    def test_bad_input(self):
        for text, says in [
            ("", "not valid JSON"),
            ("[1", "line 1"),
            ("3", "array of messages"),
            ('{"messages": [], "add_generation_prompt": 1}', "add_generation_prompt"),
            ("[" * 100_000, "nested deeper"),
            ("[]", "message"),
        ]:
            with self.subTest(text[:20]):
                self.expect_error("template", "-m", self.model, stdin=text, says=says)

    def test_a_broken_template_is_named_with_its_place(self):
        config = {"chat_template": "one\n{% for x in %}"}
        (self.model / "tokenizer_config.json").write_text(json.dumps(config))
        self.expect_error("template", "-m", self.model, stdin="[]", says="line 2")


class SmolTest(support.ProgramTest):
    """The real model."""

    def test_it_answers_as_transformers_does(self):
        flags = ("-m", support.smollm2(), "-p", support.SEA_QUESTION)
        answer = self.expect_ok("generate", *flags, "--temperature", "0", "--json").json()
        self.assertTrue(answer["text"].startswith(support.SEA_ANSWER), answer["text"])
        self.assertEqual(answer["finish_reason"], "stop")

    def usage_of(self, *arguments):
        """What a run of the program took of processor and memory."""
        process = subprocess.Popen(
            [support.program(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process.stdout:
            process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage

    @support.skip_when_sanitized
    def test_it_starts_at_once_in_little_more_memory_than_the_file(self):
        model = support.smollm2()
        flags = ("-p", "Hi", "--max-tokens", "1", "--context", "256")
        usage = self.usage_of("generate", "-m", model, *flags)
        # Time of the processor, of all threads together: the clock on the wall sees other programs.
        self.assertLess(usage.ru_utime + usage.ru_stime, 0.9)
        # Libraries and vocabulary weigh as much for a large model as for this tiny one.
        without = self.usage_of("tokenize", "-m", model)
        size = pathlib.Path(model).stat().st_size
        self.assertLess((usage.ru_maxrss - without.ru_maxrss) * 1024, 1.15 * size)

    def test_drafts_change_nothing_but_the_time(self):
        # A model this small falls into a loop, which is where drafts are right.
        flags = ("-m", support.smollm2(), "-p", "What is the capital of France?")
        flags += ("--temperature", "0", "--max-tokens", "64", "--json")
        plain = self.expect_ok("generate", *flags).json()
        drafted = self.expect_ok("generate", *flags, "--draft", "8")
        self.assertEqual(drafted.json()["tokens"], plain["tokens"])
        self.assertEqual(plain["drafted_tokens"], 0)
        self.assertGreater(drafted.json()["accepted_tokens"], 20)
        self.assertRegex(drafted.err, r"frugal: [0-9]+ of [0-9]+ drafted tokens were right")

    @support.skip_when_sanitized
    def test_drafts_save_a_sixth_of_the_time_at_least_where_text_repeats(self):
        flags = ("generate", "-m", support.smollm2(), "-p", "What is the capital of France?")
        flags += ("--temperature", "0", "--max-tokens", "250", "--threads", "1")
        # Of the processor, with one thread: unlike the clock it does not see other programs.
        plain = self.usage_of(*flags).ru_utime
        drafted = self.usage_of(*flags, "--draft", "8").ru_utime
        self.assertGreater(plain / drafted, 1.2)

    def test_smaller_caches_are_said_to_be_smaller(self):
        flags = ("-m", support.smollm2(), "-p", support.SEA_QUESTION, "--temperature", "0")
        flags += ("--max-tokens", "5", "--context", "1024")
        # Keys and values of 3 heads of 64 in 30 layers; a scale for each 32 numbers in q8_0.
        for kind, number in [("f32", 4), ("f16", 2), ("q8_0", 34 / 32)]:
            answer = self.expect_ok("generate", *flags, "--cache-type", kind)
            self.assertTrue(answer.out.startswith(support.SEA_ANSWER), answer.out)
            size = 1024 * 30 * 2 * 3 * 64 * number
            said = re.search(r"cache for 1024 tokens ([0-9.]+) MB", answer.err).group(1)
            self.assertAlmostEqual(float(said), size / 1e6, delta=0.6)
        self.expect_error("generate", *flags, "--cache-type", "q4", says="q4")


if __name__ == "__main__":
    support.main()
