"""LoRA adapters that frugal serve answers with by name, beside the model that they adapt."""

import concurrent.futures
import tempfile

import serving
import support
import tiny_model

PROMPT = "word " * 60


class ServedAdaptersTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = support.class_folder(cls)
        cls.model = tiny_model.make(cls.folder / "tiny")
        cls.adapters = {
            name: tiny_model.make_adapter(cls.folder / f"adapter-{name}", seed)
            for seed, name in enumerate(["pirate", "poet"])
        }
        cls.options = ["-m", cls.model]
        for name, folder in cls.adapters.items():
            cls.options += ["--lora", f"{name}={folder}"]

    def ask(self, server, model, seed=3):
        request = {"model": model, "max_tokens": 40, "seed": seed, "temperature": 1}
        request["messages"] = [{"role": "user", "content": PROMPT}]
        status, _, reply = server.post("/chat/completions", request)
        self.assertEqual((status, reply.get("model")), (200, model), reply)
        text = reply["choices"][0]["message"]["content"]
        return text, reply["usage"]["prompt_cache_hit_tokens"]

    def generate(self, model, seed=3):
        adapter = ["--lora", self.adapters[model]] if model in self.adapters else []
        return self.expect_ok(
            "generate", "-m", self.model, *adapter, "-p", PROMPT, "--max-tokens", 40,
            "--temperature", 1, "--seed", seed, "--json").json()["text"]  # fmt: skip

    def test_each_name_answers_as_generate_does_also_at_the_same_time(self):
        names = ["tiny", *self.adapters]
        wanted = {(name, seed): self.generate(name, seed) for name in names for seed in [3, 4]}
        self.assertEqual(len(set(wanted.values())), len(wanted))
        with (
            serving.serving(*self.options, "--data", self.folder / "names") as server,
            concurrent.futures.ThreadPoolExecutor(12) as clients,
        ):
            self.assertEqual([m["id"] for m in server.get("/models")[2]["data"]], names)
            questions = list(wanted) * 4
            answers = clients.map(lambda question: self.ask(server, *question)[0], questions)
            for question, answer in zip(questions, answers, strict=True):
                self.assertEqual(answer, wanted[question], question)

    def test_cached_prefixes_are_kept_apart(self):
        data = ["--data", self.folder / "kept-apart"]
        names = ["tiny", *self.adapters]
        with serving.serving(*self.options, *data) as server:
            first = {name: self.ask(server, name) for name in names}
            self.assertEqual({hits for _, hits in first.values()}, {0})
            again = {name: self.ask(server, name) for name in names}
            for name in names:
                self.assertEqual(again[name][0], first[name][0])
                self.assertGreater(again[name][1], 200)
            server.stop()
        # On disk, too; and another adapter of the same name finds nothing of the first.
        poet = f"pirate={self.adapters['poet']}"
        with serving.serving("-m", self.model, "--lora", poet, *data) as server:
            self.assertEqual(self.ask(server, "tiny"), again["tiny"])
            self.assertEqual(self.ask(server, "pirate"), (first["poet"][0], 0))

    def test_what_is_wrong_is_said_at_the_start(self):
        def refused(*arguments, says):
            with tempfile.TemporaryDirectory() as data:
                self.expect_error("serve", "-m", self.model, "--port", 0, "--data", data,
                                  *arguments, says=says)  # fmt: skip

        pirate = self.adapters["pirate"]
        refused("--lora", pirate, says=["--lora", "NAME=DIR"])
        refused("--lora", f"../x={pirate}", says=["../x", "letters"])
        refused("--lora", f"x={self.folder / 'nowhere'}", says=["nowhere", "no folder"])
        refused("--lora", f"x={self.model}", says="adapter_config.json")
        refused("--lora", f"tiny={pirate}", says="two models are called tiny")
        wide = tiny_model.make_adapter(self.folder / "wide", 1, hidden=80)
        refused("--lora", f"x={wide}", says=["adapter_model.safetensors", "lora_A", "80"])
        broken = tiny_model.make_adapter(self.folder / "broken", 1)
        (broken / "adapter_config.json").write_text("[]")
        refused("--lora", f"x={broken}", says=["adapter_config.json", "LORA"])

    def test_an_unknown_name_is_refused(self):
        with serving.serving(*self.options, "--data", self.folder / "unknown") as server:
            status, _, reply = server.post("/completions", {"model": "nobody", "prompt": "a"})
            self.assertEqual((status, reply["error"]["code"]), (400, "model_not_found"))
            self.assertIn("pirate", reply["error"]["message"])


if __name__ == "__main__":
    support.main()
