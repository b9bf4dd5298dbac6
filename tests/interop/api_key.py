"""Compares `outcrop auth token` with AWS's own token generator, byte for byte, for the same keys, region and time."""

import base64
import datetime
import os
import subprocess
import sys
from unittest import mock
from urllib.parse import parse_qs

import botocore.auth
from aws_bedrock_token_generator.token_generator import _generate_token
from botocore.credentials import Credentials

PREFIX = "bedrock-api-key-"
CASES = [
    ("us-east-1", None, "12h", 43_200),
    ("eu-central-1", "IQoJb3JpZ2luX2VjEPT//////////wEaCXVzLXdlc3QtMiJH+/=", "1h", 3_600),
    ("us-gov-west-1", None, "90s", 90),
]


def generated(key_id: str, secret: str, token: str | None, region: str, seconds: int, date: str) -> str:
    """What AWS's generator makes at the time `date`."""
    moment = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda **_: moment):
        return _generate_token(Credentials(key_id, secret, token), region, seconds)


def main() -> int:
    program = sys.argv[1]
    failed = 0
    for region, session_token, ttl, seconds in CASES:
        key_id, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        env = {
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": region,
            "HOME": os.devnull,
        }
        if session_token:
            env["AWS_SESSION_TOKEN"] = session_token
        ours = subprocess.run(
            [program, "auth", "token", "--quiet", "--ttl", ttl], env=env, capture_output=True, text=True, check=True
        ).stdout.strip()
        query = base64.b64decode(ours.removeprefix(PREFIX)).decode().split("?", 1)[1]
        date = parse_qs(query)["X-Amz-Date"][0]
        theirs = generated(key_id, secret, session_token, region, seconds, date)
        same = ours == theirs
        failed += not same
        print(f"{'ok' if same else 'FAILED'}: the key for {region}, {ttl}, {'with' if session_token else 'without'} session token")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
