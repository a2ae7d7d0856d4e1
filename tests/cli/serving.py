"""A running `frugal serve`, for tests."""

import contextlib
import http.client
import json
import pathlib
import re
import signal
import subprocess

import support


class Server:
    def __init__(self, process, port, tls=None):
        self.process = process
        self.port = port
        self.tls = tls

    def connect(self, timeout=120):
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)

    def request(self, method, path, body=None, headers=None, timeout=120):
        """Status, headers and body (parsed when it is JSON) of one request."""
        connection = self.connect(timeout)
        data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request(method, path, data, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return response.status, response.headers, json.loads(text) if is_json else text.decode()

    def get(self, path, **keywords):
        return self.request("GET", path, **keywords)

    def post(self, path, body, **keywords):
        return self.request("POST", path, body, **keywords)

    def events(self, path, body, headers=None):
        """The server-sent events of a stream: parsed data, or the text "[DONE]"."""
        status, _, text = self.post(path, body, headers=headers)
        assert status == 200, text
        lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]

    @contextlib.contextmanager
    def begun(self, path, body, headers=None):
        """A stream whose first event has come; yields the response, to read the rest of."""
        connection = self.connect()
        connection.request("POST", path, json.dumps({**body, "stream": True}), headers or {})
        response = connection.getresponse()
        while not response.readline().startswith(b"data: "):
            pass
        yield response
        connection.close()

    def memory(self):
        """Resident megabytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self, how=signal.SIGTERM):
        """Returns what it still said on standard error."""
        self.process.send_signal(how)
        said = self.process.stderr.read()
        self.process.wait(timeout=60)
        return said


@contextlib.contextmanager
def serving(*arguments, port=0, environment=None, tls=None, open_files=None):
    """Starts the server, on a free port unless one is named; stops it at the end. `tls`: the ssl
    context of clients. `open_files`: how many it may have."""
    limit = [] if open_files is None else ["prlimit", f"--nofile={open_files}"]
    process = subprocess.Popen(
        [*limit, support.program(), "serve", "--port", str(port), *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            found = re.search(r"serving on https?://[^ ]*:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError("".join(said))
        yield Server(process, int(found[1]), tls)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()
