//! The emulator over a socket, seen by a client that reads HTTP by hand: operations, faults, and bad HTTP.

use super::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY, Emulator,
    EmulatorOptions, Scenario,
};
use crate::auth::sign::{Scope, SigningKeys, ToSign, sign};
use crate::secret::Secret;
use crate::time;
use crate::uri::encode_segment;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body is as long as the head promised, or ends with its last chunk.
    Whole,
    /// The connection closed before.
    Early,
    /// The connection was reset.
    Reset,
}

#[derive(Debug)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    end: End,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Names of the messages in the stream, and what is wrong with the rest.
    fn events(&self) -> (Vec<String>, Result<usize, String>) {
        let mut bytes = BytesMut::from(self.body.as_slice());
        let mut decoder = MessageFrameDecoder::new();
        let mut names = Vec::new();
        loop {
            match decoder.decode_frame(&mut bytes) {
                Ok(DecodedFrame::Complete(message)) => {
                    let name = message.headers()[0].value().as_string().unwrap();
                    names.push(name.as_str().to_owned());
                }
                Ok(_) => return (names, Ok(bytes.len())),
                Err(error) => return (names, Err(error.to_string())),
            }
        }
    }
}

/// Undoes chunked encoding. `None` when the last chunk is missing; what came is in the first place.
fn dechunk(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line) = raw.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let Ok(size) = usize::from_str_radix(std::str::from_utf8(&raw[..line]).unwrap(), 16) else {
            return (body, false);
        };
        let data = &raw[line + 2..];
        if size == 0 {
            return (body, true);
        }
        if data.len() < size + 2 {
            body.extend_from_slice(&data[..data.len().min(size)]);
            return (body, false);
        }
        body.extend_from_slice(&data[..size]);
        raw = &data[size + 2..];
    }
}

/// Sends raw bytes and reads until the connection ends. Bytes that came before a reset are kept.
async fn exchange(emulator: &Emulator, request: &[u8]) -> Got {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut raw = Vec::new();
    let mut end = End::Early;
    loop {
        match stream.read_buf(&mut raw).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
                end = End::Reset;
                break;
            }
        }
    }
    read_answer(&raw, end)
}

