//! Known answers, the oracle, and properties: any split gives the same events, any damage is noticed.

use super::encode;
use super::{BlockDelta, StreamDecoder, StreamEvent};
use crate::error::{Error, ErrorKind, FrameFault, ServiceClass};
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use proptest::prelude::*;
use serde_json::{Value, json};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Everything that an event says, as one comparable text.
fn show(event: &StreamEvent<'_>) -> String {
    format!("{event:?}")
}

/// All events, and how it ended.
fn decode(chunks: impl IntoIterator<Item = Vec<u8>>) -> (Vec<String>, Result<(), ErrorKind>) {
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            let ready = decoder.is_ready();
            match decoder.next() {
                Ok(Some(event)) => events.push(show(&event)),
                Ok(None) => {
                    assert!(!ready, "ready, but nothing came");
                    break;
                }
                Err(error) => {
                    assert!(ready, "an error came unannounced");
                    assert_eq!(decoder.next().unwrap_err().kind(), error.kind());
                    return (events, Err(error.kind()));
                }
            }
            assert!(ready, "an event came unannounced");
        }
    }
    assert_eq!(decoder.position().events, events.len() as u64);
    let end = decoder.finish().map_err(|error| error.kind());
    (events, end)
}

macro_rules! fixture {
    ($name:literal) => {
        (
            hex(include_str!(concat!("../../fixtures/frames/", $name, ".frames.hex"))),
            include_str!(concat!("../../fixtures/frames/", $name, ".jsonl")),
        )
    };
}

#[test]
fn recorded_streams_give_what_botocore_reads() {
    for (bytes, lines) in
        [fixture!("07-stream-text"), fixture!("08-stream-tool"), fixture!("11-invoke-stream")]
    {
        let mut decoder = StreamDecoder::new();
        decoder.push(bytes);
        for line in lines.lines() {
            let expected: Value = serde_json::from_str(line).unwrap();
            let (name, parsed) = expected["parsed"].as_object().unwrap().iter().next().unwrap();
            let event = decoder.next().unwrap().unwrap();
            check(&event, name, parsed);
            let (raw_name, payload) = decoder.last_payload().unwrap();
            assert_eq!(raw_name, name);
            assert_eq!(payload, expected["payload"].as_str().unwrap().as_bytes());
        }
        assert!(decoder.next().unwrap().is_none());
    }
}

