"""tokenize: text to ids and back."""

import support

TEXT = (
    "Hello world!  Two spaces,\ttabs\n\nand lines. 'It's' 3.14159 x=1;\n"
    "السلام عليكم، كيف الحال؟ بِسْمِ اللَّهِ\n你好，世界。今天天气怎么样？\n👩‍👩‍👧‍👦 🇵🇸 é é\n<|im_start|>user<|im_end|>"
)


class TokenizeTest(support.ProgramTest):
    def setUp(self):
        self.model = support.smollm2()

    def tokenize(self, *arguments, stdin):
        return self.expect_ok("tokenize", "--model", self.model, *arguments, stdin=stdin)

    def test_there_and_back(self):
        for flags in ([], ["--json"], ["--plain"]):
            ids = self.tokenize(*flags, stdin=TEXT).out
            self.assertEqual(self.tokenize("--decode", *flags[1:], stdin=ids).out, TEXT)

    def test_known_ids(self):
        # As the model's own tokenizer.json has them.
        self.assertEqual(self.tokenize(stdin="Hello world!").out, "19556 905 17\n")
        self.assertEqual(self.tokenize("--json", stdin="Hello world!").json(), [19556, 905, 17])

    def test_a_start_token_is_added_and_taken_away(self):
        self.model = support.fetched_tokenizer("llama3_1")  # begins with <|begin_of_text|>, 128000
        ids = self.tokenize("--json", stdin=TEXT).json()
        plain = self.tokenize("--json", "--plain", stdin=TEXT).json()
        self.assertEqual(ids, [128000] + plain)
        for given in (ids, plain):
            self.assertEqual(self.tokenize("--decode", stdin=str(given)).out, TEXT)
        self.assertEqual(
            self.tokenize("--decode", "--plain", stdin=str(ids)).out, "<|begin_of_text|>" + TEXT
        )

    def test_empty_text(self):
        self.assertEqual(self.tokenize("--json", stdin="").json(), [])
        self.assertEqual(self.tokenize("--decode", stdin="").out, "")

    def test_megabytes(self):
        text = TEXT * 15_000
        ids = self.tokenize(stdin=text).out
        self.assertEqual(self.tokenize("--decode", stdin=ids).out, text)

    def test_bad_ids(self):
        for ids, says in [("1 two", "two is not a token id"), ("-1", "-1"), ("9999999", "9999999")]:
            self.expect_error("tokenize", "-m", self.model, "--decode", stdin=ids, says=says)

    def test_broken_utf8_is_text_all_the_same(self):
        ids = self.tokenize(stdin=b"a\xff\xfeb").out
        self.assertEqual(self.tokenize("--decode", stdin=ids).out, "a\ufffd\ufffdb")


if __name__ == "__main__":
    support.main()
