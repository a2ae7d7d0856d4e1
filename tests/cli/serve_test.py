"""frugal serve over real sockets."""

import http.client
import json
import pathlib
import socket
import tempfile
import threading
import time

import serving
import support
import tiny_model

QUESTION = {"messages": [{"role": "user", "content": support.SEA_QUESTION}]}


class ServeTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        model = tiny_model.make(pathlib.Path(scratch.name) / "tiny", context=20000)
        cls.model = model
        cls.data = pathlib.Path(scratch.name) / "data"
        cls.server = cls.enterClassContext(
            serving.serving("-m", model, "--context", 20000, "--data", cls.data)
        )

    def test_health_and_models(self):
        self.assertEqual(self.server.get("/health")[::2], (200, {"status": "ok"}))
        for path in ["/models", "/v1/models"]:
            status, _, body = self.server.get(path)
            self.assertEqual((status, [m["id"] for m in body["data"]]), (200, ["tiny"]))

    def test_the_page_comes_with_a_strict_policy(self):
        status, headers, body = self.server.get("/")
        self.assertEqual(status, 200)
        self.assertIn("<title>", body)
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("script-src 'self';", policy)
        for path in ["/../frugal", "/..%2ffrugal", "/assets/../../frugal"]:
            self.assertEqual(self.server.get(path)[0], 404)

    def test_an_answer_whole_and_as_a_stream(self):
        request = {**QUESTION, "max_tokens": 12, "seed": 5, "temperature": 1}
        status, _, whole = self.server.post("/chat/completions", request)
        self.assertEqual(status, 200)
        usage = whole["usage"]
        self.assertEqual(usage["prompt_tokens"] + usage["completion_tokens"], usage["total_tokens"])
        stream = {**request, "stream": True, "stream_options": {"include_usage": True}}
        events = self.server.events("/v1/chat/completions", stream)
        self.assertEqual(events.pop(), "[DONE]")
        self.assertEqual(events[-1]["usage"]["completion_tokens"], usage["completion_tokens"])
        text = "".join(e["choices"][0]["delta"].get("content", "") for e in events[:-1])
        self.assertEqual(text, whole["choices"][0]["message"]["content"])
        self.assertEqual(events[-2]["choices"][0]["finish_reason"], whole["choices"][0]["finish_reason"])

    def test_equal_seeds_give_equal_answers_also_under_load(self):
        request = {**QUESTION, "max_tokens": 20, "seed": 7, "temperature": 1}
        alone = self.server.post("/chat/completions", request)[2]["choices"]
        answers = [None] * 12

        def ask(i):
            other = request if i % 2 == 0 else {**request, "seed": i}
            answers[i] = self.server.post("/chat/completions", other)[2]["choices"]

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers[::2], [alone] * 6)
        self.assertNotEqual(answers[1], alone)

    def test_refusals(self):
        def refused(path, body):
            status, _, reply = self.server.post(path, body)
            error = reply["error"]
            self.assertTrue(error["message"])
            return status, error["param"]

        chat = "/chat/completions"
        self.assertEqual(refused(chat, "{"), (400, None))
        self.assertEqual(refused(chat, {**QUESTION, "model": "gpt"}), (400, "model"))
        self.assertEqual(refused(chat, {**QUESTION, "temperature": 3}), (422, "temperature"))
        self.assertEqual(refused(chat, {**QUESTION, "temprature": 1}), (422, "temprature"))
        self.assertEqual(self.server.post("/nothing", {})[0], 404)
        self.assertEqual(self.server.get(chat)[0], 405)

    def test_pages_of_others_may_not_ask(self):
        headers = {"Origin": "http://evil.example"}
        self.assertEqual(self.server.post("/chat/completions", QUESTION, headers=headers)[0], 403)
        headers = {"Origin": f"http://127.0.0.1:{self.server.port}"}
        self.assertEqual(self.server.get("/models", headers=headers)[0], 200)

    def test_it_listens_elsewhere_only_with_a_key(self):
        with tempfile.TemporaryDirectory() as data:
            self.expect_error(
                *("serve", "-m", self.model, "--host", "0.0.0.0", "--port", "0", "--data", data),
                says="keys add",
            )

    def test_one_server_a_data_folder(self):
        self.expect_error("serve", "-m", self.model, "--data", self.data, says="--data DIR")

    def test_a_port_that_cannot_be(self):
        self.expect_error("serve", "--port", "99999", says="0 to 65535")

    def test_a_client_that_goes_away_frees_its_place(self):
        body = '{"messages":[{"role":"user","content":"hi"}],"n":16,"max_tokens":19000}'
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(
                f"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
                f"\r\n\r\n{body}".encode()
            )
            time.sleep(0.3)
        start = time.monotonic()
        self.assertEqual(self.server.post("/chat/completions", {**QUESTION, "max_tokens": 2})[0], 200)
        self.assertLess(time.monotonic() - start, 10)


