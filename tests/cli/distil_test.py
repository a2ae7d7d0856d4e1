"""End-to-end tests of frugal distil with a teacher behind a URL that does not always answer."""

import collections
import json
import pathlib
import subprocess
import tempfile
import time

import serving
import support
import teacher
import tiny_model
from teacher import Handler, Teacher

QUESTION = "put into \\boxed what comes after {}?"
ANSWERS = {QUESTION.format(i): str(i + 1) for i in range(6)}


def right(question):
    """As DeepSeek's API gives thinking."""
    thinking = f"\nI count on from there to {ANSWERS[question]}.\n"
    return {"reasoning_content": thinking, "content": f"\n\n{ANSWERS[question]}"}, "stop"


def error(status, message, headers=None):
    return lambda handler: handler.send_json(status, {"error": {"message": message}}, headers)


class Distil(support.ProgramTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"
        self.task = self.folder / "task.jsonl"
        lines = [json.dumps({"question": q, "answer": a}) for q, a in ANSWERS.items()]
        self.task.write_text("\n".join(lines) + "\n")

    def recipe(self, url, **more):
        settings = {"teacher": url, "teacher_model": "wise", "task": str(self.task),
                    "samples": 2, "keep": 2, "similarity": 1.0, "parallel": 3, **more}  # fmt: skip
        path = self.folder / "distil.toml"
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        path.write_text("[distil]\n" + "\n".join(lines) + "\n")
        return path

    def distil(self, url, **more):
        return self.expect_ok("distil", self.recipe(url, **more), "--out", self.out,
                              environment={"FRUGAL_TEACHER_KEY": teacher.KEY})  # fmt: skip

    def fails(self, url, says, **more):
        return self.expect_error("distil", self.recipe(url, **more), "--out", self.out, says=says,
                                 environment={"FRUGAL_TEACHER_KEY": teacher.KEY})  # fmt: skip

    def lines(self, name):
        return [json.loads(line) for line in (self.out / name).read_text().splitlines()]

    def expect_all_answers_once(self, asked):
        """Two answers to each question are kept, and no more were asked for."""
        samples = self.lines("samples.jsonl")
        twice = {question: 2 for question in ANSWERS}
        self.assertEqual(collections.Counter(s["question"] for s in samples), twice)
        self.assertTrue(all(s["right"] for s in samples))
        asked = collections.Counter(body["messages"][-1]["content"] for _, body, _ in asked.requests)
        self.assertEqual(asked, twice)

    def test_answers_are_kept_with_their_thinking(self):
        wise = Teacher(right)
        result = self.distil(wise.url + "/", temperature=0.5, max_tokens=99)
        self.expect_all_answers_once(wise)
        self.assertIn("12 answers, 12 of them right", result.out)
        # Several are under way at once, so any may arrive first.
        asks_the_first = {"role": "user", "content": QUESTION.format(0)}
        path, body, authorization = next(r for r in wise.requests if r[1]["messages"] == [asks_the_first])
        self.assertEqual(path, "/v1/chat/completions")
        self.assertEqual(authorization, "Bearer " + teacher.KEY)
        body.pop("messages")
        self.assertEqual(body, {"model": "wise", "temperature": 0.5, "top_p": 0.95,
                                "max_tokens": 99, "stream": False})  # fmt: skip
        chats = {d["messages"][0]["content"]: d["messages"][1]["content"] for d in self.lines("data.jsonl")}
        thought = "<think>\nI count on from there to 4.\n</think>\n4"
        self.assertEqual(chats[QUESTION.format(3)], thought)
        for file in self.out.iterdir():  # the key is written nowhere
            self.assertNotIn(teacher.KEY, file.read_text())
        self.assertNotIn(teacher.KEY, result.out + result.err)

    def test_thinking_in_tags_and_answers_without_an_end(self):
        def say(question):
            forms = {
                "0": ({"content": "<think>one</think>1"}, "stop"),
                "1": ({"content": "two</think>2"}, "stop"),  # a template that opens the thinking
                "2": ({"content": "3", "reasoning_content": None}, "stop"),
                "3": ({"content": "4"}, "length"),
                "4": ({"content": None, "reasoning_content": "so it must be 5"}, "length"),
                "5": ({"content": "6", "reasoning": "six"}, "stop"),
            }
            return forms[question[-2]]

        self.distil(Teacher(say).url, samples=1, keep=1)
        samples = {s["question"][-2]: s for s in self.lines("samples.jsonl")}
        self.assertEqual(samples["0"]["completion"], "<think>\none\n</think>\n1")
        self.assertEqual(samples["1"]["completion"], "<think>\ntwo\n</think>\n2")
        self.assertEqual(samples["2"]["completion"], "3")
        self.assertEqual(samples["5"]["completion"], "<think>\nsix\n</think>\n6")
        self.assertEqual({i for i in samples if not samples[i]["right"]}, {"3", "4"})
        self.assertTrue(samples["3"]["truncated"])

    def test_faults_that_pass(self):
        whole = json.dumps({"choices": [{"message": {"content": "1"}, "finish_reason": "stop"}]})
        wise = Teacher(right, faults=[
            error(429, "slow down", {"Retry-After": "2"}),
            error(503, "overloaded"),
            Handler.hang_up,
            lambda handler: handler.send_text(200, whole[:30], lacking=30),  # cut off
            lambda handler: handler.send_text(200, whole[:30]),  # cut off and said to be whole
            lambda handler: handler.send_text(200, "\n\n" + json.dumps({"error": {"message": "it died"}})),
        ])  # fmt: skip
        result = self.distil(wise.url, parallel=8)
        self.expect_all_answers_once(wise)
        self.assertIn("trying again in", result.err)

    def test_a_server_that_comes_back(self):
        wise = Teacher(right)
        wise.answers_left, wise.rests = 4, 1.5
        result = self.distil(wise.url)
        self.expect_all_answers_once(wise)
        # Three requests failed together, which is said once a pause: of 1 s, then 2 s.
        self.assertLessEqual(result.err.count("trying again in"), 3, result.err)

    def test_a_server_that_dies_half_way(self):
        wise = Teacher(right)
        wise.answers_left = 5
        self.fails(wise.url, ["127.0.0.1", "5 of 12 answers are kept in", "the same command goes on"],
                   teacher_attempts=2)  # fmt: skip
        self.assertEqual(len(self.lines("samples.jsonl")), 5)
        with (self.out / "samples.jsonl").open("a") as file:
            file.write('{"id": "cut off in the mid')
        wise.revive()
        self.distil(wise.url, teacher_attempts=2)
        self.expect_all_answers_once(wise)
        asked = len(wise.requests)
        self.distil(wise.url)  # nothing is asked twice
        self.assertEqual(len(wise.requests), asked)
        self.fails(wise.url, ["teacher.json", "teacher_model"], teacher_model="other")

    def test_refused_questions_are_left_empty(self):
        def say(question):
            return error(400, "content risk") if question == QUESTION.format(0) else right(question)

        result = self.distil(Teacher(say).url)
        self.assertIn("content risk", result.err)
        samples = self.lines("samples.jsonl")
        self.assertEqual(len(samples), 12)
        self.assertEqual([s["completion"] for s in samples if not s["right"]], ["", ""])

    def test_what_a_person_has_to_mend_ends_it_at_once(self):
        wise = Teacher(lambda _: error(400, "no such model"))
        self.fails(wise.url, "no such model", teacher_model="wize")
        wise.say = lambda _: error(401, f"{teacher.KEY} is no key")
        wrong = self.fails(wise.url, ["is no key", "FRUGAL_TEACHER_KEY", "0 of 12 answers"])
        self.assertNotIn(teacher.KEY, wrong.err)
        self.fails(wise.url.removesuffix("/v1") + "?key=secret", "FRUGAL_TEACHER_KEY")
        self.fails(wise.url, "teacher_model is missing", teacher_model="")
        self.fails("folder", "teacher_model is for a teacher that is a URL")
        self.fails(wise.url, "force_think", force_think=True)
        self.fails(wise.url, "distil.logits needs a teacher on this machine", logits=True, student="m")
        wise.say = right  # and what was wrong is forgotten
        self.distil(wise.url)


class OwnServer(support.ProgramTest):
    """frugal serve as the teacher."""

    @classmethod
    def setUpClass(cls):
        cls.folder = support.class_folder(cls)
        cls.model = tiny_model.make(cls.folder / "tiny")

    def recipe(self, url, questions):
        path = self.folder / "distil.toml"
        of_url = f'teacher = "{url}"\nteacher_model = "tiny"'
        path.write_text(f"""
            [distil]
            {of_url if url else f'teacher = "{self.model}"'}
            task = "arithmetic:easy"
            questions = {questions}
            samples = 2
            temperature = 0
            max_tokens = 16
            parallel = 4
            threads = 1
            teacher_attempts = 1
            """)
        return path

    def samples(self, out):
        lines = (self.folder / out / "samples.jsonl").read_text().splitlines()
        # The server leaves markers out, which a random model says now and then.
        return sorted(line.replace("<|begin|>", "") for line in lines)

    def distil_in_vain(self, recipe, out):
        """A random model is never right, which is said once all its answers are there."""
        result = self.run_frugal("distil", recipe, "--out", out)
        self.assertIn("the teacher gave 300 answers", result.out, result.err)
        self.assertIn("the teacher gave no right answer", result.err)

    def test_says_what_the_model_itself_says_also_when_it_is_killed(self):
        self.distil_in_vain(self.recipe("", 150), self.folder / "model")
        arguments = ["-m", self.model, "--data", self.folder / "data", "--threads", "1"]
        with serving.serving(*arguments) as server:
            recipe = self.recipe(f"http://127.0.0.1:{server.port}/v1", 150)
            out = self.folder / "server"
            command = [support.program(), "distil", str(recipe), "--out", str(out)]
            run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            self.addCleanup(run.kill)
            file = out / "samples.jsonl"
            while run.poll() is None and (not file.exists() or file.read_text().count("\n") < 20):
                time.sleep(0.01)
            server.process.kill()
            _, said = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1)
        kept = len(self.samples("server"))
        self.assertTrue(20 <= kept < 300)
        self.assertIn(f"{kept} of 300 answers are kept in", said)
        with serving.serving(*arguments, port=server.port):
            self.distil_in_vain(recipe, out)
        self.assertEqual(self.samples("server"), self.samples("model"))


if __name__ == "__main__":
    support.main()
