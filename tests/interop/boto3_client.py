#!/usr/bin/env python3
"""boto3 as a client of the emulator: two independent implementations must agree.

botocore signs requests, and the emulator must accept its signatures; botocore decodes frames with their checksums,
and must accept the emulator's. What botocore reads in lists, answers, streams and errors must be what was meant.

    python3 -m venv .venv && .venv/bin/pip install boto3
    outcrop emulate                      # prints its URL
    .venv/bin/python tests/interop/boto3_client.py http://127.0.0.1:PORT

Prints `N passed, N failed`; the exit status is 1 when something failed. The emulator must run with its default
credentials. Bearer tokens are sent by hand, since botocore refuses to send one over plain HTTP.
"""

import json
import sys
import traceback
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

ACCESS_KEY_ID = "AKIDEMO0OUTCROP00001"
SECRET_ACCESS_KEY = "demoSecretOfTheOutcropEmulator/IsPublic+"
BEARER_TOKEN = "ABSKZGVtby10b2tlbi1vZi10aGUtb3V0Y3JvcC1lbXVsYXRvcg=="
MODEL = "emulator.basalt-v1:0"
SONNET = "us.anthropic.claude-sonnet-4-20250514-v1:0"
ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "description": "Weather for a city",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                        "required": ["city", "days"],
                    }
                },
            }
        },
        {"toolSpec": {"name": "list_rocks", "inputSchema": {"json": {"type": "object"}}}},
    ]
}

CHECKS = []


def check(function):
    """Adds a function to the checks that are run."""
    CHECKS.append(function)
    return function


class Clients:
    """boto3 clients for one emulator."""

    def __init__(self, url):
        self.url = url
        self.runtime = self.client("bedrock-runtime")
        self.control = self.client("bedrock")

    def client(self, service, secret=SECRET_ACCESS_KEY, key=ACCESS_KEY_ID, token=None, attempts=1):
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts}, read_timeout=10, connect_timeout=5
            ),
        )


def said(text):
    return [{"role": "user", "content": [{"text": text}]}]


def events(clients, model, text, **more):
    """The events of a stream as (name, payload)."""
    answer = clients.runtime.converse_stream(modelId=model, messages=said(text), **more)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    for event in answer["stream"]:
        ((name, payload),) = event.items()
        yield name, payload


def fold(stream):
    """Joins the deltas of a stream to blocks, by index."""
    blocks, stop, usage = {}, None, None
    for name, payload in stream:
        if name == "contentBlockStart":
            blocks[payload["contentBlockIndex"]] = {"start": payload["start"]["toolUse"], "input": ""}
        elif name == "contentBlockDelta":
            block = blocks.setdefault(payload["contentBlockIndex"], {})
            for kind, piece in payload["delta"].items():
                if kind == "text":
                    block["text"] = block.get("text", "") + piece
                elif kind == "toolUse":
                    block["input"] += piece["input"]
                else:
                    for member, part in piece.items():
                        empty = b"" if isinstance(part, bytes) else ""
                        block[member] = block.get(member, empty) + part
        elif name == "messageStop":
            stop = payload["stopReason"]
        elif name == "metadata":
            usage = payload["usage"]
            assert payload["metrics"]["latencyMs"] > 0
    return blocks, stop, usage


def refused(code, call, *fragments, status=None):
    """Asserts that a call is refused with an error code, and that its message holds the fragments."""
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found['Code']} in place of {code}: {found['Message']}"
        for fragment in fragments:
            assert fragment in found["Message"], found["Message"]
        if status:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
        return
    raise AssertionError(f"not refused with {code}")


@check
def converse_answers(clients):
    answer = clients.runtime.converse(modelId=MODEL, messages=said("Reply with one two three"))
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "one two three"}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["totalTokens"] == answer["usage"]["inputTokens"] + answer["usage"]["outputTokens"]


