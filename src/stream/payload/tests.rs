//! Payloads: every shape, what is tolerated, what is refused, and what is lent instead of copied.

use super::*;
use crate::stream::samples::as_parsed;
use proptest::prelude::*;
use serde_json::{Value, json};

const DELTA: EventType<'_> = EventType::ContentBlockDelta;

/// As [`super::read`], with a buffer that is leaked, so that the event needs no other owner.
fn read<'a>(kind: EventType<'a>, payload: &'a [u8]) -> serde_json::Result<StreamEvent<'a>> {
    super::read(kind, payload, Box::leak(Box::default()))
}

fn parsed(kind: EventType<'_>, payload: &str) -> Value {
    as_parsed(&read(kind, payload.as_bytes()).unwrap_or_else(|error| panic!("{payload}: {error}")))
}

fn refused(kind: EventType<'_>, payload: &str) -> String {
    problem(&read(kind, payload.as_bytes()).expect_err(payload))
}

#[test]
fn every_delta_is_read() {
    for (delta, expected) in [
        (r#"{"text":"a"}"#, json!({"text": "a"})),
        (r#"{"text":""}"#, json!({"text": ""})),
        (r#"{"text":"\"\u00fc\ud83d\ude00\n"}"#, json!({"text": "\"ü😀\n"})),
        (r#"{"toolUse":{"input":"{\"a\":"}}"#, json!({"toolUse": {"input": "{\"a\":"}})),
        (r#"{"toolUse":{}}"#, json!({"toolUse": {"input": ""}})),
        (r#"{"toolUse":{"input":null}}"#, json!({"toolUse": {"input": ""}})),
        (r#"{"toolResult":[{"text":"r"}]}"#, json!({"toolResult": [{"text": "r"}]})),
        (r#"{"reasoningContent":{"text":"why"}}"#, json!({"reasoningContent": {"text": "why"}})),
        (r#"{"reasoningContent":{"signature":"c2ln"}}"#, json!({"reasoningContent": {"signature": "c2ln"}})),
        (
            r#"{"reasoningContent":{"redactedContent":"AAH/"}}"#,
            json!({"reasoningContent": {"redactedContent": [0, 1, 255]}}),
        ),
        (r#"{"citation":{"title":"t"}}"#, json!({"citation": {"title": "t"}})),
        (r#"{"image":{"source":{"bytes":"AA=="}}}"#, json!({"image": {"source": {"bytes": "AA=="}}})),
        // Members and unions that may come one day.
        (r#"{"hologram":{"x":[1,2.50]}}"#, json!({"hologram": {"x": [1, 2.50]}})),
        (r#"{"reasoningContent":{"summary":"s"}}"#, json!({"reasoningContent.summary": "s"})),
        (r#"{"text":"a","hologram":1}"#, json!({"text": "a"})),
        (r#"{"hologram":1,"text":"a"}"#, json!({"text": "a"})),
        (r#"{"hologram":1,"odour":2}"#, json!({"hologram": 1})),
        // Nulls count as absent.
        (r#"{"toolUse":null,"text":"a"}"#, json!({"text": "a"})),
        (r#"{"text":"a","reasoningContent":null,"hologram":null}"#, json!({"text": "a"})),
        (r#"{"text":null}"#, json!({"": null})),
        ("{}", json!({"": null})),
        (r#"{"reasoningContent":{}}"#, json!({"reasoningContent": null})),
    ] {
        let payload = format!(r#"{{"contentBlockIndex":3,"delta":{delta},"p":"abc"}}"#);
        let expected = json!({"contentBlockDelta": {"contentBlockIndex": 3, "delta": expected}});
        assert_eq!(parsed(DELTA, &payload), expected, "{payload}");
    }
}

#[test]
fn every_start_is_read() {
    for (start, expected) in [
        (
            r#"{"toolUse":{"toolUseId":"t-1","name":"get"}}"#,
            json!({"toolUse": {"toolUseId": "t-1", "name": "get"}}),
        ),
        (r#"{"toolUse":{"toolUseId":"t-1"}}"#, json!({"toolUse": {"toolUseId": "t-1", "name": ""}})),
        (
            r#"{"toolUse":{"toolUseId":"t-1","name":"get","type":"server_tool_use","new":1}}"#,
            json!({"toolUse": {"toolUseId": "t-1", "name": "get", "type": "server_tool_use"}}),
        ),
        (
            r#"{"toolResult":{"toolUseId":"t-1","type":"x","status":"success"}}"#,
            json!({"toolResult": {"toolUseId": "t-1", "type": "x", "status": "success"}}),
        ),
        (
            r#"{"toolResult":{"toolUseId":"t-1","status":null}}"#,
            json!({"toolResult": {"toolUseId": "t-1", "type": null, "status": null}}),
        ),
        (r#"{"image":{"format":"png"}}"#, json!({"image": {"format": "png"}})),
        (r#"{"video":{"format":"mp4"}}"#, json!({"video": {"format": "mp4"}})),
        ("{}", json!({"": null})),
    ] {
        let payload = format!(r#"{{"start":{start},"contentBlockIndex":3}}"#);
        let expected = json!({"contentBlockStart": {"contentBlockIndex": 3, "start": expected}});
        assert_eq!(parsed(EventType::ContentBlockStart, &payload), expected, "{payload}");
    }
}

#[test]
fn the_other_events_are_read() {
    for (kind, payload, expected) in [
        (
            EventType::MessageStart,
            r#"{"role":"assistant","p":"a"}"#,
            json!({"messageStart": {"role": "assistant"}}),
        ),
        (EventType::MessageStart, r#"{"role":"oracle"}"#, json!({"messageStart": {"role": "oracle"}})),
        (EventType::MessageStart, r#"{"role":null}"#, json!({"messageStart": {"role": "assistant"}})),
        (EventType::MessageStart, "", json!({"messageStart": {"role": "assistant"}})),
        (
            EventType::ContentBlockStop,
            r#"{"p":{"x":[{}]},"contentBlockIndex":7}"#,
            json!({"contentBlockStop": {"contentBlockIndex": 7}}),
        ),
        (
            EventType::MessageStop,
            r#"{"stopReason":"end_turn"}"#,
            json!({"messageStop": {"stopReason": "end_turn"}}),
        ),
        (
            EventType::MessageStop,
            r#"{"stopReason":"boredom","additionalModelResponseFields":null}"#,
            json!({"messageStop": {"stopReason": "boredom"}}),
        ),
        (
            EventType::MessageStop,
            r#"{"stopReason":"end_turn","additionalModelResponseFields":{"a":1.0}}"#,
            json!({"messageStop": {"stopReason": "end_turn", "additionalModelResponseFields": {"a": 1.0}}}),
        ),
    ] {
        assert_eq!(parsed(kind, payload), expected, "{payload}");
    }
}

#[test]
fn an_unknown_event_is_handed_on_whatever_it_holds() {
    for payload in [b"".as_slice(), b"{}", b"<xml/>", b"\xff\x00"] {
        let event = read(EventType::Unknown("news"), payload).unwrap();
        assert!(
            matches!(event, StreamEvent::Unknown { event_type: "news", payload: found } if found == payload)
        );
    }
}

#[test]
fn raw_json_stays_as_it_came() {
    let raw = r#"{ "n": 1.500, "big": 123456789012345678901234567890, "n": 2 }"#;
    let payload = format!(r#"{{"stopReason":"end_turn","additionalModelResponseFields":{raw}}}"#);
    let event = read(EventType::MessageStop, payload.as_bytes()).unwrap();
    assert!(
        matches!(event, StreamEvent::MessageStop { additional: Some(found), .. } if found.get() == raw),
        "{event:?}"
    );
}

#[test]
fn text_is_borrowed_unless_it_has_escapes() {
    fn is_borrowed(delta: &BlockDelta<'_>) -> bool {
        match delta {
            BlockDelta::Text(text)
            | BlockDelta::ToolUse { input: text }
            | BlockDelta::ReasoningText(text)
            | BlockDelta::ReasoningSignature(text) => matches!(text, Cow::Borrowed(_)),
            other => panic!("{other:?}"),
        }
    }
    for (delta, expected) in [
        (r#"{"text":"grüße"}"#, true),
        (r#"{"text":"\n"}"#, false),
        (r#"{"toolUse":{"input":"1, 2"}}"#, true),
        (r#"{"toolUse":{"input":"\"1"}}"#, false),
        (r#"{"reasoningContent":{"text":"hm"}}"#, true),
        (r#"{"reasoningContent":{"signature":"c2ln"}}"#, true),
    ] {
        let payload = format!(r#"{{"contentBlockIndex":0,"delta":{delta}}}"#);
        let event = read_by_serde(DELTA, payload.as_bytes()).unwrap();
        match event {
            StreamEvent::ContentBlockDelta { delta, .. } => {
                assert_eq!(is_borrowed(&delta), expected, "{payload}")
            }
            other => panic!("{other:?}"),
        }
    }
    let start = br#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"n","type":"k"}}}"#;
    assert!(matches!(
        read(EventType::ContentBlockStart, start).unwrap(),
        StreamEvent::ContentBlockStart {
            start: BlockStart::ToolUse {
                tool_use_id: Cow::Borrowed("t"),
                name: Cow::Borrowed("n"),
                kind: Some(Cow::Borrowed("k")),
            },
            ..
        }
    ));
}

const OTHER_SHAPES: &[(EventType<'static>, &str, &str)] = &[
    (DELTA, r#"{"delta":{"text":"SECRET"}}"#, "missing field `contentBlockIndex` at line 1 column 27"),
    (DELTA, "", "missing field `contentBlockIndex` at line 1 column 2"),
    (DELTA, r#"{"contentBlockIndex":"SECRET"}"#, "another value, expected u32 at line 1 column 29"),
    (DELTA, r#"{"contentBlockIndex":-1}"#, "another value, expected u32 at line 1 column 23"),
    (DELTA, r#"{"contentBlockIndex":1.0}"#, "another value, expected u32 at line 1 column 24"),
    (DELTA, r#"{"contentBlockIndex":4294967296}"#, "another value, expected u32 at line 1 column 31"),
    (DELTA, r#"{"contentBlockIndex":null}"#, "another value, expected u32 at line 1 column 25"),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"contentBlockIndex":0}"#,
        "duplicate field `contentBlockIndex` at line 1 column 42",
    ),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":"SECRET, expected SECRET"}"#,
        "another value, expected an object with one member at line 1 column 56",
    ),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":{"text":["SECRET"]}}"#,
        "another value, expected a string at line 1 column 39",
    ),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":{"text":"a","toolUse":{"input":"b"}}}"#,
        "more than one member of a union at line 1 column 67",
    ),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"a","signature":"b"}}}"#,
        "more than one member of a union at line 1 column 79",
    ),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"SECRET"}}}"#,
        "`redactedContent` is no base64 at line 1 column 79",
    ),
    (DELTA, r#"{"contentBlockIndex":0,"delta":{"text":"a"#, "EOF while parsing a string at line 1 column 41"),
    (DELTA, r#"{"contentBlockIndex":0,"delta":{}}x"#, "trailing characters at line 1 column 35"),
    (DELTA, r#"{"contentBlockIndex":0}"#, "missing field `delta` at line 1 column 23"),
    (
        DELTA,
        r#"{"contentBlockIndex":0,"delta":null}"#,
        "another value, expected an object with one member at line 1 column 35",
    ),
    (DELTA, "[]", "another value, expected struct ContentBlockDelta with 2 elements at line 1 column 2"),
    (DELTA, "\"SECRET\"", "another value, expected struct ContentBlockDelta at line 1 column 8"),
    (EventType::ContentBlockStop, "{}", "missing field `contentBlockIndex` at line 1 column 2"),
    (
        EventType::ContentBlockStart,
        r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"SECRET"}}}"#,
        "missing field `toolUseId` at line 1 column 59",
    ),
    (EventType::MessageStop, "{}", "missing field `stopReason` at line 1 column 2"),
];

#[test]
fn other_shapes_are_refused_without_repeating_the_payload() {
    for &(kind, payload, expected) in OTHER_SHAPES {
        let found = refused(kind, payload);
        assert_eq!(found, expected, "{payload}");
        assert!(!found.contains("SECRET"), "{found}");
    }
    let bad_utf8 = b"{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\xff\"}}";
    assert!(problem(&read(DELTA, bad_utf8).unwrap_err()).starts_with("invalid unicode code point"));
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    for deep in ["[".repeat(200_000), "{\"a\":".repeat(200_000)] {
        for payload in [
            format!(r#"{{"contentBlockIndex":0,"p":{deep}"#),
            format!(r#"{{"contentBlockIndex":0,"delta":{{"citation":{deep}"#),
            format!(r#"{{"contentBlockIndex":0,"delta":{{"new":{deep}"#),
            deep.clone(),
        ] {
            assert!(read(DELTA, payload.as_bytes()).is_err());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_it_was_written(text in "\\PC*|[\\x00-\\x7f]*", index in any::<u32>()) {
        let payload = json!({"contentBlockIndex": index, "delta": {"text": text}}).to_string();
        let expected = json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": {"text": text}}});
        prop_assert_eq!(parsed(DELTA, &payload), expected);
    }

    #[test]
    fn any_bytes_end_in_an_answer(payload in proptest::collection::vec(any::<u8>(), 0..100)) {
        for kind in [
            EventType::MessageStart,
            EventType::ContentBlockStart,
            EventType::ContentBlockDelta,
            EventType::ContentBlockStop,
            EventType::MessageStop,
            EventType::Metadata,
            EventType::Unknown("new"),
        ] {
            let _ = read(kind, &payload).map_err(|error| problem(&error));
        }
    }
}