class StopTest(support.ProgramTest):
    def test_sigterm_lets_an_answer_finish(self):
        with tempfile.TemporaryDirectory() as scratch:
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")
            with serving.serving("-m", model, "--data", scratch) as server:
                replies = []
                ask = lambda: replies.append(  # noqa: E731
                    server.post("/chat/completions", {**QUESTION, "max_tokens": 300})
                )
                thread = threading.Thread(target=ask)
                thread.start()
                time.sleep(0.05)
                self.assertIn("stopped", server.stop())
                thread.join()
                self.assertEqual(replies[0][0], 200)
                self.assertEqual(server.process.returncode, 0)


    def test_a_generation_whose_page_is_closed_ends_with_the_server_and_is_billed(self):
        with tempfile.TemporaryDirectory() as scratch:
            data = pathlib.Path(scratch) / "data"
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")
            body = json.dumps({**QUESTION, "max_tokens": 19000})
            with serving.serving("-m", model, "--data", data) as server:
                with socket.create_connection(("127.0.0.1", server.port)) as client:
                    client.sendall(
                        "POST /api/generations HTTP/1.1\r\nHost: localhost\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
                    )
                    self.assertIn(b"200 OK", client.recv(4096))
                time.sleep(0.2)
                self.assertIn("stopped", server.stop())
                self.assertEqual(server.process.returncode, 0)
            report = self.expect_ok("cost", "serve", "--json", "--data", data).json()
            self.assertGreater(report["total"]["output_tokens"], 0)

    def test_a_head_of_a_stream_has_no_body(self):
        with tempfile.TemporaryDirectory() as scratch:
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")
            with serving.serving("-m", model, "--data", scratch) as server:
                page = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                page.request("POST", "/api/generations", json.dumps({**QUESTION, "max_tokens": 3000}))
                lines = iter(page.getresponse().readline, b"")
                first = next(line for line in lines if line.startswith(b"data: "))
                generation = json.loads(first[6:])["generation"]
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                for _ in range(2):  # the second is read where a body would stand
                    connection.request("HEAD", "/api/generations/" + generation)
                    response = connection.getresponse()
                    response.read()
                    self.assertEqual(response.status, 200)
                connection.close()
                page.close()


class KeysTest(support.ProgramTest):
    def test_keys_money_and_the_ledger_survive_kill_9(self):
        with tempfile.TemporaryDirectory() as scratch:
            data = pathlib.Path(scratch) / "data"
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")

            def keys(*arguments):
                return self.expect_ok("keys", *arguments, "--data", data).out.strip()

            secret = keys("add", "ann")
            self.assertTrue(secret.startswith("sk-"))
            headers = {"Authorization": f"Bearer {secret}"}
            keys("topup", "ann", "1.5")
            with serving.serving("-m", model, "--data", data) as server:
                self.assertEqual(server.get("/models")[0], 401)
                for _ in range(3):
                    request = {**QUESTION, "max_tokens": 5}
                    self.assertEqual(server.post("/chat/completions", request, headers=headers)[0], 200)
                before = server.get("/api/ledger", headers=headers)[2]
                balance = server.get("/user/balance", headers=headers)[2]
                server.process.kill()
            with serving.serving("-m", model, "--data", data) as server:
                self.assertEqual(server.get("/api/ledger", headers=headers)[2], before)
                self.assertEqual(server.get("/user/balance", headers=headers)[2], balance)
                self.assertEqual(before["days"][0]["requests"], 3)
                keys("revoke", "ann")
                self.assertEqual(server.get("/models", headers=headers)[0], 401)
            self.assertNotIn(secret, keys("list", "--json"))


