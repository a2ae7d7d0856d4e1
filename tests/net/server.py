"""A local HTTP server that behaves as badly as the tests ask.

    python3 server.py FOLDER      prints its port, then serves files of FOLDER until it is killed

The first part of a path says how the file named by the rest is served:

    /plain/F        with ETag and ranges, as a good server does
    /norange/F      without ranges and without ETag
    /break/N/F      the connection breaks after N bytes of each answer
    /early/N/F      no Content-Length, and the answer ends after N bytes
    /once/S/F       status S (with Retry-After: 1) the first time, then as /plain
    /status/S       status S, always
    /redirect/N/F   N redirects, then as /plain
    /away/F         a redirect to another host name of this server, then as /plain
    /changing/F     each answer has another ETag
    /slow/F         a little at a time, about a second in all
    /log            the requests so far, as JSON
    /post/S         to a POST: status S, and as JSON what was sent
    /api/models/OWNER/NAME/revision/REV, /OWNER/NAME/resolve/REV/F
                    a hub whose repositories are the folders FOLDER/OWNER/NAME; what OWNER "gated"
                    has needs the token "sesame"
"""

import hashlib
import http.server
import json
import pathlib
import sys
import threading
import time

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LFS_SUFFIXES = {".safetensors", ".gguf"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = pathlib.Path()
    log: list[dict] = []
    seen: set[str] = set()
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def do_GET(self):  # noqa: N802, the name that http.server calls
        path = self.path.split("?")[0]
        if path == "/log":
            return self.send_json(self.log)
        with self.lock:
            first_time = path not in self.seen
            self.seen.add(path)
            self.log.append(
                {
                    "path": path,
                    "host": self.headers.get("Host", "").split(":")[0],
                    "range": self.headers.get("Range"),
                    "if_range": self.headers.get("If-Range"),
                    "authorization": self.headers.get("Authorization"),
                }
            )
        if path.startswith("/api/models/"):
            return self.send_listing(path)
        if "/resolve/" in path:
            return self.send_resolved(path)
        kind, _, rest = path[1:].partition("/")
        serve = getattr(self, f"serve_{kind}", None)
        if serve is None:
            return self.send_status(404)
        return serve(rest, first_time)

    def do_POST(self):  # noqa: N802
        sent = {
            "body": self.rfile.read(int(self.headers["Content-Length"])).decode(),
            "type": self.headers.get("Content-Type"),
            "authorization": self.headers.get("Authorization"),
        }
        self.send_json(sent, int(self.path.rsplit("/", 1)[1]))

    # How files are served.

    def serve_plain(self, name, _=True):
        self.send_file(name)

    def serve_norange(self, name, _):
        self.send_file(name, ranges=False, etag="")

    def serve_break(self, rest, _):
        limit, _, name = rest.partition("/")
        self.send_file(name, limit=int(limit))

    def serve_early(self, rest, _):
        limit, _, name = rest.partition("/")
        data = self.data_of(name)
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data[: int(limit)])
        self.close_connection = True

    def serve_once(self, rest, first_time):
        status, _, name = rest.partition("/")
        if first_time:
            return self.send_status(int(status), {"Retry-After": "1"})
        return self.send_file(name)

    def serve_status(self, rest, _):
        self.send_status(int(rest))

    def serve_redirect(self, rest, _):
        count, _, name = rest.partition("/")
        left = int(count)
        self.send_redirect(f"/redirect/{left - 1}/{name}" if left > 1 else f"/plain/{name}")

    def serve_away(self, name, _):
        self.send_redirect(self.elsewhere(f"/plain/{name}"))

    def serve_changing(self, name, _):
        self.send_file(name, etag=f'"{time.monotonic_ns()}"')

    def serve_slow(self, name, _):
        self.send_file(name, pause=0.05)

    # The hub.

    def allowed(self, owner):
        if owner == "gated" and self.headers.get("Authorization") != "Bearer sesame":
            self.send_status(401)
            return False
        return True

    def send_listing(self, path):
        owner, name = path.split("/")[3:5]
        folder = self.root / owner / name
        if not self.allowed(owner):
            return None
        if not folder.is_dir():
            return self.send_status(404)
        siblings = []
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            data = file.read_bytes()
            entry = {"rfilename": str(file.relative_to(folder)), "size": len(data)}
            blob = b"blob %d\0" % len(data) + data
            if file.suffix in LFS_SUFFIXES:
                sha256 = hashlib.sha256(data).hexdigest()
                entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 130}
                blob = b"pointer"
            entry["blobId"] = hashlib.sha1(blob).hexdigest()
            siblings.append(entry)
        extra = folder.parent / f"{name}.siblings.json"  # what a hostile hub would add
        if extra.exists():
            siblings += json.loads(extra.read_text())
        return self.send_json({"id": f"{owner}/{name}", "sha": COMMIT, "siblings": siblings})

    def send_resolved(self, path):
        owner, name, _, _, rest = path[1:].split("/", 4)
        if not self.allowed(owner):
            return None
        file = self.root / owner / name / rest
        if file.suffix in LFS_SUFFIXES and file.exists():
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            return self.send_redirect(
                self.elsewhere(f"/plain/{owner}/{name}/{rest}?signature=secret"),
                {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(file.stat().st_size)},
            )
        return self.send_file(f"{owner}/{name}/{rest}")

    # Answers.

    def elsewhere(self, path):
        """This server under its other name: localhost for 127.0.0.1."""
        return f"http://localhost:{self.server.server_port}{path}"

    def data_of(self, name):
        return (self.root / name).read_bytes()

    def send_status(self, status, headers=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_redirect(self, to, headers=None):
        self.send_status(302, {"Location": to, **(headers or {})})

    def send_json(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, name, ranges=True, etag=None, limit=None, pause=0.0):
        if not (self.root / name).is_file():
            return self.send_status(404)
        data = self.data_of(name)
        if etag is None:
            etag = f'"{hashlib.md5(data).hexdigest()}"'
        first = 0
        wanted = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        if ranges and wanted and (condition is None or condition == etag):
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if first >= len(data):
                return self.send_status(416, {"Content-Range": f"bytes */{len(data)}"})
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        body = data[first:]
        if limit is not None and limit < len(body):
            self.wfile.write(body[:limit])
            self.close_connection = True
            return None
        if pause:
            step = max(1, len(body) // 20)
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                time.sleep(pause)
            return None
        self.wfile.write(body)
        return None

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # a client that went away is part of the tests


def start(folder):
    """Serves in threads of this process; returns the server."""
    handler = type("FolderHandler", (Handler,), {"root": pathlib.Path(folder), "log": [], "seen": set()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    print(start(sys.argv[1]).server_port, flush=True)
    sys.stdin.read()  # until the test that started this closes the pipe
