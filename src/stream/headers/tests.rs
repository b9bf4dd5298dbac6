//! Header blocks: the ordinary one, all value types, everything that can be wrong.

use super::*;
use crate::stream::samples::frame;
use aws_smithy_eventstream::frame::{read_message_from, write_headers_to};
use aws_smithy_types::event_stream::{Header as SmithyHeader, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

fn block(headers: &[(&str, HeaderValue)]) -> Vec<u8> {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| SmithyHeader::new((*name).to_owned(), value.clone())).collect();
    let mut block = vec![];
    write_headers_to(&headers, &mut block).unwrap();
    block
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::String(text.to_owned().into())
}

fn ordinary(event_type: &str) -> Vec<u8> {
    block(&[
        (":event-type", text(event_type)),
        (":content-type", text("application/json")),
        (":message-type", text("event")),
    ])
}

/// All ten types, in the order of their numbers.
fn all_types() -> Vec<(&'static str, HeaderValue)> {
    vec![
        ("true", HeaderValue::Bool(true)),
        ("false", HeaderValue::Bool(false)),
        ("i8", HeaderValue::Byte(-5)),
        ("i16", HeaderValue::Int16(-1234)),
        ("i32", HeaderValue::Int32(123_456_789)),
        ("i64", HeaderValue::Int64(-9_876_543_210)),
        ("bytes", HeaderValue::ByteArray(vec![0xc0, 0xff, 0xee].into())),
        ("text", text("grüße")),
        ("time", HeaderValue::Timestamp(aws_smithy_types::DateTime::from_millis(1_735_689_600_123))),
        ("uuid", HeaderValue::Uuid(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)),
    ]
}

#[test]
fn the_ordinary_block_is_recognised_without_a_walk() {
    for (name, event_type) in [
        ("messageStart", EventType::MessageStart),
        ("contentBlockStart", EventType::ContentBlockStart),
        ("contentBlockDelta", EventType::ContentBlockDelta),
        ("contentBlockStop", EventType::ContentBlockStop),
        ("messageStop", EventType::MessageStop),
        ("metadata", EventType::Metadata),
        ("chunk", EventType::Unknown("chunk")),
        ("", EventType::Unknown("")),
    ] {
        let block = ordinary(name);
        assert_eq!(ordinary_event(&block), Some(event_type));
        assert_eq!(walk(&block), Ok(Message::Event(event_type)));
        assert_eq!(event_type.as_str(), name);
    }
}

#[test]
fn the_message_type_decides() {
    let event = |event_type| Ok(Message::Event(event_type));
    for (headers, expected) in [
        (
            vec![(":message-type", text("event")), (":event-type", text("metadata"))],
            event(EventType::Metadata),
        ),
        (
            vec![(":message-type", text("exception")), (":exception-type", text("throttlingException"))],
            Ok(Message::Exception("throttlingException")),
        ),
        (
            vec![
                (":error-code", text("InternalFailure")),
                (":error-message", text("internal")),
                (":message-type", text("error")),
            ],
            Ok(Message::Error { code: "InternalFailure", message: "internal" }),
        ),
        (vec![(":message-type", text("error"))], Ok(Message::Error { code: "", message: "" })),
        // The name of the event or exception is missing, is not a text, or the type is none that we know.
        (vec![(":message-type", text("event"))], Err(FrameFault::MessageType)),
        (
            vec![(":message-type", text("event")), (":event-type", HeaderValue::Int32(7))],
            Err(FrameFault::MessageType),
        ),
        (
            vec![(":message-type", text("event")), (":exception-type", text("metadata"))],
            Err(FrameFault::MessageType),
        ),
        (
            vec![(":message-type", text("exception")), (":event-type", text("metadata"))],
            Err(FrameFault::MessageType),
        ),
        (vec![(":message-type", text("news"))], Err(FrameFault::MessageType)),
        (vec![(":message-type", HeaderValue::Bool(true))], Err(FrameFault::MessageType)),
        (vec![(":event-type", text("metadata"))], Err(FrameFault::MessageType)),
        (vec![], Err(FrameFault::MessageType)),
    ] {
        assert_eq!(read(&block(&headers)), expected, "{headers:?}");
    }
}

