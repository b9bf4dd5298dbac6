//! What a frame is, as its headers say: an event, an exception or an error.
//!
//! Nearly every frame of a Bedrock stream has the same three headers in the same order. That block is compared with
//! constants; only what differs is walked header by header. Headers that decide nothing, `:content-type` among
//! them, are checked for their form and skipped.
//!
//! Format: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use crate::error::FrameFault;
use std::str;

/// The block of a delta, which nearly all events are.
const DELTA: [u8; 87] = *b"\x0b:event-type\x07\x00\x11contentBlockDelta\
    \x0d:content-type\x07\x00\x10application/json\x0d:message-type\x07\x00\x05event";
/// Begins the ordinary block: the name `:event-type` with its length, and the type of a text.
const EVENT_TYPE: [u8; 13] = *b"\x0b:event-type\x07";
/// Ends the ordinary block.
const JSON_EVENT: [u8; 55] =
    *b"\x0d:content-type\x07\x00\x10application/json\x0d:message-type\x07\x00\x05event";

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// An event.
    Event(EventType<'a>),
    /// A failure that the service's model knows; its name, with a small first letter.
    Exception(&'a str),
    /// Any other failure.
    Error {
        /// Its name; empty when there is none.
        code: &'a str,
        /// Its text; empty when there is none.
        message: &'a str,
    },
}

/// Which event a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType<'a> {
    MessageStart,
    ContentBlockStart,
    ContentBlockDelta,
    ContentBlockStop,
    MessageStop,
    Metadata,
    /// One that this version does not know.
    Unknown(&'a str),
}

impl<'a> EventType<'a> {
    /// `None` when the name is no UTF-8.
    fn from_bytes(name: &'a [u8]) -> Option<Self> {
        Some(match name {
            b"contentBlockDelta" => EventType::ContentBlockDelta,
            b"contentBlockStart" => EventType::ContentBlockStart,
            b"contentBlockStop" => EventType::ContentBlockStop,
            b"messageStart" => EventType::MessageStart,
            b"messageStop" => EventType::MessageStop,
            b"metadata" => EventType::Metadata,
            name => EventType::Unknown(str::from_utf8(name).ok()?),
        })
    }

    /// The name as it stands in the header.
    pub(super) fn as_str(self) -> &'a str {
        match self {
            EventType::MessageStart => "messageStart",
            EventType::ContentBlockStart => "contentBlockStart",
            EventType::ContentBlockDelta => "contentBlockDelta",
            EventType::ContentBlockStop => "contentBlockStop",
            EventType::MessageStop => "messageStop",
            EventType::Metadata => "metadata",
            EventType::Unknown(name) => name,
        }
    }
}

/// Reads a header block.
pub(super) fn read(block: &[u8]) -> Result<Message<'_>, FrameFault> {
    if block.as_array() == Some(&DELTA) {
        return Ok(Message::Event(EventType::ContentBlockDelta));
    }
    match ordinary_event(block) {
        Some(event) => Ok(Message::Event(event)),
        None => walk(block),
    }
}

/// Reads the block of an ordinary event; `None` when it is any other.
fn ordinary_event(block: &[u8]) -> Option<EventType<'_>> {
    let (begin, rest) = block.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (name, end) = rest.split_last_chunk()?;
    let is_ordinary =
        *begin == EVENT_TYPE && *end == JSON_EVENT && usize::from(u16::from_be_bytes(*length)) == name.len();
    if is_ordinary { EventType::from_bytes(name) } else { None }
}

/// Reads a block header by header.
fn walk(mut block: &[u8]) -> Result<Message<'_>, FrameFault> {
    let mut names = Vec::new();
    let (mut message_type, mut event_type, mut exception_type) = (None, None, None);
    let (mut error_code, mut error_message) = ("", "");
    while !block.is_empty() {
        let Header { name, value } = read_header(&mut block).ok_or(FrameFault::Headers)?;
        names.push(name);
        match (name, value) {
            (":message-type", Value::Text(text)) => message_type = Some(text),
            (":event-type", Value::Text(text)) => event_type = EventType::from_bytes(text.as_bytes()),
            (":exception-type", Value::Text(text)) => exception_type = Some(text),
            (":error-code", Value::Text(text)) => error_code = text,
            (":error-message", Value::Text(text)) => error_message = text,
            (_, Value::Text(_) | Value::Other) => {}
        }
    }
    // Sorted, since a block has room for so many names that comparing each with each would take seconds.
    names.sort_unstable();
    if names.array_windows().any(|[a, b]| a == b) {
        return Err(FrameFault::Headers);
    }
    match message_type {
        Some("event") => event_type.map(Message::Event),
        Some("exception") => exception_type.map(Message::Exception),
        Some("error") => Some(Message::Error { code: error_code, message: error_message }),
        Some(_) | None => None,
    }
    .ok_or(FrameFault::MessageType)
}

struct Header<'a> {
    name: &'a str,
    value: Value<'a>,
}

/// A header's value: only texts decide anything.
enum Value<'a> {
    Text(&'a str),
    Other,
}

/// Cuts one header off the front of `block`; `None` when it is cut short, is no UTF-8, or has an unknown type.
fn read_header<'a>(block: &mut &'a [u8]) -> Option<Header<'a>> {
    let name_length = usize::from(*block.split_off_first()?);
    let name = str::from_utf8(block.split_off(..name_length)?).ok()?;
    let value_type = *block.split_off_first()?;
    let length = match value_type {
        // true, false
        0 | 1 => 0,
        // i8, i16, i32
        2 => 1,
        3 => 2,
        4 => 4,
        // i64, milliseconds since 1970
        5 | 8 => 8,
        // bytes, text
        6 | 7 => {
            let (length, rest) = block.split_first_chunk()?;
            *block = rest;
            usize::from(u16::from_be_bytes(*length))
        }
        // UUID
        9 => 16,
        _ => return None,
    };
    let value = block.split_off(..length)?;
    let value = if value_type == 7 { Value::Text(str::from_utf8(value).ok()?) } else { Value::Other };
    Some(Header { name, value })
}

#[cfg(test)]
mod tests;