/// Compares one event with botocore's parse of it.
fn check(event: &StreamEvent<'_>, name: &str, parsed: &Value) {
    let delta = &parsed["delta"];
    match event {
        StreamEvent::MessageStart { role } => assert_eq!(json!(role), parsed["role"]),
        StreamEvent::ContentBlockStart { index, start } => {
            assert_eq!(json!(index), parsed["contentBlockIndex"]);
            let super::BlockStart::ToolUse { tool_use_id, name, kind: None } = start else {
                panic!("{start:?}")
            };
            assert_eq!(parsed["start"], json!({"toolUse": {"toolUseId": tool_use_id, "name": name}}));
        }
        StreamEvent::ContentBlockDelta { index, delta: found } => {
            assert_eq!(json!(index), parsed["contentBlockIndex"]);
            let found = match found {
                BlockDelta::Text(text) => json!({ "text": text }),
                BlockDelta::ToolUse { input } => json!({"toolUse": { "input": input }}),
                BlockDelta::ReasoningText(text) => json!({"reasoningContent": { "text": text }}),
                BlockDelta::ReasoningSignature(text) => json!({"reasoningContent": { "signature": text }}),
                other => panic!("{other:?}"),
            };
            assert_eq!(&found, delta);
        }
        StreamEvent::ContentBlockStop { index } => assert_eq!(json!(index), parsed["contentBlockIndex"]),
        StreamEvent::MessageStop { stop_reason, additional: None } => {
            assert_eq!(json!(stop_reason), parsed["stopReason"]);
        }
        StreamEvent::Metadata(_) => assert_eq!(name, "metadata"),
        StreamEvent::Unknown { event_type, .. } => assert_eq!(*event_type, "chunk"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_stream_ends_legally() {
    assert_eq!(decode([fixture!("07-stream-text").0]).1, Ok(()));
    assert_eq!(decode([fixture!("08-stream-tool").0]).1, Ok(()));
}

#[test]
fn an_exception_in_the_stream_is_an_error_after_its_events() {
    let (bytes, _) = fixture!("09-stream-exception");
    let mut decoder = StreamDecoder::new();
    decoder.push(bytes);
    for _ in 0..3 {
        decoder.next().unwrap().unwrap();
    }
    let Error::StreamException(position, failure) = decoder.next().unwrap_err() else { panic!() };
    assert_eq!(position.events, 3);
    assert_eq!((failure.code.as_str(), failure.status), ("ModelStreamErrorException", 424));
    assert_eq!(failure.message, "The model stopped.");
    assert_eq!((failure.original_status, failure.original_message.as_deref()), (Some(500), Some("boom")));
    assert_eq!(failure.class, ServiceClass::ModelError);
    assert!(matches!(decoder.finish(), Err(Error::StreamException(..))));
}

#[test]
fn an_unmodelled_error_is_told_from_its_headers() {
    let mut decoder = StreamDecoder::new();
    decoder.push(fixture!("10-stream-error").0);
    decoder.next().unwrap().unwrap();
    let Error::StreamException(_, failure) = decoder.next().unwrap_err() else { panic!() };
    assert_eq!(failure.code, "InternalFailure");
    assert_eq!(failure.message, "An internal server error occurred");
}

#[test]
fn every_modelled_exception_has_its_status() {
    for (name, status, class) in [
        ("internalServerException", 500, ServiceClass::Internal),
        ("modelStreamErrorException", 424, ServiceClass::ModelError),
        ("validationException", 400, ServiceClass::Validation),
        ("throttlingException", 429, ServiceClass::Throttled),
        ("serviceUnavailableException", 503, ServiceClass::Unavailable),
        ("modelTimeoutException", 408, ServiceClass::ModelTimeout),
        ("brandNewException", 0, ServiceClass::Other),
    ] {
        for payload in [r#"{"message":"m"}"#, r#"{"Message":"m"}"#, "", "[]"] {
            let mut decoder = StreamDecoder::new();
            decoder.push(encode::exception(name, payload));
            let Error::StreamException(_, failure) = decoder.next().unwrap_err() else { panic!() };
            assert_eq!((failure.status, failure.class), (status, class), "{name}");
            assert_eq!(failure.message, if payload.starts_with('{') { "m" } else { payload });
        }
    }
}

#[test]
fn single_frames_good_bad_and_unfinished() {
    let cases: Value =
        serde_json::from_str(include_str!("../../fixtures/frames/12-eventstream-vectors.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let (events, end) = decode([hex(case["hex"].as_str().unwrap())]);
        let note = case["note"].as_str().unwrap();
        match case["expect"].as_str().unwrap() {
            "more" => assert_eq!((events.len(), end), (0, Err(ErrorKind::StreamCut)), "{note}"),
            "bad" => assert_eq!((events.len(), end), (0, Err(ErrorKind::StreamCorrupt)), "{note}"),
            _ => {
                // Frames that say no kind of message are whole, but no Bedrock frames.
                let expected = match case["messages"][0]["headers"][":message-type"].as_str() {
                    Some("event") => ErrorKind::StreamEnded,
                    Some("error") => ErrorKind::StreamException(ServiceClass::Internal),
                    _ => ErrorKind::StreamCorrupt,
                };
                assert_eq!(end, Err(expected), "{note}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_frame_is_told() {
    let good = encode::event("messageStart", r#"{"role":"assistant"}"#);
    let fault_of = |bytes: Vec<u8>| {
        let mut decoder = StreamDecoder::new();
        decoder.push(bytes);
        match decoder.next() {
            Err(Error::StreamCorrupt(_, fault)) => fault,
            other => panic!("{other:?}"),
        }
    };
    let with = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert_eq!(fault_of(with(9)), FrameFault::PreludeChecksum);
    assert_eq!(fault_of(with(40)), FrameFault::MessageChecksum);
    assert_eq!(fault_of(with(good.len() - 1)), FrameFault::MessageChecksum);
    let mut prelude = vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    prelude.extend(crc32fast::hash(&prelude).to_be_bytes());
    assert!(matches!(fault_of(prelude), FrameFault::Length { total: u32::MAX, headers: 0 }));
}

#[test]
fn a_damaged_length_is_refused_before_its_bytes_are_waited_for() {
    let mut bytes = encode::event("messageStart", r#"{"role":"assistant"}"#);
    bytes[0] = 0x7f;
    let (events, end) = decode(bytes[..12].iter().map(|&byte| vec![byte]));
    assert_eq!((events.len(), end), (0, Err(ErrorKind::StreamCorrupt)));
}

#[test]
fn a_stream_cut_anywhere_is_never_complete() {
    let (bytes, _) = fixture!("08-stream-tool");
    let mut ends = vec![0];
    while *ends.last().unwrap() < bytes.len() {
        let at = *ends.last().unwrap();
        ends.push(at + u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize);
    }
    // The last two frames are messageStop and metadata: after messageStop the stream may end.
    let stop = ends[ends.len() - 2];
    for cut in 0..bytes.len() {
        let expected = match (ends.contains(&cut), cut >= stop) {
            (false, _) => Err(ErrorKind::StreamCut),
            (true, false) => Err(ErrorKind::StreamEnded),
            (true, true) => Ok(()),
        };
        assert_eq!(decode([bytes[..cut].to_vec()]).1, expected, "cut at {cut}");
    }
}

/// A delta by its payload, as it is shown.
fn delta(payload: &str) -> Result<String, Error> {
    let mut decoder = StreamDecoder::new();
    decoder.push(encode::event("contentBlockDelta", payload.to_owned()));
    decoder.next().map(|event| show(&event.unwrap()))
}

#[test]
fn what_aws_may_add_is_kept_and_never_an_error() {
    for (payload, part) in [
        (
            r#"{"new":[1,{"a":null}],"contentBlockIndex":3,"delta":{"text":"a","later":{}},"p":"x"}"#,
            "Text(\"a\")",
        ),
        (
            r#"{"contentBlockIndex":0,"delta":{"text":null,"toolUse":{"input":"{","x":1}}}"#,
            "ToolUse { input: \"{\" }",
        ),
        (r#"{"delta":{"brandNew":{"a":1.50}},"contentBlockIndex":0}"#, "Unknown { member: \"brandNew\""),
        (
            r#"{"delta":{"reasoningContent":{"brandNew":1}},"contentBlockIndex":0}"#,
            "reasoningContent.brandNew",
        ),
        (
            r#"{"delta":{"reasoningContent":{"redactedContent":"AAH+/w=="}},"contentBlockIndex":0}"#,
            "[0, 1, 254, 255]",
        ),
        (r#"{"delta":{},"contentBlockIndex":0}"#, "Unknown { member: \"\""),
        (r#"{"delta":{"text":"\u00fc\ud83d\ude00\n"},"contentBlockIndex":0}"#, "ü😀\\n"),
        (r#"{"delta":{"t\u0065xt":"a"},"contentBlockIndex":0}"#, "Text(\"a\")"),
        (r#"{"delta":{"citation":{"title":"t"}},"contentBlockIndex":0}"#, "Citation("),
    ] {
        let shown = delta(payload).unwrap();
        assert!(shown.contains(part), "{payload}: {shown}");
    }
    for payload in [
        r#"{"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":0}"#,
        r#"{"contentBlockIndex":-1,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":1}}"#,
        r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"%"}}}"#,
        "not json",
        "",
    ] {
        assert!(
            matches!(delta(payload), Err(Error::StreamPayload(_, problem)) if problem.event == "contentBlockDelta"),
            "{payload}"
        );
    }
}

#[test]
fn half_of_a_surrogate_pair_does_not_end_an_answer() {
    for (payload, part) in [
        (r#"{"delta":{"text":"a\ud83d"},"contentBlockIndex":0}"#, "Text(\"a\u{fffd}\")"),
        (r#"{"delta":{"toolUse":{"input":"\"\udc00b"}},"contentBlockIndex":0}"#, "\u{fffd}b"),
        (
            r#"{"delta":{"reasoningContent":{"text":"\ud83d\ud83d\ude00"}},"contentBlockIndex":0}"#,
            "\u{fffd}😀",
        ),
        // The text after an escaped backslash only looks like an escape.
        (r#"{"delta":{"text":"\\ud83d \ud83d"},"contentBlockIndex":0}"#, "\\\\ud83d \u{fffd}"),
        // Of a JSON inside the text it is the business of whoever reads that.
        (r#"{"delta":{"toolUse":{"input":"\\ud83d"}},"contentBlockIndex":0}"#, "\\ud83d"),
    ] {
        let shown = delta(payload).unwrap();
        assert!(shown.contains(part), "{payload}: {shown}");
    }
    assert!(
        delta(r#"{"delta":{"text":"\ud83d},"contentBlockIndex":0}"#).is_err(),
        "the rest must still be right"
    );
}

#[test]
fn half_of_a_surrogate_pair_in_a_trace_does_not_cost_the_usage() {
    let payload = r#"{"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7},
        "trace":{"guardrail":{"modelOutput":["x \ud83d"]}}}"#;
    let mut decoder = StreamDecoder::new();
    decoder.push(encode::event("metadata", payload));
    let Ok(Some(StreamEvent::Metadata(metadata))) = decoder.next() else { panic!() };
    assert_eq!(metadata.usage.unwrap().total_tokens, 7);
    let trace = serde_json::to_string(&metadata.trace).unwrap();
    assert!(trace.contains("x \u{fffd}"), "{trace}");
}

#[test]
fn text_is_lent_not_copied() {
    let mut decoder = StreamDecoder::new();
    decoder.push(encode::event(
        "contentBlockDelta",
        r#"{"contentBlockIndex":0,"delta":{"text":"plain"},"p":"ab"}"#,
    ));
    let Ok(Some(StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. })) = decoder.next()
    else {
        panic!()
    };
    assert!(matches!(text, std::borrow::Cow::Borrowed("plain")));
}

/// A stream of ordinary and odd events.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = ("\\PC{0,24}", 0_u32..4, "[a-zA-Z]{0,40}", 0..5_u8);
    let frame = piece.prop_map(|(text, index, padding, kind)| match kind {
        0 => encode::event(
            "contentBlockDelta",
            json!({"contentBlockIndex": index, "delta": {"text": text}, "p": padding}).to_string(),
        ),
        1 => encode::event(
            "contentBlockDelta",
            json!({"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}).to_string(),
        ),
        2 => encode::event("contentBlockStop", json!({"contentBlockIndex": index, "p": padding}).to_string()),
        3 => encode::event("brandNewEvent", text.into_bytes()),
        _ => encode::event("messageStop", json!({"stopReason": "end_turn"}).to_string()),
    });
    prop::collection::vec(frame, 0..12).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(bytes in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let whole = decode([bytes.clone()]);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let split = at.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec());
        prop_assert_eq!(&decode(split), &whole);
        prop_assert_eq!(&decode(bytes.iter().map(|&byte| vec![byte])), &whole);
    }

    #[test]
    fn pushing_ahead_of_pulling_loses_nothing(bytes in streams(), size in 1..50_usize) {
        let whole = decode([bytes.clone()]);
        let mut decoder = StreamDecoder::new();
        for chunk in bytes.chunks(size) {
            decoder.push(chunk.to_vec());
        }
        let mut events = Vec::new();
        while let Some(event) = decoder.next().unwrap() {
            events.push(show(&event));
        }
        prop_assert_eq!(events, whole.0);
    }

    #[test]
    fn any_damage_is_an_error_or_harmless(bytes in streams(), flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4), size in 1..400_usize) {
        prop_assume!(!bytes.is_empty());
        let whole = decode([bytes.clone()]);
        let mut damaged = bytes.clone();
        for (at, mask) in flips {
            let at = at.index(damaged.len());
            damaged[at] ^= mask;
        }
        let (events, end) = decode(damaged.chunks(size).map(<[u8]>::to_vec));
        if damaged == bytes {
            prop_assert_eq!((events, end), whole);
        } else {
            // Two flips in one frame could meet the checksum again; one in 2^32.
            prop_assert!(matches!(end, Err(ErrorKind::StreamCorrupt | ErrorKind::StreamCut)), "{end:?}");
            prop_assert!(whole.0.starts_with(&events));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_or_hang(bytes: Vec<u8>, size in 1..64_usize) {
        let (events, end) = decode(bytes.chunks(size).map(<[u8]>::to_vec));
        prop_assert!(events.is_empty() && end.is_err());
    }

    #[test]
    fn arbitrary_payloads_never_panic(payload: Vec<u8>, name in "contentBlockDelta|contentBlockStart|contentBlockStop|messageStart|messageStop|metadata") {
        let _ = decode([encode::event(&name, payload)]);
    }

    /// The oracle: the frame reader of the AWS SDK. Where both accept a frame, both see the same in it.
    #[test]
    fn frames_agree_with_the_reader_of_the_sdk(headers: Vec<u8>, payload: Vec<u8>, good in any::<bool>()) {
        let bytes = if good {
            encode::event("contentBlockDelta", payload)
        } else {
            framed(&headers, &payload)
        };
        let mut theirs = MessageFrameDecoder::new();
        let theirs = match theirs.decode_frame(&mut bytes.as_slice()) {
            Ok(DecodedFrame::Complete(message)) => Some(message),
            _ => None,
        };
        let mut decoder = StreamDecoder::new();
        decoder.push(bytes);
        let ours = !matches!(decoder.next(), Err(Error::StreamCorrupt(_, fault)) if fault != FrameFault::MessageType);
        prop_assert!(!good || ours);
        if let Some(message) = theirs {
            prop_assert!(ours || has_repeated_name(&message), "refused a frame that the SDK reads");
            if let Some((name, payload)) = decoder.last_payload() {
                prop_assert_eq!(payload, &message.payload()[..]);
                prop_assert_eq!(name, "contentBlockDelta");
            }
        }
    }
}

/// A repeated header is an error for botocore and for us; the SDK takes it.
fn has_repeated_name(message: &aws_smithy_types::event_stream::Message) -> bool {
    let mut names: Vec<&str> = message.headers().iter().map(|header| header.name().as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// A frame with right checksums around any header block.
fn framed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend(headers);
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
