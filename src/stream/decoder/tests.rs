//! How streams end and fail, and what a failed decoder says. Known answers and splits: `stream/tests.rs`.

use super::*;
use crate::error::ServiceClass;
use crate::stream::encode;
use crate::stream::samples::{Recording, event, frame, run};
use proptest::prelude::*;
use serde_json::json;

/// A short whole answer.
fn answer() -> Vec<u8> {
    [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Basalt"},"p":"ab"}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event("metadata", r#"{"usage":{},"metrics":{}}"#),
    ]
    .concat()
}

#[test]
fn recorded_failures_end_the_stream() {
    for (recording, events, status, class, original) in [
        (Recording::exception(), 3, 424, ServiceClass::ModelError, Some(500)),
        (Recording::error(), 1, 0, ServiceClass::Internal, None),
    ] {
        let mut decoder = StreamDecoder::new();
        decoder.push(recording.bytes());
        for _ in 0..events {
            assert!(decoder.next().unwrap().is_some());
        }
        let error = decoder.next().unwrap_err();
        let known = &recording.lines.last().unwrap()["error"];
        assert_eq!(error.stream_position(), Some(decoder.position()));
        assert_eq!(decoder.position().events, events);
        let failure = error.service_failure().unwrap();
        assert_eq!((failure.status, failure.class, failure.original_status), (status, class, original));
        assert!(failure.code.eq_ignore_ascii_case(known["Code"].as_str().unwrap()));
        assert_eq!(failure.message, known["Message"]);
    }
}

