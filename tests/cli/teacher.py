"""A server of chat completions that behaves as badly as the tests ask."""

import http.server
import json
import threading
import time

KEY = "sesame-2401"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):  # noqa: N802, the name that http.server calls
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.teacher.reply(self, self.path, body, self.headers.get("Authorization"))

    def send_json(self, status, value, headers=None):
        self.send_text(status, json.dumps(value), headers)

    def send_text(self, status, text, headers=None, lacking=0):
        """`lacking` bytes are announced, but never come."""
        data = text.encode()
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data) + lacking))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = lacking > 0

    def hang_up(self):
        self.close_connection = True

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # a client that went away is part of the tests


class Teacher:
    """`say(question)` gives the message and the finish_reason; each of `faults` is one reply."""

    def __init__(self, say, faults=()):
        self.say = say
        self.faults = list(faults)
        self.requests = []  # (path, body, authorization) of those that were answered
        self.answers_left = None  # when none are left, the server dies
        self.rests = None  # seconds until a dead server comes back
        self.lock = threading.Lock()
        self.port = 0
        self.revive()

    def revive(self):
        self.answers_left = None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.server.teacher = self
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def die(self):
        self.server.shutdown()
        self.server.server_close()
        if self.rests is not None:
            time.sleep(self.rests)
            self.revive()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def reply(self, handler, path, body, authorization):
        with self.lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault is None and self.answers_left == 0:
                fault = Handler.hang_up
            if fault is None:
                self.requests.append((path, body, authorization))
                if self.answers_left is not None:
                    self.answers_left -= 1
                    if self.answers_left == 0:
                        threading.Thread(target=self.die, daemon=True).start()
        if fault is not None:
            return fault(handler)
        said = self.say(body["messages"][-1]["content"])
        if callable(said):
            return said(handler)
        message, finish = said
        message = {"role": "assistant", **message}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return handler.send_json(200, {"object": "chat.completion", "choices": [choice]})
