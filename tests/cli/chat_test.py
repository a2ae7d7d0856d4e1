"""chat, in a pipe and on a terminal."""

import json
import pathlib
import tempfile

import support
import terminal
import tiny_model

THINKING = tiny_model.TEMPLATE.replace("assistant: {% endif", "assistant: <think>\n{% endif")
# Without a marker behind a message nothing ends an answer.
ENDLESS = tiny_model.TEMPLATE.replace("<|end|>", "")
DIM = "\x1b[2m"
PROMPT = r"(?m)^> "


class ChatTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def tiny(self, **options):
        return tiny_model.make(self.folder / "tiny", **options)

    def start(self, *arguments, environment=None):
        environment = {"NO_COLOR": "", **(environment or {})}
        started = terminal.Terminal([support.program(), "chat", *arguments], environment)
        self.addCleanup(started.close)
        started.wait_for(PROMPT)
        return started

    def start_tiny(self, *arguments, environment=None, **options):
        flags = ["-m", self.tiny(**options), "--max-tokens", "5", "--temperature", "0"]
        return self.start(*flags, *arguments, environment=environment)

    def saved(self, started):
        """The conversation so far, by /save."""
        path = self.folder / "saved.json"
        started.send(f"/save {path}\r")
        started.wait_for("Saved to")
        started.wait_for(PROMPT)
        return json.loads(path.read_text())


class PipeTest(ChatTest):
    def chat(self, stdin, *arguments, **options):
        return self.expect_ok(
            *("chat", "-m", self.tiny(**options), "--temperature", "0", "--max-tokens", "5"),
            *arguments,
            stdin=stdin,
        )

    def test_each_line_is_a_message(self):
        result = self.chat("one\ntwo\n")
        self.assertEqual(len(result.out.splitlines()), 2)
        self.assertEqual(result.err.count("tokens, "), 2)
        self.assertNotIn("\x1b", result.out + result.err)

    def test_the_history_counts(self):
        error = self.chat("one\ntwo\n").err
        first, second = (int(part.split()[0]) for part in error.split("prompt of ")[1:])
        self.assertEqual(first, len("user: one?\n") + len("assistant: ") + 1)
        self.assertGreater(second, 2 * first)

    def test_commands(self):
        self.assertIn("/system TEXT", self.chat("/help\n").err)

    def test_new_forgets(self):
        error = self.chat("one\n/new\none\n").err
        first, second = (part.split()[0] for part in error.split("prompt of ")[1:])
        self.assertEqual(first, second)

    def test_unknown_commands_suggest(self):
        self.assertIn("did you mean /system?", self.chat("/sytem x\n").err)

    def test_the_system_prompt_is_sent(self):
        plain = self.chat("hi\n").err.split("prompt of ")[1].split()[0]
        (self.folder / "tiny").rename(self.folder / "other")
        with_system = self.chat("hi\n", "--system", "Be brief.").err
        longer = with_system.split("prompt of ")[1].split()[0]
        self.assertEqual(int(longer) - int(plain), len("system: Be brief.?\n"))

    def test_reasoning_stands_between_its_tags(self):
        self.assertTrue(self.chat("hi\n", template=THINKING).out.startswith("<think>"))

    def test_a_full_context_is_an_error_that_says_what_to_do(self):
        self.expect_error(
            *("chat", "-m", self.tiny(), "--context", "64"),
            stdin="x" * 100,
            says=["--context", "64", "up to 512"],
        )

    def test_an_answer_that_fills_the_context_says_so(self):
        model = self.tiny(template=ENDLESS)
        error = self.expect_ok("chat", "-m", model, "--context", "64", stdin="hi\n").err
        self.assertIn("the context is full", error)

    def test_without_a_template_it_says_so(self):
        folder = self.tiny()
        (folder / "tokenizer_config.json").unlink()
        self.expect_error("chat", "-m", folder, stdin="hi\n", says=["no chat template", "--raw"])


