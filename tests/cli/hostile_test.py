"""Clients that break the protocol, dawdle, flood or vanish: the others are served all the same."""

import concurrent.futures
import contextlib
import pathlib
import resource
import socket
import tempfile
import time

import serving
import support
import tiny_model

ASK = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 3}


class HostileTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        model = tiny_model.make(pathlib.Path(scratch.name) / "tiny", context=20000)
        cls.server = cls.enterClassContext(
            serving.serving("-m", model, "--context", 20000, "--data", scratch.name)
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

    def test_idle_connections(self):
        count = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        with contextlib.ExitStack() as stack:
            for _ in range(count):
                stack.enter_context(self.connect())
            self.assert_alive()

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