@check
def a_stream_says_what_converse_says(clients):
    question = "Why is \"basalt\" dark? 玄武岩 🪨"
    whole = clients.runtime.converse(modelId=MODEL, messages=said(question))
    blocks, stop, usage = fold(events(clients, MODEL, question))
    assert blocks == {0: {"text": whole["output"]["message"]["content"][0]["text"]}}
    assert (stop, usage) == (whole["stopReason"], whole["usage"])


@check
def limits_and_stop_sequences(clients):
    answer = clients.runtime.converse(modelId=MODEL, messages=said("Why?"), inferenceConfig={"maxTokens": 5})
    assert (answer["stopReason"], answer["usage"]["outputTokens"]) == ("max_tokens", 5)
    answer = clients.runtime.converse(
        modelId=MODEL,
        messages=said("Why?"),
        inferenceConfig={"stopSequences": ["rocks"]},
        additionalModelResponseFieldPaths=["/stop_sequence"],
    )
    assert answer["stopReason"] == "stop_sequence"
    assert answer["additionalModelResponseFields"] == {"stop_sequence": "rocks"}


@check
def a_tool_is_called_and_its_result_is_answered(clients):
    question = 'get_weather for "Zürich \\ \u5317 \U0001faa8"'
    blocks, stop, _ = fold(events(clients, MODEL, question, toolConfig=TOOLS))
    assert stop == "tool_use"
    call = blocks[1]
    assert json.loads(call["input"]) == {"city": "Zürich \\ \u5317 \U0001faa8", "days": 2}
    messages = said(question) + [
        {
            "role": "assistant",
            "content": [
                {"text": blocks[0]["text"]},
                {"toolUse": {**call["start"], "input": json.loads(call["input"])}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "toolResult": {
                        "toolUseId": call["start"]["toolUseId"],
                        "content": [{"json": {"t": 4.5}}],
                    }
                }
            ],
        },
    ]
    answer = clients.runtime.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS)
    assert answer["stopReason"] == "end_turn"
    assert "4.5" in answer["output"]["message"]["content"][0]["text"]
    refused(
        "ValidationException",
        lambda: clients.runtime.converse(modelId=MODEL, messages=messages),
        "The toolConfig field must be defined",
        status=400,
    )
    whole = clients.runtime.converse(modelId=MODEL, messages=said(question), toolConfig=TOOLS)
    assert whole["output"]["message"]["content"][1]["toolUse"]["input"] == json.loads(call["input"])


@check
def a_tool_without_arguments_sends_none(clients):
    choice = {**TOOLS, "toolChoice": {"tool": {"name": "list_rocks"}}}
    blocks, stop, _ = fold(events(clients, MODEL, "Go on", toolConfig=choice))
    assert (stop, blocks[0]["input"]) == ("tool_use", "")


