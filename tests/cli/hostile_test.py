"""Clients that break the protocol, dawdle, flood or vanish: the others are served all the same."""

import concurrent.futures
import contextlib
import resource
import socket
import time

import serving
import support
import tiny_model

ASK = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 3}


class HostileTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = support.class_folder(cls)
        cls.model = tiny_model.make(cls.folder / "tiny", context=20000)
        cls.server = cls.enterClassContext(
            serving.serving("-m", cls.model, "--context", 20000, "--data", cls.folder / "data")
        )

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=60)

    def raw(self, data):
        """Sends bytes; returns all that comes back."""
        with self.connect() as client:
            with contextlib.suppress(OSError):  # it may have been refused half-way
                client.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := client.recv(65536):
                    answer += chunk
            return answer

    def assert_alive(self):
        self.assertEqual(self.server.post("/chat/completions", ASK)[0], 200)

    def post(self, body, length=None):
        head = f"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length or len(body)}\r\n\r\n"
        return head.encode() + body

    def test_what_is_not_http(self):
        for data in [b"\x00\xff\x16\x03\x01\x02" * 100, b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]:
            self.assertRegex(self.raw(data), rb"^(HTTP/1.1 400|$)")
        self.assertIn(b" 431 ", self.raw(b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n"))
        self.assert_alive()

    def test_100_megabytes_are_refused_unread(self):
        self.assertIn(b" 413 ", self.raw(self.post(b"x" * 1000, length=100 << 20)))
        self.assert_alive()

    def test_deep_nesting_and_bad_utf8(self):
        self.assertIn(b" 400 ", self.raw(self.post(b"[" * 1_000_000)))
        self.assertIn(b" 400 ", self.raw(self.post(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)))
        self.assertIn(b" 400 ", self.raw(self.post(b'{"messages":[{"role":"user","content":"\xff\xc0"}]}')))
        self.assert_alive()

    def test_half_requests_and_a_byte_at_a_time(self):
        with contextlib.ExitStack() as stack:
            for part in [b"", b"P", b"POST /chat/completions HTTP/1.1\r\nContent-Le", self.post(b"{", length=50)]:
                client = stack.enter_context(self.connect())
                client.sendall(part)
            slow = stack.enter_context(self.connect())
            for byte in self.post(b"{}")[:20]:
                slow.sendall(bytes([byte]))
                time.sleep(0.02)
            self.assert_alive()

    def test_clients_that_vanish_in_mid_stream(self):
        body = b'{"messages":[{"role":"user","content":"hi"}],"max_tokens":15000,"stream":true}'
        for _ in range(40):
            with self.connect() as client:
                client.sendall(self.post(body))
                client.recv(100)
        start = time.monotonic()
        self.assert_alive()
        self.assertLess(time.monotonic() - start, 20)
        deadline = time.monotonic() + 20
        while 'frugal_active_sequences{model="tiny"} 0' not in self.server.get("/metrics")[2]:
            self.assertLess(time.monotonic(), deadline, self.server.get("/metrics")[2])
            time.sleep(0.1)

    def test_ten_thousand_idle_connections(self):
        count, others = 10_000, 500
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + others:
            self.skipTest(f"{count} connections need more open files than ulimit -Hn allows: {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + others, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.assert_alive()
        before = self.server.memory()
        with contextlib.ExitStack() as stack:
            for i in range(count):
                client = stack.enter_context(self.connect())
                if i % 2 == 0:  # half of them never say a word
                    client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    self.assertIn(b"200 OK", client.recv(4096))
            start = time.monotonic()
            self.assert_alive()
            self.assertLess(time.monotonic() - start, 10)
            # A connection that waits costs a few kilobytes, and no thread.
            self.assertLess((self.server.memory() - before) * 1024 / count, 16)

    def test_more_connections_than_files_may_be_open(self):
        with (
            serving.serving("-m", self.model, "--data", self.folder / "few", open_files=200) as server,
            contextlib.ExitStack() as stack,
        ):
            connect = lambda: stack.enter_context(  # noqa: E731
                socket.create_connection(("127.0.0.1", server.port), timeout=20)
            )
            for _ in range(300):  # idle ones make way
                connect()
            self.assertEqual(server.post("/chat/completions", ASK)[0], 200)
            for _ in range(300):  # on these something is under way
                connect().sendall(b"GET /health HTTP/1.1\r\nHost: loc")
            status, headers, body = server.get("/health")
            self.assertEqual((status, body["error"]["code"]), (503, "overloaded"))
            self.assertEqual(headers["Retry-After"], "1")
            stack.close()
            for _ in range(200):
                if server.get("/health")[0] == 200:
                    break
                time.sleep(0.05)
            self.assertEqual(server.post("/chat/completions", ASK)[0], 200)
            self.assertIn("ulimit -Hn", server.stop())

    def test_too_few_files_are_refused_at_the_start(self):
        options = ("-m", self.model, "--data", self.folder / "none")
        with self.assertRaisesRegex(AssertionError, "only 150 files may be open"):
            with serving.serving(*options, open_files=150):
                pass

    def test_a_flood_of_requests(self):
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            replies = list(pool.map(lambda _: self.server.post("/chat/completions", ASK)[0], range(200)))
        self.assertEqual(set(replies), {200})

    def test_pipelined_requests_are_answered_in_order(self):
        both = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + self.post(b"{}")
        answer = self.raw(both)
        self.assertIn(b'{"status":"ok"}', answer)
        self.assertIn(b" 422 ", answer)


if __name__ == "__main__":
    support.main()
