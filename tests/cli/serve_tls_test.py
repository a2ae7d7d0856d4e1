"""frugal serve over HTTPS, with Python's ssl module as the client."""

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

import serving
import support
import tiny_model

QUESTION = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 12, "seed": 5}


def make_certificate(folder, name):
    """A key and a certificate that vouches for itself."""
    if shutil.which("openssl") is None:
        raise unittest.SkipTest("making a certificate needs the command openssl")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True)  # fmt: skip
    return cert, key


class TlsTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = support.class_folder(cls)
        cls.cert, cls.key = make_certificate(cls.folder, "own")
        cls.model = tiny_model.make(cls.folder / "tiny", context=20000)
        result = cls("test_answers").run_frugal("serve", "-m", cls.model, *cls.tls(), "--host", "192.0.2.1",
                                                "--data", cls.folder / "probe")  # fmt: skip
        if "no TLS" in result.err:
            raise unittest.SkipTest("the program was built without TLS")
        cls.client = ssl.create_default_context(cafile=cls.cert)
        cls.client.suppress_ragged_eofs = False
        cls.server = cls.enterClassContext(cls.serving(cls.folder / "data"))

    @classmethod
    def tls(cls):
        return "--tls-cert", cls.cert, "--tls-key", cls.key

    @classmethod
    def serving(cls, data):
        options = ("-m", cls.model, "--context", 20000, "--data", data, *cls.tls())
        return serving.serving(*options, tls=cls.client)

    def answer(self, server):
        status, _, reply = server.post("/chat/completions", QUESTION)
        self.assertEqual(status, 200, reply)
        return reply["choices"][0]["message"]["content"]

    def test_answers(self):
        whole = self.answer(self.server)
        events = self.server.events("/v1/chat/completions", {**QUESTION, "stream": True})
        self.assertEqual(events.pop(), "[DONE]")
        text = "".join(e["choices"][0]["delta"].get("content", "") for e in events)
        self.assertEqual(text, whole)
        with serving.serving("-m", self.model, "--data", self.folder / "plain") as plain:
            self.assertEqual(self.answer(plain), whole)

    def test_one_connection_for_many_requests(self):
        connection = self.server.connect()
        for method, path in [("GET", "/models"), ("HEAD", "/models"), ("GET", "/nothing"), ("GET", "/health")]:
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read()
            self.assertEqual(response.status, 404 if path == "/nothing" else 200)
        self.assertEqual(json.loads(body), {"status": "ok"})
        self.assertIn(connection.sock.version(), ["TLSv1.2", "TLSv1.3"])
        connection.close()

    def test_megabytes_both_ways(self):
        chat = {"title": "t", "pinned": False, "data": {"text": "0123456789" * 500_000}}
        self.assertEqual(self.server.request("PUT", "/api/chats/big", chat)[0], 200)
        self.assertEqual(self.server.get("/api/chats/big")[2]["data"], chat["data"])

    def test_a_request_that_is_too_large_is_told_so(self):
        with self.connect() as client:
            client.sendall(b"POST /completions HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nx")
            self.assertIn(b" 413 ", client.recv(4096))

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
        return self.client.wrap_socket(raw, server_hostname="localhost")

    def test_clients_without_tls_are_not_answered(self):
        with contextlib.ExitStack() as stack:
            for data in [b"GET /health HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 1000, b""]:
                client = stack.enter_context(
                    socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
                )
                client.sendall(data)
                if data:
                    with contextlib.suppress(ConnectionResetError):
                        self.assertNotIn(b"HTTP", client.recv(4096))
            self.answer(self.server)  # one still keeps silent

    def test_a_client_that_goes_away_frees_its_place(self):
        # It waits for the whole answer, so that no failing write tells the server.
        long = {**QUESTION, "max_tokens": 19000, "response_format": tiny_model.at_least(2000)}
        body = json.dumps(long).encode()
        head = f"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        for gone, says_farewell in enumerate([True, False], 1):
            client = self.connect()
            client.sendall(head.encode() + body)
            self.wait_for('active_sequences{model="tiny"} 1')
            if says_farewell:
                client.settimeout(0.05)
                with contextlib.suppress(OSError):
                    client.unwrap()
            client.close()
            self.wait_for(f'requests_total{{model="tiny",status="cancelled"}} {gone}')

    def wait_for(self, metric):
        deadline = time.monotonic() + 8  # after 10, a blank line that cannot be sent would tell
        while metric not in (text := self.server.get("/metrics")[2]):
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.01)

    def test_a_stranger_is_noticed(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            connection = http.client.HTTPSConnection("127.0.0.1", self.server.port)
            connection.request("GET", "/health")

    def test_sigterm_lets_an_answer_finish(self):
        with self.serving(self.folder / "stopped") as server:
            replies = []
            ask = {**QUESTION, "max_tokens": 300, "temperature": 0}
            thread = threading.Thread(
                target=lambda: replies.append(server.post("/chat/completions", ask)[0])
            )
            idle = server.connect()
            idle.request("GET", "/health")
            idle.getresponse().read()
            thread.start()
            time.sleep(0.1)
            self.assertIn("stopped", server.stop())
            thread.join()
            self.assertEqual((replies, server.process.returncode), ([200], 0))
            idle.close()

    def test_a_new_certificate_is_read_without_a_restart(self):
        cert, key = self.folder / "live.pem", self.folder / "live.key"

        def put(source, place):  # as Certbot does: another file in its place, never half of one
            beside = place.with_suffix(".beside")
            shutil.copy(source, beside)
            beside.replace(place)

        put(self.cert, cert)
        put(self.key, key)
        options = ("-m", self.model, "--data", self.folder / "live", "--tls-cert", cert, "--tls-key", key)
        with serving.serving(*options, tls=self.client) as server:
            kept = server.connect()
            kept.request("GET", "/health")
            kept.getresponse().read()
            new_cert, new_key = make_certificate(self.folder, "new")
            put(new_cert, cert)
            self.assertEqual(server.get("/health")[0], 200)  # the old pair, as the key is still to come
            put(new_key, key)
            with self.assertRaises(ssl.SSLCertVerificationError):
                server.get("/health")
            server.tls = ssl.create_default_context(cafile=new_cert)
            self.answer(server)
            kept.request("GET", "/health")
            self.assertEqual(kept.getresponse().status, 200)
            kept.close()
            said = server.stop()
            self.assertIn("the certificate that was read before stays in use", said)
            self.assertIn("live.pem: read again", said)

    def test_files_that_cannot_be_used(self):
        def refused(cert, key, says):
            files = [*(["--tls-cert", cert] if cert else []), *(["--tls-key", key] if key else [])]
            data = ("--data", self.folder / "refused")
            self.expect_error("serve", "-m", self.model, "--port", 0, *data, *files, says=says)

        _, other = make_certificate(self.folder, "other")
        locked = self.folder / "locked.key"
        subprocess.run(["openssl", "pkey", "-in", self.key, "-aes256", "-passout", "pass:x", "-out", locked],
                       check=True)  # fmt: skip
        refused(self.cert, None, says="--tls-key")
        refused(None, self.key, says="--tls-cert")
        refused(self.folder / "none.pem", self.key, says=["none.pem", "o such file"])
        refused(self.key, self.key, says=["own.key", "certificate"])
        refused(self.cert, self.cert, says=["own.pem", "private key"])
        refused(self.cert, other, says=["other.key", "own.pem"])
        refused(self.cert, locked, says=["locked.key"])


if __name__ == "__main__":
    support.main()