class TerminalTest(ChatTest):
    def test_a_conversation(self):
        chat = self.start_tiny()
        self.assertIn("/help", chat.screen)
        chat.send("hello\r")
        chat.wait_for(r"\[.*5 tokens.*context \d+ of 512\]")
        chat.wait_for(PROMPT)
        chat.send("/help\r")
        chat.wait_for("/system TEXT")
        chat.wait_for(PROMPT)
        chat.send("/exit\r")
        self.assertEqual(chat.exit_code(), 0)

    def test_ctrl_d_leaves(self):
        chat = self.start_tiny()
        chat.wait_for_editor()
        chat.send("\x04")
        self.assertEqual(chat.exit_code(), 0)

    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        folder = self.tiny(context=2**20, template=ENDLESS)
        chat = self.start("-m", folder, "--temperature", "0", "--context", "100000")
        chat.send("hello\r")
        chat.wait_for(r"hello\s+\S")
        chat.wait_for(r"\S{20}|(\S\s*){20}")
        chat.send("\x03")
        chat.wait_for(r"\[stopped; \d+ tokens")
        chat.wait_for(PROMPT)
        self.assertEqual(len(self.saved(chat)), 2)  # what was said so far is remembered
        chat.send("\x03")
        chat.wait_for("Ctrl-C again")
        chat.wait_for(PROMPT)
        chat.send("\x03")
        self.assertEqual(chat.exit_code(), 0)

    def test_ctrl_c_drops_the_line(self):
        chat = self.start_tiny()
        chat.wait_for_editor()
        chat.send("not this")
        chat.wait_for("not this")
        chat.send("\x03")
        chat.wait_for("Ctrl-C again")
        chat.wait_for(PROMPT)
        chat.send("but this\r")
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        self.assertEqual(self.saved(chat)[0]["content"], "but this")

    def test_every_script_can_be_typed(self):
        chat = self.start_tiny(environment={"LANG": "C", "LC_ALL": ""})
        for text in ["السلام عليكم", "你好，世界", "e\u0301 👩‍👧"]:
            chat.send(text + "\r")
            chat.wait_for("tokens, ")
            chat.wait_for(PROMPT)
        typed = [m["content"] for m in self.saved(chat) if m["role"] == "user"]
        self.assertEqual(typed, ["السلام عليكم", "你好，世界", "e\u0301 👩‍👧"])

    def test_lines_that_belong_together(self):
        chat = self.start_tiny()
        chat.send("one\\\rtwo\r")
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        chat.send("three\x1b\rfour\r")  # Alt+Enter
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        chat.send("\x1b[200~five\rsix\r\x1b[201~")  # a paste
        chat.send("seven\r")
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        typed = [m["content"] for m in self.saved(chat) if m["role"] == "user"]
        self.assertEqual(typed, ["one\ntwo", "three\nfour", "five\nsix\nseven"])

    def test_history_is_a_key_away(self):
        chat = self.start_tiny()
        chat.send("again\r")
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        chat.send("\x1b[A\r")
        chat.wait_for("tokens, ")
        chat.wait_for(PROMPT)
        typed = [m["content"] for m in self.saved(chat) if m["role"] == "user"]
        self.assertEqual(typed, ["again", "again"])

    def test_reasoning_is_dimmed(self):
        chat = self.start_tiny(template=THINKING)
        chat.send("hello\r")
        chat.wait_for("tokens, ")
        self.assertIn(DIM, chat.screen.split("hello")[-1].split("tokens, ")[0].rsplit(DIM, 1)[0])
        self.assertNotIn("<think>", chat.screen)

    def test_no_color_is_honoured(self):
        chat = self.start_tiny(template=THINKING, environment={"NO_COLOR": "1"})
        chat.send("hello\r")
        chat.wait_for("tokens, ")
        self.assertNotIn(DIM, chat.screen)
        self.assertIn("<think>", chat.screen)


class SmolTest(ChatTest):
    """The real model."""

    def test_it_answers(self):
        result = self.expect_ok(
            *("chat", "-m", support.smollm2(), "--temperature", "0", "--max-tokens", "20"),
            stdin=support.SEA_QUESTION + "\n",
        )
        self.assertIn(support.SEA_ANSWER, result.out)


if __name__ == "__main__":
    support.main()