#[test]
fn the_ways_in_which_an_answer_can_be_incomplete_are_told_apart() {
    let start = event("messageStart", r#"{"role":"assistant"}"#);
    let stop = event("messageStop", r#"{"stopReason":"end_turn"}"#);
    let exception = encode::exception("throttlingException", r#"{"message":"slow down"}"#);
    let error = encode::error("InternalFailure", "sorry");
    let mut corrupt = start.clone();
    *corrupt.last_mut().unwrap() ^= 1;
    for (what, body, kind) in [
        ("whole", vec![&*start, &stop], Ok(())),
        ("whole, events after the end", vec![&start, &stop, &start], Ok(())),
        ("nothing came", vec![], Err("stream_ended")),
        ("ended between frames", vec![&start], Err("stream_ended")),
        ("cut in the first prelude", vec![&start[..5]], Err("stream_cut")),
        ("cut in a frame", vec![&start, &stop[..30]], Err("stream_cut")),
        ("cut after messageStop", vec![&start, &stop, &start[..1]], Err("stream_cut")),
        ("a wrong checksum", vec![&start, &corrupt], Err("stream_corrupt")),
        ("an exception", vec![&start, &exception], Err("stream_exception")),
        ("an exception after messageStop", vec![&start, &stop, &exception], Err("stream_exception")),
        ("an error", vec![&start, &error], Err("stream_exception")),
        ("a wrong payload", vec![&start, &event("contentBlockStop", "{}")], Err("stream_payload")),
    ] {
        let outcome = run(body);
        let found = outcome.end.as_ref().map_err(|error| error.split(' ').next().unwrap()).copied();
        assert_eq!(found, kind, "{what}");
    }
}

#[test]
fn errors_say_how_far_the_stream_had_come() {
    let body = answer();
    for (cut, events) in [(body.len() - 1, 4), (40, 0)] {
        let mut decoder = StreamDecoder::new();
        decoder.push(body[..cut].to_vec());
        while decoder.next().unwrap().is_some() {}
        let position = StreamPosition { events, bytes: cut as u64 };
        assert!(matches!(decoder.finish(), Err(Error::StreamCut(found)) if found == position));
    }
    let mut decoder = StreamDecoder::new();
    decoder.push(frame(b"", b"no headers"));
    let position = StreamPosition { events: 0, bytes: 26 };
    assert!(matches!(
        decoder.next(),
        Err(Error::StreamCorrupt(found, FrameFault::MessageType)) if found == position
    ));
}

#[test]
fn a_payload_problem_names_the_event() {
    let mut decoder = StreamDecoder::new();
    decoder.push(event("contentBlockDelta", r#"{"delta":{"text":"SECRET"}}"#));
    let Err(Error::StreamPayload(_, problem)) = decoder.next() else { panic!() };
    assert_eq!(problem.event, "contentBlockDelta");
    assert_eq!(problem.problem, "missing field `contentBlockIndex` at line 1 column 27");
}

#[test]
fn a_failed_decoder_stays_failed() {
    let exception = encode::exception("throttlingException", "{}");
    let mut corrupt = answer();
    corrupt[0] ^= 1;
    for body in [exception, corrupt, event("messageStop", "[")] {
        let mut decoder = StreamDecoder::new();
        decoder.push(event("messageStart", "{}"));
        decoder.push(body);
        decoder.push(answer());
        assert!(decoder.next().unwrap().is_some());
        let first = decoder.next().unwrap_err();
        assert!(decoder.last_payload().is_none());
        let position = decoder.position();
        for _ in 0..3 {
            decoder.push(answer());
            let again = decoder.next().unwrap_err();
            assert_eq!((again.kind(), again.to_string()), (first.kind(), first.to_string()));
            assert_eq!(decoder.finish().unwrap_err().to_string(), first.to_string());
            assert_eq!(decoder.position(), position);
            assert!(decoder.last_payload().is_none());
        }
    }
}

#[test]
fn message_stop_is_seen_and_reading_goes_on() {
    let mut decoder = StreamDecoder::new();
    decoder.push(answer());
    let mut seen = vec![];
    while decoder.next().unwrap().is_some() {
        seen.push(decoder.has_message_stop());
    }
    assert_eq!(seen, [false, false, false, true, true]);
}

#[test]
fn the_last_payload_is_that_of_the_last_event() {
    let mut decoder = StreamDecoder::new();
    assert_eq!(decoder.last_payload(), None);
    for chunk in answer().chunks(7) {
        decoder.push(chunk.to_vec());
        while let Some(event) = decoder.next().unwrap() {
            let is_stop = matches!(event, StreamEvent::ContentBlockStop { .. });
            let payload = decoder.last_payload().unwrap();
            assert_eq!(is_stop, payload == ("contentBlockStop", br#"{"contentBlockIndex":0}"#.as_slice()));
        }
        assert_eq!(decoder.last_payload(), None);
    }
}

#[test]
fn debug_shows_no_text() {
    let mut decoder = StreamDecoder::new();
    decoder.push(answer());
    decoder.push(&b"Basalt"[..]);
    assert!(decoder.next().unwrap().is_some());
    let shown = format!("{decoder:?}");
    assert!(shown.contains("events: 1") && !shown.contains("Basalt"), "{shown}");
}

#[test]
fn a_decoder_can_move_to_another_thread() {
    fn is_send<T: Send + Sync>() {}
    is_send::<StreamDecoder>();
}

/// Payloads as they come, as they may come, and as they should not.
fn any_event() -> impl Strategy<Value = (&'static str, String)> {
    let text = || "\\PC{0,20}";
    let delta = prop_oneof![
        text().prop_map(|text| json!({"text": text})),
        text().prop_map(|text| json!({"toolUse": {"input": text}})),
        text().prop_map(|text| json!({"reasoningContent": {"text": text}})),
        text().prop_map(|text| json!({"reasoningContent": {"signature": text}})),
        text().prop_map(|text| json!({"citation": {"title": text}})),
        text().prop_map(|text| json!({"new": [text]})),
        Just(json!({})),
    ];
    let padding = "[a-zA-Z0-9]{0,30}";
    prop_oneof![
        8 => (0..4_u32, delta, padding).prop_map(|(index, delta, padding)| (
            "contentBlockDelta",
            format!(r#"{{"contentBlockIndex":{index},"delta":{delta},"p":"{padding}"}}"#),
        )),
        1 => Just(("messageStart", r#"{"role":"assistant"}"#.to_owned())),
        1 => Just(("contentBlockStart", r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}"#.to_owned())),
        1 => (0..4_u32).prop_map(|index| ("contentBlockStop", format!(r#"{{"contentBlockIndex":{index}}}"#))),
        1 => Just(("messageStop", r#"{"stopReason":"end_turn"}"#.to_owned())),
        1 => Just(("metadata", r#"{"usage":{"inputTokens":1},"p":"a"}"#.to_owned())),
        1 => Just(("news", "not json".to_owned())),
    ]
}

proptest! {
    #[test]
    fn a_changed_payload_is_an_error_or_an_event(
        (name, payload) in any_event(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        // With right checksums, so that the change reaches the reader of payloads.
        let mut payload = payload.into_bytes();
        let at = at.index(payload.len());
        payload[at] = byte;
        let body = encode::event(name, payload);
        let outcome = run([&*body]);
        if outcome.events.is_empty() {
            prop_assert!(outcome.end.unwrap_err().starts_with("stream_payload"));
        } else {
            prop_assert_eq!(outcome.events.len(), 1);
        }
    }
}
