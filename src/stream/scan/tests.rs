//! The scanner against serde_json, which is the arbiter.

use super::*;
use crate::stream::headers::EventType;
use crate::stream::payload::read_by_serde;
use proptest::collection::vec;
use proptest::prelude::*;

/// As [`super::delta`], with a buffer that was used before. It is leaked, so that the event needs no other owner.
fn delta(payload: &[u8]) -> Option<StreamEvent<'_>> {
    super::delta(payload, Box::leak(Box::new(b"of an earlier event".to_vec())))
}

/// Asserts that the scanner reads what serde_json reads, or nothing; says whether it read.
fn agrees(payload: &[u8]) -> bool {
    let Some(scanned) = delta(payload) else { return false };
    let arbiter = read_by_serde(EventType::ContentBlockDelta, payload);
    assert_eq!(format!("{scanned:?}"), format!("{:?}", arbiter.unwrap()), "{}", payload.escape_ascii());
    true
}

#[test]
fn the_ordinary_forms_are_read() {
    for payload in [
        r#"{"contentBlockIndex":0,"delta":{"text":"Basalt, granite"},"p":"abcdefghijklmnopq"}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"Basalt"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":""},"p":""}"#,
        r#"{"contentBlockIndex":999999999,"delta":{"text":"grüße 😀"},"p":"a"}"#,
        r#"{"contentBlockIndex":10,"delta":{"toolUse":{"input":"{\"city"}},"p":"abc"}"#,
        r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":""}},"p":"abc"}"#,
        r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"text":"why"}},"p":"abc"}"#,
        r#"{"contentBlockIndex":1,"delta":{"text":"\"\\\/\b\f\n\r\t"}}"#,
        r#"{"contentBlockIndex":1,"delta":{"text":"longer than a word\nlonger than a word\n\nlonger than a word"}}"#,
    ] {
        assert!(agrees(payload.as_bytes()), "{payload}");
    }
}

#[test]
fn whatever_differs_is_left_to_serde() {
    for payload in [
        r#" {"contentBlockIndex":0,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex": 0,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":00,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":-0,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":4294967295,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":99999999999999999999,"delta":{"text":"a"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a","toolUse":null}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"\u00e9"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"\x"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"\n"}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"a","q":1}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"},"contentBlockIndex":1}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"}}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"a\"#,
        r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"a"},"p":"a"}"#,
        r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"a"}}}"#,
        "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\tb\"}}",
        "",
    ] {
        assert!(delta(payload.as_bytes()).is_none(), "{payload}");
    }
    assert!(delta(b"{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\xff\"}}").is_none());
    assert!(delta(b"{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\\n\xff\"}}").is_none());
}

#[test]
fn text_is_copied_to_the_buffer_only_if_it_has_escapes() {
    let mut buffer = Vec::new();
    for (text, read, copied) in [
        ("plain grüße", "plain grüße", ""),
        (r"a\nlonger than a word", "a\nlonger than a word", "a\nlonger than a word"),
        (r"\\", "\\", "\\"),
    ] {
        buffer.clear();
        let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
        let event = super::delta(payload.as_bytes(), &mut buffer).unwrap();
        let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(Cow::Borrowed(text)), .. } = event
        else {
            panic!("{payload}")
        };
        assert_eq!(text, read);
        assert!(buffer.starts_with(copied.as_bytes()));
        assert_eq!(buffer.is_empty(), copied.is_empty());
    }
}

#[test]
fn every_byte_is_plain_or_special_wherever_it_stands() {
    for byte in 0..=u8::MAX {
        let is_special = matches!(byte, 0..0x20 | b'"' | b'\\');
        for length in 1..26 {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = byte;
                assert_eq!(plain_length(&bytes), if is_special { at } else { length }, "{byte} at {at}");
                assert_eq!(is_plain(&bytes), !is_special, "{byte} at {at}");
            }
        }
    }
}

/// A piece of a string's inside: plain, escaped, or wrong.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "[a-zA-Z0-9 .,:{}]{0,12}".prop_map(String::into_bytes),
        2 => "\\PC{0,4}".prop_map(|text| text.replace(['"', '\\'], "").into_bytes()),
        2 => prop::sample::select(vec![r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u00fc", r"\ud83d\ude00"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::sample::select(vec![r"\", r"\x", r"\u12", "\"", "\u{1f}", "\n", "\u{7f}"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..3),
    ]
}

fn string() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..6).prop_map(|pieces| pieces.concat())
}

/// Payloads that are ordinary or nearly so.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let index = prop_oneof![4 => "[0-9]", 1 => "[0-9]{1,11}", 1 => "-?[0-9]{0,2}(\\.0)?"];
    let form = prop::sample::select(vec![
        (r#"{"text":""#, r#""}"#),
        (r#"{"toolUse":{"input":""#, r#""}}"#),
        (r#"{"reasoningContent":{"text":""#, r#""}}"#),
        (r#"{"reasoningContent":{"signature":""#, r#""}}"#),
        (r#"{"text":null,"text":""#, r#""}"#),
        (r#"{"text":""#, r#"","new":1}"#),
    ]);
    let end = prop_oneof![
        4 => "[a-zA-Z0-9]{0,40}".prop_map(|padding| format!(r#","p":"{padding}"}}"#).into_bytes()),
        1 => string().prop_map(|padding| [br#","p":""#, padding.as_slice(), br#""}"#].concat()),
        1 => prop::sample::select(vec!["}", "", "}}", "} ", r#","p":1}"#, r#","delta":{}}"#])
            .prop_map(|end| end.as_bytes().to_vec()),
    ];
    (index, form, string(), end).prop_map(|(index, (open, close), text, end)| {
        let begin = format!(r#"{{"contentBlockIndex":{index},"delta":{open}"#);
        [begin.as_bytes(), &text, close.as_bytes(), &end].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn scanner_and_serde_read_the_same(payload in payload()) {
        agrees(&payload);
    }

    #[test]
    fn a_changed_payload_is_read_alike(
        payload in payload(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}:,0 ".to_vec())],
        is_cut in any::<bool>(),
    ) {
        let mut payload = payload;
        let at = at.index(payload.len());
        payload[at] = byte;
        if is_cut {
            payload.truncate(at);
        }
        agrees(&payload);
    }

    #[test]
    fn what_bedrock_writes_is_scanned(text in "[ -~°ü]{0,30}", padding in "[a-zA-Z0-9]{0,60}", index in 0..100_u32) {
        let text = serde_json::to_string(&text).unwrap();
        let payload = format!(r#"{{"contentBlockIndex":{index},"delta":{{"text":{text}}},"p":"{padding}"}}"#);
        prop_assert!(agrees(payload.as_bytes()));
    }
}
