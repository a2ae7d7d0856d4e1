"""frugal serve on a disk that fills up, and has room again."""

import contextlib
import json
import pathlib
import resource
import subprocess
import tempfile
import time
import unittest

import serving
import support
import tiny_model

QUESTION = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}


class SmallDisk:
    """A file system in memory, mounted at a folder. Skips the test where that is not allowed."""

    def __init__(self, folder, size="3m"):
        self.folder = folder
        folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
        )
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"mounting a small disk needs root: {mounted.stderr.decode()}")

    def fill(self, server):
        with contextlib.suppress(OSError), open(self.folder / "filler", "wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass

    def free(self, server):
        (self.folder / "filler").unlink()

    def close(self):
        subprocess.run(["umount", self.folder], check=True)


class FileSizeLimit:
    """Lets a server write nothing to any file."""

    def __init__(self, folder):
        folder.mkdir()

    def limit(self, server, bytes):
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (bytes, hard))

    def fill(self, server):
        self.limit(server, 0)

    def free(self, server):
        self.limit(server, resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1])

    def close(self):
        pass


class FullDiskTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.model = tiny_model.make(self.scratch / "tiny", context=20000)

    def disk(self, kind, folder, *arguments):
        disk = kind(folder, *arguments)
        self.addCleanup(disk.close)
        return disk

    def key(self, data):
        secret = self.expect_ok("keys", "add", "ann", "--data", data).out.strip()
        self.expect_ok("keys", "topup", "ann", "1.5", "--data", data)
        return {"Authorization": f"Bearer {secret}"}

    def ask(self, server, headers, **more):
        status, _, reply = server.post("/chat/completions", {**QUESTION, **more}, headers=headers)
        return status, reply

    def wait_until_it_answers(self, server, headers):
        deadline = time.monotonic() + 20
        while (answer := self.ask(server, headers))[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(answer[0], 200, answer)
        return answer[1]

    def check_refusals(self, server, headers):
        """Each endpoint says it in its own form, and what needs no disk is there."""
        for _ in range(20):
            status, reply = self.ask(server, headers)
            self.assertEqual(status, 500, reply)
            error = reply["error"]
            self.assertEqual((error["type"], error["code"]), ("server_error", "database_unavailable"))
            self.assertIn("disk space", error["message"])
        status, _, reply = server.post("/anthropic/v1/messages", QUESTION, headers=headers)
        self.assertEqual((status, reply["type"]), (500, "error"))
        chat = {"title": "t", "pinned": False, "data": {"text": "x" * 100_000}}
        self.assertEqual(server.request("PUT", "/api/chats/a", chat, headers=headers)[0], 500)
        for path in ["/health", "/models", "/user/balance", "/api/ledger"]:
            self.assertEqual(server.get(path, headers=headers)[0], 200, path)

    def check_a_full_disk(self, kind):
        data = self.scratch / "data"
        disk = self.disk(kind, data)
        headers = self.key(data)
        # Blocks on disk would make it full again.
        options = ("-m", self.model, "--data", data, "--cache-gigabytes", 0, "--context", 20000)
        with serving.serving(*options) as server:
            answers = [self.ask(server, headers)[1]]
            long = {**QUESTION, "max_tokens": 900, "response_format": tiny_model.at_least(250)}
            long["stream_options"] = {"include_usage": True}
            with server.begun("/chat/completions", long, headers) as stream:
                disk.fill(server)
                # What was being answered is answered, and billed when there is room again.
                *_, usage, done = [line for line in stream.read().splitlines() if line]
            self.assertEqual(done, b"data: [DONE]")
            answers.append(json.loads(usage.removeprefix(b"data: ")))
            self.assertEqual(server.get("/api/ledger", headers=headers)[2]["days"][0]["requests"], 2)
            self.check_refusals(server, headers)
            disk.free(server)
            answers.append(self.wait_until_it_answers(server, headers))
            ledger = server.get("/api/ledger", headers=headers)[2]
            self.check_ledger(ledger, answers)
            said = server.stop()
            self.assertEqual(server.process.returncode, 0)
        self.assertEqual(said.count("the database fails"), 1, said)
        self.assertEqual(said.count("the database works again"), 1, said)
        with serving.serving(*options) as server:
            self.assertEqual(server.get("/api/ledger", headers=headers)[2], ledger)

    def check_ledger(self, ledger, answers):
        (day,) = ledger["days"]
        self.assertEqual(day["requests"], len(answers))
        for column, field in [("output", "completion_tokens"), ("miss", "prompt_cache_miss_tokens")]:
            self.assertEqual(day[column], sum(answer["usage"][field] for answer in answers))
        self.assertAlmostEqual(ledger["balance"], 1.5 - day["cost"], places=9)

    def test_a_small_disk(self):
        self.check_a_full_disk(SmallDisk)

    def test_a_limit_on_files(self):
        self.check_a_full_disk(FileSizeLimit)

    def test_a_prefix_cache_without_room(self):
        data = self.scratch / "data"
        data.mkdir()
        self.disk(SmallDisk, data / "cache", "200k")  # room for two blocks
        with serving.serving("-m", self.model, "--data", data) as server:
            for i in range(10):
                long = [{"role": "user", "content": f"{i}" + "word " * 100}]
                first, again = (self.ask(server, {}, messages=long)[1] for _ in range(2))
                self.assertGreater(again["usage"]["prompt_cache_hit_tokens"], 400)
                self.assertEqual(first["choices"][0]["finish_reason"] in ("stop", "length"), True)
            said = server.stop()
        self.assertEqual(said.count("the prefix cache goes on in memory alone"), 1, said)
        self.assertEqual(server.process.returncode, 0)
        self.assertEqual(list((data / "cache").rglob("*.new")), [])


if __name__ == "__main__":
    support.main()
