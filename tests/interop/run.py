"""Runs every client in this folder against the emulator of the program given as argument, and every script."""

import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
# Clients of the emulator, and scripts that run the program themselves.
CLIENTS = ["boto3_client.py"]
SCRIPTS = ["api_key.py", "dry_run.py", "openclaw_steps.py", "report_page.py", "terminal.py"]


def main() -> int:
    program = sys.argv[1]
    emulator = subprocess.Popen(
        [program, "emulate", "--quiet", "--tokens-per-second", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = emulator.stdout.readline().strip()
        if not url:
            print("the emulator did not start")
            return 1
        failed = [name for name in CLIENTS if subprocess.run([sys.executable, FOLDER / name, url]).returncode]
        failed += [name for name in SCRIPTS if subprocess.run([sys.executable, FOLDER / name, program]).returncode]
        return 1 if failed else 0
    finally:
        emulator.terminate()
        emulator.wait()


if __name__ == "__main__":
    sys.exit(main())
