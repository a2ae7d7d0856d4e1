"""A terminal to run the program in."""

import os
import pty
import re
import select
import signal
import struct
import termios
import time
from fcntl import ioctl

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """The program on the far side of a pseudo-terminal. Output gathers in `screen`, with escapes."""

    def __init__(self, command, environment=None, timeout=60):
        self.screen = ""
        self.timeout = timeout
        self.seen = 0
        self.undecoded = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", **(environment or {})})
            os.execv(command[0], [str(part) for part in command])
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))

    def send(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        """What arrives within a time; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = self.undecoded + os.read(self.fd, 65536)
        except OSError:  # EIO: the program has gone
            return False
        self.undecoded = b""
        while data:  # a character may be cut
            try:
                self.screen += data.decode()
                break
            except UnicodeDecodeError as error:
                if len(data) - error.start > 3:
                    raise
                self.screen += data[: error.start].decode()
                self.undecoded = data[error.start :]
                break
        return bool(data)

    def wait_for(self, pattern):
        """Reads until `pattern` is in the text, without escapes, behind what was waited for before."""
        deadline = time.monotonic() + self.timeout
        while True:
            text = ESCAPES.sub("", self.screen)
            match = re.compile(pattern).search(text, self.seen)
            if match:
                self.seen = match.end()
                return match
            if time.monotonic() > deadline or not self.read(0.2):
                raise AssertionError(f"no {pattern!r} behind {text[self.seen :]!r}")

    def wait_for_editor(self):
        """Waits until keys reach the program one by one: the line editor shows its prompt a moment
        before, and a Ctrl-D in between would be swallowed by the terminal."""
        deadline = time.monotonic() + self.timeout
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            if time.monotonic() > deadline or not self.read(0.02):
                raise AssertionError(f"no line editor; the screen: {self.screen!r}")

    def exit_code(self):
        """Waits for the end of the program; -N when signal N ended it."""
        deadline = time.monotonic() + self.timeout
        while self.read(0.1) and time.monotonic() < deadline:
            pass
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        raise AssertionError(f"still running; the screen: {self.screen!r}")

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