fn read_answer(raw: &[u8], end: End) -> Got {
    let Some(head_end) = raw.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Got { status: 0, headers: Vec::new(), body: raw.to_vec(), end };
    };
    let head = std::str::from_utf8(&raw[..head_end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = &raw[head_end + 4..];
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let (body, is_whole) = match length {
        Some((_, length)) => (body.to_vec(), length.parse() == Ok(body.len())),
        None => dechunk(body),
    };
    Got { status, headers, body, end: if is_whole { End::Whole } else { end } }
}

fn bearer_request(method: &str, target: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {DEMO_BEARER_TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn question(text: &str) -> String {
    json!({"messages": [{"role": "user", "content": [{"text": text}]}]}).to_string()
}

async fn call(emulator: &Emulator, operation: &str, model: &str) -> Got {
    let target = format!("/model/{}/{operation}", encode_segment(model));
    exchange(emulator, &bearer_request("POST", &target, &question("Reply with one two three"))).await
}

async fn start() -> Emulator {
    Emulator::start(EmulatorOptions::default()).await.unwrap()
}

const WHOLE_STREAM: [&str; 7] = [
    "messageStart",
    "contentBlockDelta",
    "contentBlockDelta",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
];

#[tokio::test]
async fn each_operation_is_answered() {
    let emulator = start().await;
    let whole = call(&emulator, "converse", DEMO_MODEL_ID).await;
    assert_eq!((whole.status, whole.end), (200, End::Whole));
    assert_eq!(whole.json()["output"]["message"]["content"][0]["text"], "one two three");
    let stream = call(&emulator, "converse-stream", "us.anthropic.claude-sonnet-4-20250514-v1:0").await;
    assert_eq!(stream.header("content-type"), Some("application/vnd.amazon.eventstream"));
    assert_eq!(stream.events(), (WHOLE_STREAM.map(str::to_owned).to_vec(), Ok(0)));
    let count = json!({"input": {"converse": serde_json::from_str::<Value>(&question("Hi")).unwrap()}});
    let request = bearer_request("POST", "/model/emulator.basalt-v1%3A0/count-tokens", &count.to_string());
    assert_eq!(exchange(&emulator, &request).await.json()["inputTokens"], 1);
    for (target, member) in [
        ("/foundation-models?byProvider=Meta", "modelSummaries"),
        ("/foundation-models/amazon.nova-lite-v1%3A0", "modelDetails"),
        ("/inference-profiles?maxResults=2", "nextToken"),
        ("/inference-profiles/us.amazon.nova-lite-v1%3A0", "inferenceProfileArn"),
    ] {
        let got = exchange(&emulator, &bearer_request("GET", target, "")).await;
        assert_eq!(got.status, 200, "{target}");
        assert!(got.json().get(member).is_some(), "{target}");
    }
    let text = r#"{"inputText": "Hi"}"#;
    let request = bearer_request("POST", "/model/amazon.titan-embed-text-v2%3A0/invoke", text);
    let vector = exchange(&emulator, &request).await;
    assert_eq!(vector.header("x-amzn-bedrock-input-token-count"), Some("1"));
    assert_eq!(vector.json()["embedding"].as_array().unwrap().len(), 1024);
    let target = "/model/m/invoke-with-response-stream";
    let got = exchange(&emulator, &bearer_request("POST", target, "{}")).await;
    assert_eq!(got.status, 404);
    assert!(got.header("x-amzn-errortype").unwrap().starts_with("UnknownOperationException:"));
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_the_date() {
    let options = EmulatorOptions { clock_offset_seconds: 3_600, ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let one = call(&emulator, "converse", DEMO_MODEL_ID).await;
    let two = call(&emulator, "converse", "no.such-model").await;
    assert_eq!((one.status, two.status), (200, 400));
    let id = |got: &Got| got.header("x-amzn-requestid").unwrap().to_owned();
    assert_eq!(id(&one).len(), 36);
    assert_ne!(id(&one), id(&two));
    let date = time::parse_http_date(one.header("date").unwrap()).unwrap();
    let ahead = time::unix_seconds(date) - time::unix_seconds(time::now());
    assert!((3_540..=3_600).contains(&ahead), "{ahead}");
}

/// A signed request, its clock moved by some seconds.
fn signed_request(emulator: &Emulator, secret: &str, offset_seconds: i64) -> Vec<u8> {
    let url = format!("{}/foundation-models", emulator.url());
    let secret = Secret::from(secret);
    let keys =
        SigningKeys { access_key_id: DEMO_ACCESS_KEY_ID, secret_access_key: &secret, session_token: None };
    let at = time::from_unix_seconds(time::unix_seconds(time::now()) + offset_seconds).unwrap();
    let request = ToSign { method: "GET", url: &url, headers: &[], body: b"" };
    let added = sign(request, keys, Scope { region: "us-east-1", service: "bedrock" }, at).unwrap();
    let lines: String = added.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let host = emulator.addr();
    format!("GET /foundation-models HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{lines}\r\n")
        .into_bytes()
}

#[tokio::test]
async fn signatures_are_checked_on_the_wire_by_the_emulators_clock() {
    let options = EmulatorOptions { clock_offset_seconds: -3_600, ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    for (secret, offset, status, code) in [
        (DEMO_SECRET_ACCESS_KEY, -3_600, 200, None),
        (DEMO_SECRET_ACCESS_KEY, 0, 403, Some("InvalidSignatureException")),
        ("wrong", -3_600, 403, Some("InvalidSignatureException")),
    ] {
        let got = exchange(&emulator, &signed_request(&emulator, secret, offset)).await;
        assert_eq!(got.status, status);
        let found = got.header("x-amzn-errortype").map(|value| value.split(':').next().unwrap());
        assert_eq!(found, code);
    }
    let unsigned = b"GET /foundation-models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let got = exchange(&emulator, unsigned).await;
    assert_eq!((got.status, got.json()["message"].as_str()), (403, Some("Missing Authentication Token")));
}

#[tokio::test]
async fn refusals_have_status_and_type() {
    let emulator = start().await;
    for (model, status, code) in [
        ("emulator.throttle", 429, "ThrottlingException"),
        ("emulator.http-500", 500, "InternalServerException"),
        ("emulator.http-503", 503, "ServiceUnavailableException"),
        ("emulator.http-408", 408, "ModelTimeoutException"),
        ("emulator.http-424", 424, "ModelErrorException"),
        ("emulator.denied", 403, "AccessDeniedException"),
        ("emulator.not-granted", 403, "AccessDeniedException"),
        ("emulator.expired", 403, "ExpiredTokenException"),
        ("emulator.quota", 400, "ServiceQuotaExceededException"),
        ("emulator.not-ready", 429, "ModelNotReadyException"),
        ("emulator.context-overflow", 400, "ValidationException"),
    ] {
        let got = call(&emulator, "converse-stream", model).await;
        assert_eq!((got.status, got.end), (status, End::Whole), "{model}");
        let found = got.header("x-amzn-errortype").unwrap();
        assert_eq!(found.split(':').next(), Some(code), "{model}");
        let body = got.json();
        assert!(body.get("message").or_else(|| body.get("Message")).is_some_and(Value::is_string), "{model}");
    }
    let denied = call(&emulator, "converse-stream", "emulator.denied").await.json();
    let message = denied["Message"].as_str().unwrap();
    assert!(
        message.contains(
            "is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:"
        )
    );
    let not_ready = call(&emulator, "converse", "emulator.not-ready").await;
    assert_eq!(not_ready.status, 200, "once not ready, then ready");
}

#[tokio::test]
async fn answers_that_are_not_bedrocks_own() {
    let emulator = start().await;
    for (model, status, has_body) in [
        ("emulator.html-502", 502, true),
        ("emulator.html-200", 200, true),
        ("emulator.empty-503", 503, false),
    ] {
        let got = call(&emulator, "converse-stream", model).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (status, None), "{model}");
        assert_eq!(got.body.starts_with(b"<html>"), has_body, "{model}");
        assert_eq!(got.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), has_body);
    }
}

#[tokio::test]
async fn streams_break_in_the_way_that_was_asked_for() {
    let emulator = start().await;
    for (model, events, end, rest) in [
        ("emulator.cut-2", 2, End::Whole, "left over"),
        ("emulator.end-2", 2, End::Whole, ""),
        ("emulator.end", 5, End::Whole, ""),
        ("emulator.exception-throttling-2", 3, End::Whole, ""),
        ("emulator.error-frame-0", 1, End::Whole, ""),
        ("emulator.unknown-event-2", 8, End::Whole, ""),
        ("emulator.corrupt-prelude-1", 1, End::Whole, "checksum"),
        ("emulator.corrupt-message-1", 1, End::Whole, "checksum"),
        ("emulator.reset-2", 2, End::Reset, ""),
        ("emulator.close-2", 2, End::Early, ""),
        ("emulator.trickle", 7, End::Whole, ""),
        ("emulator.stop-content_filtered", 7, End::Whole, ""),
    ] {
        let got = call(&emulator, "converse-stream", model).await;
        assert_eq!(got.status, 200, "{model}");
        assert_eq!(got.end, end, "{model}");
        let (names, outcome) = got.events();
        if !model.contains("stop-") {
            assert_eq!(names.len(), events, "{model}: {names:?}");
        }
        match rest {
            "" => assert_eq!(outcome, Ok(0), "{model}"),
            "left over" => assert!(outcome.is_ok() && !got.body.is_empty(), "{model}"),
            fragment => assert!(outcome.unwrap_err().contains(fragment), "{model}"),
        }
    }
    let oversized = call(&emulator, "converse-stream", "emulator.oversized-1").await;
    let (names, _) = oversized.events();
    assert_eq!(names, ["messageStart"]);
}

#[tokio::test]
async fn connections_end_before_the_head_or_inside_a_body() {
    let emulator = start().await;
    for (model, status, end) in [
        ("emulator.reset", 0, End::Reset),
        ("emulator.close", 0, End::Early),
        ("emulator.reset-1", 200, End::Reset),
        ("emulator.close-1", 200, End::Early),
    ] {
        let got = call(&emulator, "converse", model).await;
        assert_eq!((got.status, got.end), (status, end), "{model}");
    }
}

#[tokio::test]
async fn a_scenario_is_carried_out_in_order() {
    let text = r#"[
        {"match": {"operation": "ConverseStream"}, "times": 2,
         "fault": {"kind": "throttle", "retry_after_ms": 7}},
        {"match": {"operation": "ConverseStream"}, "times": 1, "fault": {"kind": "http", "status": 500}},
        {"match": {"operation": "ConverseStream"}, "times": 1, "fault": {"kind": "slow", "ms": 1}},
        {"match": {"operation": "ListInferenceProfiles"}, "fault": {"kind": "denied"}}
    ]"#;
    let options = EmulatorOptions { scenario: Scenario::from_json(text).unwrap(), ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let got = call(&emulator, "converse-stream", DEMO_MODEL_ID).await;
        if got.status == 429 {
            assert_eq!(got.header("x-amz-retry-after"), Some("7"));
        }
        statuses.push(got.status);
    }
    assert_eq!(statuses, [429, 429, 500, 200, 200]);
    assert_eq!(call(&emulator, "converse", DEMO_MODEL_ID).await.status, 200);
    let got = exchange(&emulator, &bearer_request("GET", "/inference-profiles", "")).await;
    assert_eq!(got.status, 403);
}

/// A stall without an end: what was sent before it arrives, and the silence lasts until the client leaves.
#[tokio::test]
async fn a_stalled_stream_sends_what_it_has_and_then_nothing() {
    let emulator = start().await;
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let target = "/model/emulator.stall-2/converse-stream";
    stream.write_all(&bearer_request("POST", target, &question("Reply with one two"))).await.unwrap();
    let mut raw = Vec::new();
    loop {
        let read = stream.read_buf(&mut raw).await.unwrap();
        assert!(read > 0, "the stream ended");
        let got = read_answer(&raw, End::Early);
        if got.status == 200 && got.events().0.len() == 2 {
            break;
        }
    }
    let more = tokio::time::timeout(Duration::from_millis(50), stream.read_buf(&mut raw)).await;
    assert!(more.is_err(), "nothing comes and nothing ends");
}

#[tokio::test]
async fn requests_are_kept_as_they_came() {
    let options = EmulatorOptions { kept_requests: 2, ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    for model in ["a", "b", "amazon.nova-lite-v1:0"] {
        call(&emulator, "converse", model).await;
    }
    let kept = emulator.requests();
    let targets: Vec<&str> = kept.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/model/b/converse", "/model/amazon.nova-lite-v1%3A0/converse"]);
    assert_eq!((kept[1].method.as_str(), kept[1].header("host")), ("POST", Some("localhost")));
    assert_eq!(kept[1].body, question("Reply with one two three"));
}

#[tokio::test]
async fn bad_http_is_refused_and_the_server_lives_on() {
    let emulator = start().await;
    for (request, status) in [
        (b"NONSENSE\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n".to_vec(), 400),
        (b"POST /model/m/converse HTTP/1.1\r\nhost: x\r\ncontent-length: minus\r\n\r\n".to_vec(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        (bearer_request("GET", "*", ""), 404),
        (bearer_request("POST", "/model/%ff/converse", "{}"), 404),
        (bearer_request("POST", "/model/emulator.basalt-v1%3A0/converse", "{"), 400),
    ] {
        let got = exchange(&emulator, &request).await;
        assert_eq!(got.status, status, "{}", String::from_utf8_lossy(&request));
    }
    // A client that leaves in the middle of its own request.
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    stream
        .write_all(b"POST /model/m/converse HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
        .await
        .unwrap();
    drop(stream);
    assert_eq!(call(&emulator, "converse", DEMO_MODEL_ID).await.status, 200);
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let emulator = start().await;
    let body = "x".repeat(25_000_001);
    let got = exchange(&emulator, &bearer_request("POST", "/model/m/converse", &body)).await;
    assert_eq!(got.status, 413);
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn dropping_it_closes_the_port_and_every_connection() {
    let emulator = start().await;
    let addr = emulator.addr();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    // An answer on it proves that the connection was accepted.
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut raw = Vec::new();
    stream.read_buf(&mut raw).await.unwrap();
    drop(emulator);
    let end = async { while stream.read_buf(&mut raw).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(Duration::from_secs(5), end).await.unwrap();
    let mut refused = false;
    for _ in 0..100 {
        if TcpStream::connect(addr).await.is_err() {
            refused = true;
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(refused);
}

#[tokio::test]
async fn a_pace_is_kept() {
    let options = EmulatorOptions { tokens_per_second: 200.0, ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let begin = tokio::time::Instant::now();
    let got = call(&emulator, "converse-stream", DEMO_MODEL_ID).await;
    assert_eq!(got.events().0, WHOLE_STREAM);
    // Three tokens at 5 ms each; no upper bound, since the machine may be busy.
    assert!(begin.elapsed() >= Duration::from_millis(15));
    assert_eq!(got.end, End::Whole);
}

#[test]
fn an_access_key_does_not_print_its_secret() {
    let printed = format!("{:?}", AccessKey::demo());
    assert!(printed.contains(DEMO_ACCESS_KEY_ID) && !printed.contains(DEMO_SECRET_ACCESS_KEY), "{printed}");
}

mod identity;