class RestartTest(support.ProgramTest):
    def test_the_prefix_cache_survives_kill_9(self):
        with tempfile.TemporaryDirectory() as scratch:
            data = pathlib.Path(scratch) / "data"
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")
            long = {"messages": [{"role": "user", "content": "word " * 60}], "max_tokens": 9, "seed": 1}
            with serving.serving("-m", model, "--data", data) as server:
                first = server.post("/chat/completions", long)[2]
                self.assertEqual(first["usage"]["prompt_cache_hit_tokens"], 0)
                again = server.post("/chat/completions", long)[2]
                hits = again["usage"]["prompt_cache_hit_tokens"]
                self.assertEqual(hits % 64, 0)
                self.assertGreater(hits, 200)
                deadline = time.monotonic() + 20  # files are written beside the answers
                while len(list((data / "cache" / "tiny").glob("[!.]*"))) < hits // 64:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
                server.process.kill()
            with serving.serving("-m", model, "--data", data) as server:
                later = server.post("/chat/completions", long)[2]
                self.assertEqual(later["usage"]["prompt_cache_hit_tokens"], hits)
                self.assertEqual(later["choices"], first["choices"])

    def test_several_models_by_name(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            one, two = (tiny_model.make(folder / name) for name in ["one", "two"])
            options = ("--data", folder / "data", "--idle-minutes", "0")
            with serving.serving("-m", one, "-m", two, *options) as server:
                for name in ["two", "one", "two"]:
                    request = {**QUESTION, "model": name, "max_tokens": 3}
                    self.assertEqual(server.post("/chat/completions", request)[2]["model"], name)

    def test_backup_and_cost(self):
        with tempfile.TemporaryDirectory() as scratch:
            data = pathlib.Path(scratch) / "data"
            model = tiny_model.make(pathlib.Path(scratch) / "tiny")
            with serving.serving("-m", model, "--data", data) as server:
                server.post("/chat/completions", {**QUESTION, "max_tokens": 5})
                copy = pathlib.Path(scratch) / "copy" / "frugal.db"
                copy.parent.mkdir()
                self.expect_ok("keys", "backup", copy, "--data", data)
            reports = [
                self.expect_ok("cost", "serve", "--json", "--price", 2, "--hours", 3, "--data", folder).json()
                for folder in [data, copy.parent]
            ]
            self.assertEqual(reports[0], reports[1])
            total = reports[0]["total"]
            paid = 0.55 * total["miss_tokens"] + 0.14 * total["hit_tokens"] + 2.19 * total["output_tokens"]
            self.assertAlmostEqual(total["income"], paid / 1e6, 12)
            self.assertEqual(reports[0]["device_cost"], 6)
            self.assertAlmostEqual(reports[0]["elsewhere"]["DeepSeek-R1 (January 2025)"], total["income"])


class SmolLM2Test(support.ProgramTest):
    def test_it_answers_as_transformers_does(self):
        with (
            tempfile.TemporaryDirectory() as data,
            serving.serving("-m", support.smollm2(), "--data", data) as server,
        ):
            request = {**QUESTION, "temperature": 0, "max_tokens": 60}
            status, _, reply = server.post("/v1/chat/completions", request)
            self.assertEqual(status, 200)
            text = reply["choices"][0]["message"]["content"]
            self.assertTrue(text.startswith(support.SEA_ANSWER), text)
            self.assertEqual(reply["choices"][0]["finish_reason"], "stop")

    def test_the_end_of_a_stream_does_not_wait_for_a_keep_alive(self):
        # What comes while the server still writes has to be written next, not ten seconds later.
        with (
            tempfile.TemporaryDirectory() as data,
            serving.serving("-m", support.smollm2(), "--data", data) as server,
        ):
            for seed in range(40):
                request = {**QUESTION, "temperature": 1, "seed": seed, "max_tokens": 16, "stream": True}
                status, _, text = server.post("/v1/chat/completions", request)
                self.assertEqual(status, 200)
                self.assertNotIn(": keep-alive", text)


if __name__ == "__main__":
    support.main()
