"""Runs the program on a terminal (a pseudo-terminal): the line that shows waiting, and a conversation with history.

Nothing here depends on pace: a gate before the emulator holds requests back until what is to be seen has been seen.
Only what must not appear is waited for, for a second.
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEMO0OUTCROP00001",
    "AWS_SECRET_ACCESS_KEY": "demoSecretOfTheOutcropEmulator/IsPublic+",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "TERM": "xterm",
}
MODEL = "amazon.nova-lite-v1:0"
PATIENCE_SECONDS = 30
WAITING, AWAY = b"waiting, ", b"\r\x1b[K"


class Gate:
    """A port whose connections reach the emulator only when it is opened."""

    def __init__(self, url: str):
        self.to = url.removeprefix("http://").rsplit(":", 1)
        self.open, self.reached = threading.Event(), threading.Semaphore(0)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.serve, args=[client], daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        first = client.recv(65536)
        self.reached.release()
        self.open.wait()
        service = socket.create_connection((self.to[0], int(self.to[1])))
        service.sendall(first)
        threading.Thread(target=self.copy, args=[client, service], daemon=True).start()
        self.copy(service, client)

    @staticmethod
    def copy(source: socket.socket, to: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Terminal:
    """The program with a terminal of its own; `pipe` names streams that are pipes in its place."""

    def __init__(self, program: str, words: list[str], env: dict, pipe: tuple = ()):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        streams = {name: subprocess.PIPE if name in pipe else slave for name in ["stdin", "stdout", "stderr"]}
        self.process = subprocess.Popen([program, *words], env=env, start_new_session=True, **streams)
        os.close(slave)
        self.seen = b""

    def read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.master, 65536)
        except OSError:
            piece = b""
        self.seen += piece
        return bool(piece)

    def until(self, text: bytes, since: int = 0) -> int:
        """Reads until the text is there, and gives the place behind it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.seen[since:]:
            assert time.monotonic() < end and self.read(1), f"no {text!r} in {self.seen[since:]!r}"
        return self.seen.index(text, since) + len(text)

    def end(self) -> int:
        end = time.monotonic() + PATIENCE_SECONDS
        while self.read(1):
            assert time.monotonic() < end, f"it does not end: {self.seen!r}"
        return self.process.wait(PATIENCE_SECONDS)

    def type(self, text: bytes) -> None:
        os.write(self.master, text)

    def screen(self) -> str:
        """What a person sees in the end."""
        text = re.sub(rb"\x1b\[[0-9;]*m", b"", self.seen).replace(b"\r\n", b"\n")
        return b"\n".join(line.rsplit(AWAY, 1)[-1] for line in text.split(b"\n")).decode()


def check_waiting_goes_away(program: str, url: str) -> None:
    def chat(model: str, *words: str) -> list[str]:
        return ["chat", "-m", model, "--max-tokens", "9", *words]

    claude = "us.anthropic.claude-sonnet-4-6"
    cases = [
        (chat(MODEL, "hi"), 0, ""),
        (chat(MODEL, "--no-stream", "hi"), 0, ""),
        (chat(MODEL, "--output", "jsonl", "hi"), 0, '{"messageStart"'),
        (chat(MODEL, "-v", "hi"), 0, "* bearer token"),
        (chat(claude, "--thinking", "low", "hi"), 0, ""),
        (chat(claude, "--count-tokens", "hi"), 0, ""),
        (chat("emulator.denied", "hi"), 4, "error: access to"),
        (chat("emulator.throttle", "hi"), 5, "error: "),
        (["models", "list"], 0, "Model "),
    ]
    for words, code, begin in cases:
        gate = Gate(url)
        terminal = Terminal(program, words, {**KEYS, "AWS_ENDPOINT_URL": gate.url, "AWS_MAX_ATTEMPTS": "1"})
        terminal.until(WAITING)
        gate.open.set()
        ended, screen = terminal.end(), terminal.screen()
        assert ended == code, f"{words}: {ended}: {screen}"
        assert "waiting" not in screen and screen.strip(), f"{words}: {screen!r}"
        assert screen.startswith(begin), f"{words}: {screen!r}"


