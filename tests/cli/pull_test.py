"""frugal pull against a local hub."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import support
from support import server


class PullTest(support.ProgramTest):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.repository = self.folder / "hub" / "owner" / "tiny"
        self.repository.mkdir(parents=True)
        (self.repository / "config.json").write_text("{}")
        (self.repository / "model.safetensors").write_bytes(bytes(range(256)) * 400)
        self.server = server.start(self.folder / "hub")
        self.addCleanup(self.server.shutdown)
        self.environment = {
            "HF_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "HF_TOKEN": "",
        }

    def pull(self, *arguments):
        return self.expect_ok("pull", *arguments, environment=self.environment)

    def expect_pull_error(self, *arguments, says):
        return self.expect_error("pull", *arguments, says=says, environment=self.environment)

    def test_fetches_and_prints_the_folder(self):
        path = pathlib.Path(self.pull("owner/tiny").out.strip())
        self.assertEqual(path, self.folder / "cache/frugal/models/owner/tiny")
        self.assertEqual(
            (path / "model.safetensors").read_bytes(),
            (self.repository / "model.safetensors").read_bytes(),
        )

    def test_says_size_and_host(self):
        error = self.pull("owner/tiny").err
        self.assertIn("102 kB in 2 files", error)
        self.assertIn(self.environment["HF_ENDPOINT"], error)

    def test_a_fetched_model_needs_no_network(self):
        first = self.pull("owner/tiny").out
        self.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
        self.assertEqual(self.pull("owner/tiny").out, first)

    def test_json(self):
        answer = self.pull("owner/tiny", "--json").json()
        self.assertEqual(answer["repository"], "owner/tiny")
        self.assertTrue(pathlib.Path(answer["path"]).is_dir())

    def test_list(self):
        self.assertIn("deepseek-r1-distill-qwen-1.5b", self.pull("--list").out)
        names = {model["name"]: model for model in self.pull("--list", "--json").json()}
        self.assertEqual(names["deepseek-v2-lite"]["licence"], "deepseek")
        self.assertFalse(names["smollm2-135m"]["fetched"])

    def test_errors_say_what_to_do(self):
        self.expect_pull_error("owner/none", says="does not exist")
        self.expect_pull_error("gated/tiny", says="HF_TOKEN")
        self.expect_pull_error("smollm2-36m", says="did you mean smollm2-360m?")
        self.expect_pull_error("--lsit", says="did you mean --list?")
        self.expect_pull_error(says="frugal pull --list")
        (self.repository / "config.json").unlink()
        self.expect_pull_error("owner/tiny", says="neither safetensors")

    def test_a_hostile_listing_cannot_leave_the_cache(self):
        extra = [{"rfilename": "../../../../evil", "size": 1}]
        (self.repository.parent / "tiny.siblings.json").write_text(json.dumps(extra))
        self.expect_pull_error("owner/tiny", says="not taken")

    def test_ctrl_c_keeps_what_is_there(self):
        def slow(handler, rest, _):
            handler.send_file(rest, pause=0.1)

        self.server.RequestHandlerClass.serve_plain = slow
        running = subprocess.Popen(
            [support.program(), "pull", "owner/tiny"],
            env={**os.environ, **self.environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        part = self.folder / "cache/frugal/models/owner/tiny.partial/model.safetensors.part"
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size > 10_000):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)
        self.assertIn(b"run the same command again to continue", error)
        self.assertTrue(part.exists())
        del self.server.RequestHandlerClass.serve_plain
        self.pull("owner/tiny")
        ranges = [request["range"] for request in self.server.RequestHandlerClass.log]
        self.assertTrue(any(r and r.startswith("bytes=") for r in ranges), ranges)


if __name__ == "__main__":
    support.main()