@check
def thinking_goes_round_with_its_signature(clients):
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    question = "Why, in redacted words?"
    blocks, _, _ = fold(events(clients, SONNET, question, additionalModelRequestFields=fields))
    assert blocks[0]["text"] and blocks[0]["signature"] and blocks[1]["redactedContent"]
    thought = {"text": blocks[0]["text"], "signature": blocks[0]["signature"]}

    def again(reasoning):
        messages = said(question) + [
            {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": reasoning}}, {"text": "So."}]}
        ]
        return clients.runtime.converse(
            modelId=SONNET, messages=messages + said("And?"), additionalModelRequestFields=fields
        )

    content = again(thought)["output"]["message"]["content"]
    assert "reasoningContent" in content[0]
    refused("ValidationException", lambda: again({**thought, "text": "changed"}), "Invalid `signature`")


@check
def media_and_cache_points_are_taken(clients):
    content = [
        {"text": "What is this?"},
        {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
        {"document": {"format": "txt", "name": "notes", "source": {"bytes": b"field notes"}}},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
    ]
    system = [{"text": f"Be brief. {uuid.uuid4()}"}]  # new to the cache, however long the emulator has been running
    usages = []
    for _ in range(2):
        answer = clients.runtime.converse(
            modelId=MODEL,
            messages=[{"role": "user", "content": content}],
            system=system,
        )
        usages.append(answer["usage"])
    first, second = usages
    assert first["cacheWriteInputTokens"] == second["cacheReadInputTokens"] > 1000
    assert first["cacheDetails"] == [{"ttl": "1h", "inputTokens": first["cacheWriteInputTokens"]}]


@check
def tokens_are_counted(clients):
    request = {"converse": {"messages": said("one two three"), "system": [{"text": "Be brief."}]}}
    assert clients.runtime.count_tokens(modelId=MODEL, input=request)["inputTokens"] == 6


@check
def every_kind_of_model_id_is_signed_and_found(clients):
    for model in [
        "amazon.nova-lite-v1:0",
        SONNET,
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        f"{ACCOUNT}:inference-profile/{SONNET}",
        f"{ACCOUNT}:application-inference-profile/a1b2c3d4e5f6",
        f"{ACCOUNT}:provisioned-model/abcdefghijkl",
    ]:
        answer = clients.runtime.converse(modelId=model, messages=said("Reply with OK"))
        assert answer["output"]["message"]["content"][0]["text"] == "OK", model
    refused(
        "ValidationException",
        lambda: clients.runtime.converse(modelId=SONNET.removeprefix("us."), messages=said("Hi")),
        "on-demand throughput isn\u2019t supported",
    )
    refused(
        "ValidationException",
        lambda: clients.runtime.converse(modelId="no.such-model", messages=said("Hi")),
        "The provided model identifier is invalid.",
    )


@check
def lists_are_filtered_and_paged(clients):
    models = clients.control.list_foundation_models()["modelSummaries"]
    assert len(models) > 20
    claudes = clients.control.list_foundation_models(byProvider="Anthropic", byOutputModality="TEXT")
    assert 0 < len(claudes["modelSummaries"]) < len(models)
    stability = clients.control.list_foundation_models(byProvider="Stability AI")["modelSummaries"]
    assert [model["providerName"] for model in stability] == ["Stability AI"]
    details = clients.control.get_foundation_model(modelIdentifier="amazon.nova-lite-v1:0")["modelDetails"]
    assert details in models
    pages = list(clients.control.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 3}))
    assert len(pages) > 3
    assert all("+" in page["nextToken"] and "/" in page["nextToken"] for page in pages[:-1])
    ids = [profile["inferenceProfileId"] for page in pages for profile in page["inferenceProfileSummaries"]]
    assert SONNET in ids and len(ids) == len(set(ids))
    # The service lists the system's profiles where no type is asked for.
    assert "a1b2c3d4e5f6" not in ids
    own = clients.control.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert own and all(profile["type"] == "APPLICATION" for profile in own)
    profile = clients.control.get_inference_profile(inferenceProfileIdentifier=own[0]["inferenceProfileArn"])
    assert profile["inferenceProfileId"] == own[0]["inferenceProfileId"]
    refused(
        "ResourceNotFoundException",
        lambda: clients.control.get_inference_profile(inferenceProfileIdentifier="us.none"),
        status=404,
    )


@check
def wrong_credentials_are_refused(clients):
    def call(**credentials):
        client = clients.client("bedrock-runtime", **credentials)
        return lambda: client.converse(modelId=MODEL, messages=said("Hi"))

    refused("InvalidSignatureException", call(secret="wrong"), "does not match", "'AWS4-HMAC-SHA256\n", status=403)
    refused("UnrecognizedClientException", call(key="AKIDUNKNOWN"), "security token", status=403)
    refused("UnrecognizedClientException", call(token="unexpected"), status=403)


