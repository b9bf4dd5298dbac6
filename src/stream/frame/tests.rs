//! Frames: known answers, limits, splits, and agreement with `aws-smithy-eventstream`.

use super::*;
use crate::stream::samples::{Recording, bytes_from_hex, frame, frame_with_lengths};
use aws_smithy_eventstream::frame::{read_message_from, write_headers_to, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

/// The payloads of all frames, and the fault that ended them.
fn payloads(reader: &mut FrameReader) -> (Vec<Vec<u8>>, Option<FrameFault>) {
    let mut payloads = Vec::new();
    loop {
        match reader.advance() {
            Ok(Some(place)) => payloads.push(reader.frame(place).payload.to_vec()),
            Ok(None) => return (payloads, None),
            Err(fault) => return (payloads, Some(fault)),
        }
    }
}

fn reader_of(bytes: &[u8]) -> FrameReader {
    let mut reader = FrameReader::default();
    reader.push(Bytes::copy_from_slice(bytes));
    reader
}

#[test]
fn known_frames_give_the_known_verdicts() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../fixtures/frames/12-eventstream-vectors.json")).unwrap();
    for vector in vectors {
        let note = vector["note"].as_str().unwrap();
        let mut reader = reader_of(&bytes_from_hex(vector["hex"].as_str().unwrap()));
        let (payloads, fault) = payloads(&mut reader);
        match vector["expect"].as_str().unwrap() {
            "ok" => {
                let expected: Vec<_> = vector["messages"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|message| bytes_from_hex(message["payload_hex"].as_str().unwrap()))
                    .collect();
                assert_eq!((payloads, fault, reader.has_rest()), (expected, None, false), "{note}");
            }
            "more" => assert_eq!((payloads, fault, reader.has_rest()), (vec![], None, true), "{note}"),
            "bad" => {
                let expected = match note {
                    "prelude CRC wrong" => Some(FrameFault::PreludeChecksum),
                    "message CRC wrong" | "payload bit flipped" | "header bit flipped" => {
                        Some(FrameFault::MessageChecksum)
                    }
                    "headers length over 128 KiB" => {
                        Some(FrameFault::Length { total: 131_089, headers: 131_073 })
                    }
                    "payload length over 24 MiB" => {
                        Some(FrameFault::Length { total: 25_166_224, headers: 16 })
                    }
                    // The frame holds together; its headers are another module's.
                    "the same header twice" => None,
                    _ => panic!("{note}"),
                };
                assert_eq!(fault, expected, "{note}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn impossible_lengths_are_refused_as_soon_as_the_prelude_is_in() {
    const MIB: u32 = 1024 * 1024;
    for (total, headers, is_possible) in [
        (0, 0, false),
        (15, 0, false),
        (16, 0, true),
        (16, 1, false),
        (17, 1, true),
        (20, u32::MAX, false),
        (u32::MAX, u32::MAX, false),
        (u32::MAX, 0, false),
        (16 + 128 * 1024, 128 * 1024, true),
        (17 + 128 * 1024, 128 * 1024 + 1, false),
        (16 + 24 * MIB, 0, true),
        (17 + 24 * MIB, 0, false),
        (16 + 24 * MIB + 128 * 1024, 128 * 1024, true),
    ] {
        let prelude = &frame_with_lengths(total, headers, &[])[..12];
        for chunk in [1, 12] {
            let mut reader = FrameReader::default();
            let mut verdict = Ok(());
            for bytes in prelude.chunks(chunk) {
                assert_eq!(verdict, Ok(()), "a verdict before the prelude was in");
                reader.push(Bytes::copy_from_slice(bytes));
                verdict = reader.advance().map(|place| assert!(total == 16 || place.is_none()));
            }
            let expected = if is_possible { Ok(()) } else { Err(FrameFault::Length { total, headers }) };
            assert_eq!(verdict, expected, "{total} {headers}");
            assert!(reader.split.bytes.capacity() <= ORDINARY_LEN, "a claim alone must not allocate");
        }
    }
}

#[test]
fn a_wrong_prelude_is_refused_before_the_frame_is_in() {
    let mut prelude = frame(b"", b"payload")[..12].to_vec();
    prelude[3] ^= 0x40;
    for chunk in [1, 5, 12] {
        let mut reader = FrameReader::default();
        let mut faults = vec![];
        for bytes in prelude.chunks(chunk) {
            reader.push(Bytes::copy_from_slice(bytes));
            faults.extend(reader.advance().err());
        }
        assert_eq!(faults, [FrameFault::PreludeChecksum]);
    }
}

#[test]
fn a_known_prelude_vouches_for_no_other() {
    let good = frame(b"", b"payload");
    for bit in 0..8 * PRELUDE_LEN {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // The frame's own checksum is right, so nothing but the prelude's can tell.
        let content = bad.len() - CHECKSUM_LEN;
        let checksum = crc32fast::hash(&bad[..content]);
        bad[content..].copy_from_slice(&checksum.to_be_bytes());
        let mut reader = FrameReader::default();
        reader.push(Bytes::from([good.clone(), good.clone(), bad].concat()));
        assert!(matches!(reader.advance(), Ok(Some(_))));
        assert!(matches!(reader.advance(), Ok(Some(_))));
        assert_eq!(reader.advance().err(), Some(FrameFault::PreludeChecksum), "bit {bit}");
    }
}

#[test]
fn a_frame_that_lies_whole_in_a_chunk_is_lent_from_it() {
    let frames = [frame(b"", b"first"), frame(b"", b"second")].concat();
    let chunk = Bytes::from([frames, frame(b"", b"cut")[..15].to_vec()].concat());
    let range = chunk.as_ptr_range();
    let mut reader = FrameReader::default();
    reader.push(chunk);
    for expected in [b"first".as_slice(), b"second"] {
        let place = reader.advance().unwrap().unwrap();
        let payload = reader.frame(place).payload;
        assert_eq!(payload, expected);
        assert!(range.contains(&payload.as_ptr()));
    }
    assert_eq!(reader.split.bytes.capacity(), 0, "nothing was copied");
    assert!(reader.advance().unwrap().is_none());
    assert!(reader.has_rest());
}

#[test]
fn the_buffer_for_split_frames_is_used_again_and_grows_with_what_came() {
    let frame = frame(b"", &[7; 10_000]);
    let mut reader = FrameReader::default();
    for round in 0..3 {
        for (count, byte) in (1..).zip(&frame) {
            reader.push(Bytes::copy_from_slice(&[*byte]));
            let _ = reader.advance().unwrap();
            let capacity = reader.split.bytes.capacity();
            if round == 0 {
                assert!(capacity <= ORDINARY_LEN.max(2 * count), "{capacity} for {count} bytes");
            } else {
                assert!(capacity >= frame.len(), "the buffer of the first frame is gone");
            }
        }
    }
}

#[test]
fn bytes_that_wait_their_turn_are_a_rest() {
    let mut reader = reader_of(&frame(b"", b"payload"));
    assert!(reader.has_rest());
    assert!(reader.advance().unwrap().is_some());
    assert!(!reader.has_rest());
}

#[test]
fn a_used_chunk_is_given_back() {
    let chunk = Bytes::from(frame(b"", b"payload"));
    let mut reader = FrameReader::default();
    reader.push(chunk.clone());
    assert!(reader.advance().unwrap().is_some());
    assert!(!chunk.is_unique(), "a frame is lent from it");
    assert!(reader.advance().unwrap().is_none());
    assert!(chunk.is_unique());
}

#[test]
fn chunks_may_be_pushed_ahead() {
    let bytes = Recording::tool().bytes();
    for size in [1, 7, 100, 400] {
        let mut reader = FrameReader::default();
        for chunk in bytes.chunks(size) {
            reader.push(Bytes::copy_from_slice(chunk));
            reader.push(Bytes::new());
        }
        let (payloads, fault) = payloads(&mut reader);
        assert_eq!((payloads.len(), fault, reader.has_rest()), (18, None, false));
    }
}

fn header_value() -> impl Strategy<Value = HeaderValue> {
    prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Int16),
        any::<i32>().prop_map(HeaderValue::Int32),
        any::<i64>().prop_map(HeaderValue::Int64),
        vec(any::<u8>(), 0..40).prop_map(|bytes| HeaderValue::ByteArray(bytes.into())),
        ".{0,20}".prop_map(|text| HeaderValue::String(text.into())),
        any::<i32>().prop_map(|seconds| {
            HeaderValue::Timestamp(aws_smithy_types::DateTime::from_secs(i64::from(seconds)))
        }),
        any::<u128>().prop_map(HeaderValue::Uuid),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let headers = vec((".{0,12}", header_value()), 0..6);
    (headers, vec(any::<u8>(), 0..600)).prop_map(|(headers, payload)| {
        headers.into_iter().fold(Message::new(payload), |message, (name, value)| {
            message.add_header(Header::new(name, value))
        })
    })
}

fn written(message: &Message) -> Vec<u8> {
    let mut bytes = vec![];
    write_message_to(message, &mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn what_smithy_writes_is_read_back(message in message()) {
        let mut reader = reader_of(&written(&message));
        let place = reader.advance().unwrap().unwrap();
        let frame = reader.frame(place);
        let mut headers = vec![];
        write_headers_to(message.headers(), &mut headers).unwrap();
        prop_assert_eq!(frame, Frame { headers: &headers, payload: message.payload() });
        prop_assert!(!reader.has_rest());
    }

    #[test]
    fn any_split_gives_the_same_frames(messages in vec(message(), 1..5), cuts in vec(any::<prop::sample::Index>(), 0..20)) {
        let bytes: Vec<_> = messages.iter().flat_map(written).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut reader = FrameReader::default();
        let (mut found, mut start) = (vec![], 0);
        for cut in cuts {
            reader.push(Bytes::copy_from_slice(&bytes[start..cut]));
            let (payloads, fault) = payloads(&mut reader);
            prop_assert_eq!(fault, None);
            found.extend(payloads);
            start = cut;
        }
        let expected: Vec<_> = messages.iter().map(|message| message.payload().to_vec()).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(!reader.has_rest());
    }

    #[test]
    fn a_changed_frame_is_refused_or_what_smithy_reads(
        message in message(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = written(&message);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut reader = reader_of(&bytes);
        if let Ok(Some(place)) = reader.advance() {
            let read = read_message_from(bytes.as_slice()).unwrap();
            prop_assert_eq!(reader.frame(place).payload, read.payload());
        }
        prop_assert!(reader.split.bytes.capacity() <= 2 * bytes.len() + ORDINARY_LEN);
    }

    #[test]
    fn readiness_is_known_without_reading(
        messages in vec(message(), 1..4),
        change in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
        size in 1..80_usize,
        ahead in 1..4_usize,
    ) {
        let mut bytes: Vec<_> = messages.iter().flat_map(written).collect();
        if let Some((at, byte)) = change {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut reader = FrameReader::default();
        let chunks: Vec<_> = bytes.chunks(size).collect();
        for several in chunks.chunks(ahead) {
            several.iter().for_each(|chunk| reader.push(Bytes::copy_from_slice(chunk)));
            loop {
                let is_ready = reader.is_ready();
                match reader.advance() {
                    Ok(Some(_)) => prop_assert!(is_ready),
                    Ok(None) => {
                        prop_assert!(!is_ready);
                        break;
                    }
                    Err(_) => {
                        prop_assert!(is_ready);
                        return Ok(());
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_waited_for(bytes in vec(any::<u8>(), 0..300)) {
        let mut reader = reader_of(&bytes);
        let (_, fault) = payloads(&mut reader);
        prop_assert!(fault.is_some() || reader.has_rest() || bytes.is_empty());
        prop_assert!(reader.split.bytes.capacity() <= 2 * bytes.len() + ORDINARY_LEN);
    }
}
