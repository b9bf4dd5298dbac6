"""Measures what the client adds to the time to first token: `added_ttft.py PROGRAM [STREAMS]`.

An emulator in a process of its own answers at 50 deltas a second; `outcrop bench` keeps STREAMS answers (200) under way.
tcpdump (as root) sees when each request and each first delta pass the loopback device. What the client adds is the
time that it reports, less the time between those two packets. On a busy machine the scheduler is measured as well: run
it under `chrt -f 10`.
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

TOKENS, PACE, SECONDS = 200, 50, 16
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEMO0OUTCROP00001",
    "AWS_SECRET_ACCESS_KEY": "demoSecretOfTheOutcropEmulator/IsPublic+",
    "AWS_REGION": "us-east-1",
}


def packets(path):
    """Times in seconds, ports and payloads of the packets in a capture of tcpdump."""
    data = path.read_bytes()
    at = 24
    while at + 16 <= len(data):
        seconds, micros, kept, _ = struct.unpack_from("<IIII", data, at)
        ip = data[at + 16 + 14 : at + 16 + kept]
        at += 16 + kept
        tcp = ip[(ip[0] & 15) * 4 :]
        source, target = struct.unpack_from(">HH", tcp)
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if payload:
            yield seconds + micros / 1e6, source, target, payload


def on_the_wire(path, port):
    """From the last packet of each request to the packet with the first delta, in the order of the requests."""
    requests, current = [], {}
    for moment, source, target, payload in packets(path):
        if target == port:
            if payload.startswith(b"POST "):
                current[source] = {"sent": moment, "first": None}
                requests.append(current[source])
            elif source in current and current[source]["first"] is None:
                current[source]["sent"] = moment
        elif target in current and current[target]["first"] is None and b"contentBlockDelta" in payload:
            current[target]["first"] = moment
    requests.sort(key=lambda request: request["sent"])
    return [(request["first"] - request["sent"]) * 1e3 for request in requests]


def show(name, values):
    values = sorted(values)
    at = {f"p{percent}": values[min(len(values) - 1, len(values) * percent // 100)] for percent in (50, 90, 95, 99)}
    figures = ", ".join(f"{quantile} {value:.2f}" for quantile, value in (at | {"max": values[-1]}).items())
    print(f"{name}, ms: {figures}")


def main() -> int:
    program = sys.argv[1]
    streams = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    folder = pathlib.Path(tempfile.mkdtemp())
    capture, samples = folder / "capture", folder / "samples.jsonl"
    emulator = subprocess.Popen(
        [program, "emulate", "--quiet", "--tokens-per-second", str(PACE)], stdout=subprocess.PIPE, text=True
    )
    url = emulator.stdout.readline().strip()
    port = int(url.rsplit(":", 1)[1])
    tcpdump = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-s", "400", "-B", "65536", "-w", capture, "tcp", "port", str(port)],
        stderr=subprocess.DEVNULL,
    )
    time.sleep(1)
    rate = streams * PACE / TOKENS
    ran = subprocess.run(
        [program, "bench", "--json", "--model", "emulator.basalt-v1:0", "--prompt", "Describe granite in 400 words."]
        + ["--max-tokens", str(TOKENS), "--rate", str(rate), "--duration", f"{SECONDS}s", "--samples", samples],
        env=os.environ | KEYS | {"AWS_ENDPOINT_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    time.sleep(0.5)
    for process in (tcpdump, emulator):
        process.terminate()
        process.wait()
    told = [json.loads(line) for line in samples.read_text().splitlines()]
    told.sort(key=lambda sample: sample["dueMs"] + sample["delayMs"])
    wire = on_the_wire(capture, port)
    assert len(told) == len(wire), (len(told), len(wire))
    (model,) = json.loads(ran.stdout)["models"]
    print(f"{model['succeeded']} streams, {streams} at a time, {model['failed']} failed")
    print(f"{model['eventsPerSecond']:.0f} events/s, {model['cpuCores'] * 100:.1f} % of one processor")
    show("time to first token as told", [sample["ttftMs"] for sample in told])
    show("on the wire", wire)
    show("added, from the start of the request", [s["ttftMs"] - s["delayMs"] - w for s, w in zip(told, wire)])
    show("added, from when it was due", [s["ttftMs"] - w for s, w in zip(told, wire)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