@check
def bearer_tokens_are_checked(clients):
    def status(token):
        body = json.dumps({"messages": said("Hi")}).encode()
        request = urllib.request.Request(
            f"{clients.url}/model/emulator.basalt-v1%3A0/converse",
            data=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert (status(BEARER_TOKEN), status("ABSKwrong"), status("")) == (200, 403, 403)


@check
def throttling_is_outlived_by_retries(clients):
    patient = clients.client("bedrock-runtime", attempts=3)
    answer = patient.converse(modelId="emulator.throttle-1", messages=said("Reply with OK"))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    answer = patient.converse(modelId="emulator.http-503-2", messages=said("Reply with OK"))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


@check
def error_answers_are_read(clients):
    for model, code, status in [
        ("emulator.throttle", "ThrottlingException", 429),
        ("emulator.http-500", "InternalServerException", 500),
        ("emulator.http-424", "ModelErrorException", 424),
        ("emulator.denied", "AccessDeniedException", 403),
        ("emulator.not-granted", "AccessDeniedException", 403),
        ("emulator.expired", "ExpiredTokenException", 403),
        ("emulator.quota", "ServiceQuotaExceededException", 400),
        ("emulator.html-502", "502", 502),
        ("emulator.empty-503", "503", 503),
    ]:
        refused(code, lambda: clients.runtime.converse(modelId=model, messages=said("Hi")), status=status)


@check
def requests_are_checked(clients):
    def call(**request):
        return lambda: clients.runtime.converse(**{"modelId": MODEL, "messages": said("Hi"), **request})

    refused("ValidationException", call(messages=said(" ")), "is blank")
    refused("ValidationException", call(messages=said("Hi") + said("Hi")), "must alternate")
    refused("ValidationException", call(messages=[{"role": "user", "content": []}]), "is empty")
    refused("ValidationException", call(inferenceConfig={"maxTokens": 100000}), "exceeds the model limit of 8192")
    refused("ValidationException", call(messages=said("rock " * 200_001)), "Input is too long for requested model.")


@check
def exceptions_in_a_stream_are_raised(clients):
    for name, code in [
        ("internal", "internalServerException"),
        ("model-stream-error", "modelStreamErrorException"),
        ("validation", "validationException"),
        ("throttling", "throttlingException"),
        ("unavailable", "serviceUnavailableException"),
    ]:
        seen = []
        try:
            for event in events(clients, f"emulator.exception-{name}-2", "Hi"):
                seen.append(event)
        except EventStreamError as error:
            assert error.response["Error"]["Code"] == code, error
        else:
            raise AssertionError(f"{name} was not raised")
        assert [event for event, _ in seen] == ["messageStart", "contentBlockDelta"]
    refused("InternalFailure", lambda: list(events(clients, "emulator.error-frame-1", "Hi")))


@check
def broken_frames_are_noticed(clients):
    for model in ["emulator.corrupt-prelude-2", "emulator.corrupt-message-2", "emulator.oversized-2"]:
        try:
            list(events(clients, model, "Hi"))
        except Exception as error:  # botocore raises errors of several kinds here
            assert type(error).__name__ in ("ChecksumMismatch", "InvalidPayloadLength"), repr(error)
        else:
            raise AssertionError(f"{model} went unnoticed")


@check
def odd_streams_are_read_whole(clients):
    for model in ["emulator.trickle", "emulator.unknown-event-2", "emulator.slow-20"]:
        blocks, stop, _ = fold(events(clients, model, "Reply with one two three"))
        assert (blocks[0]["text"], stop) == ("one two three", "end_turn"), model
    _, stop, _ = fold(events(clients, "emulator.stop-guardrail_intervened", "Hi"))
    assert stop == "guardrail_intervened"


def main():
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} URL-OF-A-RUNNING-EMULATOR", file=sys.stderr)
        return 2
    clients = Clients(sys.argv[1].rstrip("/"))
    failed = 0
    for function in CHECKS:
        try:
            function(clients)
            print(f"ok      {function.__name__}")
        except Exception:
            failed += 1
            print(f"FAILED  {function.__name__}")
            traceback.print_exc()
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
