"""Holds what `chat --dry-run` prints against botocore's own check of Converse requests.

Each request has five or more problems. What was adjusted for them is compared in full, and the request that is left
must be one that botocore would send: every member known, of the right type and within its bounds.
"""

import base64
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import botocore.session
from botocore.validate import ParamValidator

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HEADER = {"outcrop": "session", "version": 1}
TOOLS = [{"name": "weather", "description": "Tells the weather.", "inputSchema": {"json": {"type": "object"}}}]
BLANK_TEXT = [{"text": " "}, {"text": "Look at the clouds."}], [{"text": "I see."}]
CALL = [{"text": "Look."}], [{"toolUse": {"toolUseId": "call 1", "name": "look", "input": {}}}]

# What the user did wrong, the turn before, the flags, the rules that had to step in.
REQUESTS = [
    (
        "a call forced while the model thinks",
        BLANK_TEXT,
        ["--tools", "{tools}", "--tool-choice", "any", "--thinking", "high", "--temperature", "0.3"]
        + ["--max-tokens", "900000", "--file", "{document}", "What next?"],
        ["blank-content", "document-names", "output-limit", "sampling", "tool-choice"],
    ),
    (
        "a call of the past without tools",
        CALL,
        ["--temperature", "0.3", "--top-p", "0.4", "--stop", " ", "--metadata", "a!=b", "--max-tokens", "900000"]
        + ["--file", "{document}"],
        ["document-names", "document-text", "output-limit", "request-metadata", "sampling", "stop-sequences"]
        + ["tool-history"],
    ),
]


def with_bytes(shape, value):
    """The value with base64 as bytes where the shape has a blob, as a caller of boto3 writes it."""
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        return {
            name: with_bytes(shape.members[name], member) if name in shape.members else member
            for name, member in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [with_bytes(shape.member, member) for member in value]
    return value


def complaints(shape, request: dict) -> str:
    report = ParamValidator().validate(with_bytes(shape, request), shape)
    return report.generate_report() if report.has_errors() else ""


def dry_run(program: str, folder: pathlib.Path, turn: tuple, flags: list[str]) -> dict:
    user, assistant = turn
    line = {
        "user": {"role": "user", "content": user},
        "assistant": {"role": "assistant", "content": assistant},
        "modelId": MODEL,
    }
    session = folder / "session.jsonl"
    session.write_text(json.dumps(HEADER, separators=(",", ":")) + "\n" + json.dumps(line) + "\n")
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    (folder / "Q3 report: final?.md").write_text("# Q3\n")
    places = {"{tools}": folder / "tools.json", "{document}": folder / "Q3 report: final?.md"}
    flags = [str(places.get(flag, flag)) for flag in flags]
    words = ["chat", "--dry-run", "--json", "--model", MODEL, "--cache", "none", "--session", str(session), *flags]
    env = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}
    ran = subprocess.run([program, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"FAILED: dry run: exit {ran.returncode}\n{ran.stderr}")
    return json.loads(ran.stdout)


def main() -> int:
    program, failed = sys.argv[1], 0
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = service.operation_model("Converse").input_shape
    for name, turn, flags, expected in REQUESTS:
        with tempfile.TemporaryDirectory() as folder:
            both = dry_run(program, pathlib.Path(folder), turn, flags)
        problems = []
        rules = sorted({adjustment["rule"] for adjustment in both["adjustments"]})
        if rules != expected:
            problems.append(f"adjusted by {rules}, and not by {expected}")
        if said := complaints(shape, both["request"]):
            problems.append(said)
        # The check itself: what lacks a member, or has one too many, does not pass.
        for spoil in [lambda message: message.pop("role"), lambda message: message.update(mood="x")]:
            spoiled = copy.deepcopy(both["request"])
            spoil(spoiled["messages"][0])
            if not complaints(shape, spoiled):
                problems.append("botocore passed a request that was spoiled")
        print(f"{'FAILED' if problems else 'ok'}: dry run: {name}: {len(rules)} rules", *problems, sep="\n  ")
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
