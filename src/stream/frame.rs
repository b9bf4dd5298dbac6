//! Event-stream frames, read in place: lengths, both checksums, headers.
//!
//! A frame is `total length u32 | headers length u32 | CRC-32 of these 8 bytes | headers | payload | CRC-32 of
//! everything before it`, big-endian. Nothing is copied and nothing is allocated for an ordinary event. It
//! does not wait for bytes: [`prelude`] says how many a frame needs.
//!
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use crate::error::FrameFault;
use std::collections::HashSet;

/// Bytes before the headers: two lengths and their checksum.
pub(super) const PRELUDE: usize = 12;
/// Bytes after the payload.
const TRAILER: usize = 4;
/// The limits that AWS's own clients set.
const MAX_HEADERS: usize = 128 * 1024;
const MAX_PAYLOAD: usize = 24 * 1024 * 1024;

/// Lengths of one frame, checked against each other and against the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    /// The whole frame.
    pub total: usize,
    /// Its headers.
    pub headers: usize,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// An event and its name.
    Event(&'a str),
    /// A modelled exception and its name.
    Exception(&'a str),
    /// An unmodelled error: code and message.
    Error(&'a str, &'a str),
}

/// A checked frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub message: Message<'a>,
    pub payload: &'a [u8],
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// Lengths as stated in the first 8 bytes, unchecked.
pub(super) fn stated_total(bytes: &[u8]) -> Option<usize> {
    be32(bytes, 0).and_then(|total| usize::try_from(total).ok())
}

/// Checks the prelude. `None` when fewer than 12 bytes are there.
///
/// The checksum comes first: what a damaged length says is not believed, so that no one waits or allocates
/// for it.
pub(super) fn prelude(bytes: &[u8]) -> Result<Option<Lengths>, FrameFault> {
    let Some(head) = bytes.get(..PRELUDE) else { return Ok(None) };
    let (lengths, checksum) = head.split_at(8);
    if be32(checksum, 0) != Some(crc32fast::hash(lengths)) {
        return Err(FrameFault::PreludeChecksum);
    }
    checked_lengths(lengths).map(Some)
}

fn checked_lengths(lengths: &[u8]) -> Result<Lengths, FrameFault> {
    let (total, headers) = (be32(lengths, 0).unwrap_or(0), be32(lengths, 4).unwrap_or(0));
    let fault = FrameFault::Length { total, headers };
    let (Ok(total), Ok(headers)) = (usize::try_from(total), usize::try_from(headers)) else {
        return Err(fault);
    };
    let payload = total.checked_sub(PRELUDE + TRAILER).and_then(|rest| rest.checked_sub(headers));
    match payload {
        Some(payload) if payload <= MAX_PAYLOAD && headers <= MAX_HEADERS => Ok(Lengths { total, headers }),
        _ => Err(fault),
    }
}

/// Checks a whole frame and reads its headers. `bytes` holds exactly the frame.
pub(super) fn read(bytes: &[u8]) -> Result<Frame<'_>, FrameFault> {
    let (Some((head, _)), Some((body, trailer))) = (bytes.split_at_checked(PRELUDE), split_trailer(bytes))
    else {
        return Err(FrameFault::Length { total: 0, headers: 0 });
    };
    // One pass over all bytes; the checksum of the prelude is taken from it on the way.
    let mut hasher = crc32fast::Hasher::new();
    let (lengths, checksum) = head.split_at(8);
    hasher.update(lengths);
    if be32(checksum, 0) != Some(hasher.clone().finalize()) {
        return Err(FrameFault::PreludeChecksum);
    }
    let Lengths { headers, .. } = checked_lengths(lengths)?;
    let rest = body.get(8..).unwrap_or_default();
    hasher.update(rest);
    if be32(trailer, 0) != Some(hasher.finalize()) {
        return Err(FrameFault::MessageChecksum);
    }
    let content = body.get(PRELUDE..).unwrap_or_default();
    let (headers, payload) = content.split_at_checked(headers).ok_or(FrameFault::Headers)?;
    let message = match ordinary_event(headers) {
        Some(name) => Message::Event(name),
        None => walk(headers)?,
    };
    Ok(Frame { message, payload })
}

fn split_trailer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(TRAILER)?)
}

/// The header block of nearly every frame: `:event-type` X, `:content-type` JSON, `:message-type` event.
fn ordinary_event(headers: &[u8]) -> Option<&str> {
    const BEFORE: &[u8] = b"\x0b:event-type\x07";
    const AFTER: &[u8] = b"\x0d:content-type\x07\x00\x10application/json\x0d:message-type\x07\x00\x05event";
    let rest = headers.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    let (length, name) = rest.split_at_checked(2)?;
    let stated = u16::from_be_bytes(length.try_into().ok()?);
    (usize::from(stated) == name.len()).then(|| std::str::from_utf8(name).ok()).flatten()
}

/// Walks any header block, checks every value, and finds the headers that say what the frame is.
fn walk(headers: &[u8]) -> Result<Message<'_>, FrameFault> {
    let mut reader = Reader(headers);
    let mut names = HashSet::new();
    let [mut message_type, mut event, mut exception, mut code, mut text] = [None; 5];
    while !reader.0.is_empty() {
        let length = usize::from(reader.byte()?);
        let name = reader.text(length)?;
        if !names.insert(name) {
            return Err(FrameFault::Headers);
        }
        let value = reader.value()?;
        match name {
            ":message-type" => message_type = value,
            ":event-type" => event = value,
            ":exception-type" => exception = value,
            ":error-code" => code = value,
            ":error-message" => text = value,
            _ => {}
        }
    }
    match (message_type, event, exception) {
        (Some("event"), Some(name), _) => Ok(Message::Event(name)),
        (Some("exception"), _, Some(name)) => Ok(Message::Exception(name)),
        (Some("error"), ..) => Ok(Message::Error(code.unwrap_or_default(), text.unwrap_or_default())),
        _ => Err(FrameFault::MessageType),
    }
}

/// The bytes of a header block not yet read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameFault> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FrameFault::Headers)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, FrameFault> {
        self.take(1)?.first().copied().ok_or(FrameFault::Headers)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, FrameFault> {
        std::str::from_utf8(self.take(length)?).map_err(|_| FrameFault::Headers)
    }

    fn length(&mut self) -> Result<usize, FrameFault> {
        let two = self.take(2)?;
        Ok(two.iter().fold(0, |sum, &byte| sum * 256 + usize::from(byte)))
    }

    /// Passes over one value; gives it when it is a string.
    fn value(&mut self) -> Result<Option<&'a str>, FrameFault> {
        let fixed = match self.byte()? {
            // true and false have no bytes of their own.
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            // i64 and timestamp
            5 | 8 => 8,
            6 => self.length()?,
            7 => {
                let length = self.length()?;
                return self.text(length).map(Some);
            }
            // uuid
            9 => 16,
            _ => return Err(FrameFault::Headers),
        };
        self.take(fixed).map(|_| None)
    }
}