#[test]
fn every_type_of_value_is_walked_and_a_cut_one_is_refused() {
    let mut headers = all_types();
    headers.push((":message-type", text("event")));
    headers.push((":event-type", text("metadata")));
    let whole = block(&headers);
    assert_eq!(read(&whole), Ok(Message::Event(EventType::Metadata)));

    let ends: Vec<_> = (1..=headers.len()).map(|count| block(&headers[..count]).len()).collect();
    for cut in 1..whole.len() {
        let expected = if ends.contains(&cut) { FrameFault::MessageType } else { FrameFault::Headers };
        assert_eq!(read(&whole[..cut]), Err(expected), "cut at {cut}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let event = ordinary("metadata");
    for (what, block) in [
        ("an unknown type of value", [&event, b"\x01a\x0a".as_slice()].concat()),
        ("the last type of value plus 246", [&event, b"\x01a\xff".as_slice()].concat()),
        ("a name twice", [&event, b"\x01a\x00\x01a\x01".as_slice()].concat()),
        ("an empty name twice", [&event, b"\x00\x00\x00\x01".as_slice()].concat()),
        ("a name twice, far apart", [b"\x0b:event-type\x00".as_slice(), &event].concat()),
        ("a name that is no UTF-8", [&event, b"\x01\xff\x00".as_slice()].concat()),
        ("a text that is no UTF-8", [&event, b"\x01a\x07\x00\x01\xff".as_slice()].concat()),
        ("a name of an event that is no UTF-8", {
            let mut block = ordinary("metadata");
            block[15] = 0xff;
            block
        }),
        ("a name that leaves the block", [&event, b"\x05abc".as_slice()].concat()),
        ("a text that leaves the block", [&event, b"\x01a\x07\x00\x04abc".as_slice()].concat()),
        ("bytes that leave the block", [&event, b"\x01a\x06\xff\xff".as_slice()].concat()),
    ] {
        assert_eq!(read(&block), Err(FrameFault::Headers), "{what}");
    }
}

#[test]
fn a_block_full_of_names_is_read_in_time() {
    // Each with each, these would be a billion comparisons.
    let mut block = Vec::new();
    for number in 0..25_000_u32 {
        block.extend([
            3,
            b'a' + (number % 26) as u8,
            b'a' + (number / 26 % 26) as u8,
            b'0' + (number / 676) as u8,
            0,
        ]);
    }
    assert!(block.len() < 128 * 1024);
    assert_eq!(read(&block), Err(FrameFault::MessageType), "no two names are the same");
    block.extend([3, b'a', b'a', b'0', 1]);
    assert_eq!(read(&block), Err(FrameFault::Headers));
}

/// What smithy reads in a block: names and values.
fn smithy_reads(block: &[u8]) -> Option<Vec<(String, HeaderValue)>> {
    let message = read_message_from(frame(block, b"").as_slice()).ok()?;
    Some(
        message
            .headers()
            .iter()
            .map(|header| (header.name().as_str().to_owned(), header.value().clone()))
            .collect(),
    )
}

/// What our walk should say about headers that smithy has read.
fn expected(headers: &[(String, HeaderValue)]) -> Result<(String, String), FrameFault> {
    let mut names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < headers.len() {
        return Err(FrameFault::Headers);
    }
    let find = |name: &str| {
        headers.iter().find_map(|(found, value)| match value {
            HeaderValue::String(text) if found == name => Some(text.as_str().to_owned()),
            _ => None,
        })
    };
    let name = match find(":message-type").as_deref() {
        Some("event") => find(":event-type"),
        Some("exception") => find(":exception-type"),
        Some("error") => Some(find(":error-code").unwrap_or_default()),
        _ => None,
    };
    find(":message-type").zip(name).ok_or(FrameFault::MessageType)
}

fn ours(block: &[u8]) -> Result<(String, String), FrameFault> {
    read(block).map(|message| match message {
        Message::Event(event_type) => ("event".to_owned(), event_type.as_str().to_owned()),
        Message::Exception(name) => ("exception".to_owned(), name.to_owned()),
        Message::Error { code, .. } => ("error".to_owned(), code.to_owned()),
    })
}

fn any_headers() -> impl Strategy<Value = Vec<(&'static str, HeaderValue)>> {
    let name = prop::sample::select(vec![
        ":event-type",
        ":exception-type",
        ":error-code",
        ":content-type",
        "a",
        "b",
        "",
        "ü",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec!["event", "exception", "error", "metadata", "", "ü"]).prop_map(text),
        prop::sample::select(all_types()).prop_map(|(_, value)| value),
    ];
    let message_type = prop::sample::select(vec!["event", "exception", "error", "news"]);
    (vec((name, value), 0..5), message_type, any::<prop::sample::Index>()).prop_map(
        |(mut headers, message_type, at)| {
            let at = at.index(headers.len() + 1);
            headers.insert(at, (":message-type", text(message_type)));
            headers
        },
    )
}

proptest! {
    #[test]
    fn blocks_are_read_as_smithy_reads_them(headers in any_headers()) {
        let block = block(&headers);
        match smithy_reads(&block) {
            Some(headers) => prop_assert_eq!(ours(&block), expected(&headers)),
            // Smithy refuses an empty text at the end of a block.
            None => prop_assert!(block.ends_with(&[0, 0])),
        }
    }

    #[test]
    fn changed_blocks_are_refused_or_read_as_smithy_reads_them(
        headers in any_headers(),
        changes in vec((any::<prop::sample::Index>(), 0_u8..16), 1..4),
    ) {
        let mut block = block(&headers);
        for (at, byte) in changes {
            let at = at.index(block.len());
            block[at] = byte;
        }
        if let (Ok(ours), Some(headers)) = (ours(&block), smithy_reads(&block)) {
            prop_assert_eq!(Ok(ours), expected(&headers));
        }
    }

    #[test]
    fn any_event_type_is_the_same_by_comparison_and_by_walk(name in ".{0,40}") {
        let block = ordinary(&name);
        prop_assert!(ordinary_event(&block).is_some());
        prop_assert_eq!(read(&block), walk(&block));
    }

    #[test]
    fn a_nearly_ordinary_block_is_read_as_by_walk(
        name in "(contentBlockDelta|[a-z]{0,4})",
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut block = ordinary(&name);
        let at = at.index(block.len());
        block[at] = byte;
        prop_assert_eq!(read(&block), walk(&block));
    }

    #[test]
    fn any_bytes_end_in_an_answer(block in vec(any::<u8>(), 0..200)) {
        let _ = read(&block);
    }
}