def check_waiting_is_for_terminals(program: str, url: str) -> None:
    gate = Gate(url)
    env = {**KEYS, "AWS_ENDPOINT_URL": gate.url}
    plain = [
        ([], ("stderr",), env),
        ([], ("stdout",), env),
        (["--quiet"], (), env),
        (["--json"], (), env),
        ([], (), {**env, "TERM": "dumb"}),
    ]
    terminals = [
        Terminal(program, ["chat", "-m", MODEL, "--max-tokens", "9", *words, "hi"], env, pipe)
        for words, pipe, env in plain
    ]
    for _ in terminals:
        assert gate.reached.acquire(timeout=PATIENCE_SECONDS), "no request came"
    time.sleep(1)
    gate.open.set()
    for terminal, (words, pipe, env) in zip(terminals, plain):
        assert terminal.end() == 0, terminal.seen
        stream = terminal.process.stderr or terminal.process.stdout
        all_of_it = terminal.seen + (stream.read() if stream else b"")
        assert b"waiting" not in all_of_it and b"\x1b[K" not in all_of_it, f"{words} {pipe}: {all_of_it!r}"


def check_history(program: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = pathlib.Path(folder) / "state"
        env = {**KEYS, "AWS_ENDPOINT_URL": url, "XDG_STATE_HOME": str(state)}
        words = ["chat", "-m", MODEL, "--max-tokens", "3"]
        first = Terminal(program, words, env)
        place = first.until(b"> ")
        for line in [b"What is granite?", b" hush", b"Is AKIAIOSFODNN7EXAMPLE mine?", b"And basalt?"]:
            first.type(line + b"\r")
            place = first.until(b" out", place)
            place = first.until(b"> ", place)
        first.type(b"\x04")
        assert first.end() == 0, first.seen
        history = state / "outcrop" / "history"
        assert history.read_text() == '"What is granite?"\n"And basalt?"\n', history.read_text()
        assert history.stat().st_mode & 0o777 == 0o600
        # What another program left there is no obstacle.
        history.write_bytes(b"\xff\xfe no history\n" + history.read_bytes() + b'{"a":1}\n')
        second = Terminal(program, words, env)
        place = second.until(b"> ")
        second.type(b"\x1b[A")
        place = second.until(b"And basalt?", place)
        second.type(b"\x1b[A")
        place = second.until(b"What is granite?", place)
        second.type(b"\r")
        place = second.until(b" out", place)
        second.until(b"> ", place)
        second.type(b"/exit\r")
        assert second.end() == 0, second.seen
        homeless = Terminal(program, words, {**KEYS, "AWS_ENDPOINT_URL": url})
        homeless.until(b"> ")
        homeless.type(b"/exit\r")
        assert homeless.end() == 0, homeless.seen


def check_interruption(program: str, url: str) -> None:
    """Ctrl-C while an answer is waited for takes the line away and gives the prompt back."""
    gate = Gate(url)
    terminal = Terminal(program, ["chat", "-m", MODEL], {**KEYS, "AWS_ENDPOINT_URL": gate.url})
    terminal.until(b"> ")
    terminal.type(b"hi\r")
    place = terminal.until(WAITING)
    terminal.process.send_signal(2)
    place = terminal.until(b"taken back", place)
    terminal.until(b"> ", place)
    terminal.type(b"\x04")
    assert terminal.end() == 0, terminal.seen
    assert "waiting" not in terminal.screen(), terminal.screen()


def main() -> int:
    program, failed = sys.argv[1], 0
    emulator = subprocess.Popen(
        [program, "emulate", "--quiet", "--tokens-per-second", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = emulator.stdout.readline().strip()
        for check in [check_waiting_goes_away, check_waiting_is_for_terminals, check_history, check_interruption]:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            try:
                check(program, url)
                print(f"ok: terminal: {name}")
            except AssertionError as problem:
                failed += 1
                print(f"FAILED: terminal: {name}: {problem}")
    finally:
        emulator.terminate()
        emulator.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
