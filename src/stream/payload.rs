//! Payloads of events, read as JSON.
//!
//! Text is borrowed from the payload unless escapes force a copy. Members that the shapes do not name, `p` (padding)
//! first among them, are skipped without being decoded. A null counts as absent. What the events keep as raw JSON
//! stays as it came; nothing becomes a tree of values.
//!
//! The ordinary deltas are read by [`scan`](super::scan); everything else, here.
//!
//! Shapes: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>.

use super::event::{BlockDelta, BlockStart, StreamEvent};
use super::headers::EventType;
use super::{scan, surrogate};
use crate::converse::{Role, StopReason};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads the payload of an event. An ordinary delta with escapes is lent from `unescaped`.
#[inline]
pub(super) fn read<'a>(
    kind: EventType<'a>,
    payload: &'a [u8],
    unescaped: &'a mut Vec<u8>,
) -> serde_json::Result<StreamEvent<'a>> {
    if kind == EventType::ContentBlockDelta {
        if let Some(event) = scan::delta(payload, unescaped) {
            return Ok(event);
        }
        return read_by_serde(kind, payload).or_else(|error| read_mended(kind, payload).ok_or(error));
    }
    match read_by_serde(kind, payload) {
        Ok(event) => Ok(event),
        Err(error) => read_mended_into(kind, payload, unescaped).unwrap_or(Err(error)),
    }
}

/// Reads the payload of an event other than a delta that was refused for half of a surrogate pair; `None` when it has
/// none. What is read is lent from `mended`.
#[cold]
fn read_mended_into<'a>(
    kind: EventType<'a>,
    payload: &[u8],
    mended: &'a mut Vec<u8>,
) -> Option<serde_json::Result<StreamEvent<'a>>> {
    *mended = surrogate::mended(payload)?;
    Some(read_by_serde(kind, mended))
}

/// Reads the payload of a delta that was refused for half of a surrogate pair; `None` for anything else. It owns its
/// text, since the scanner has lent the buffer away.
#[cold]
fn read_mended(kind: EventType<'_>, payload: &[u8]) -> Option<StreamEvent<'static>> {
    let mended = surrogate::mended(payload)?;
    read_by_serde(kind, &mended).ok().and_then(surrogate::owned)
}

/// Reads the payload of an event in any form.
pub(super) fn read_by_serde<'a>(
    kind: EventType<'a>,
    payload: &'a [u8],
) -> serde_json::Result<StreamEvent<'a>> {
    Ok(match kind {
        EventType::MessageStart => {
            let MessageStart { role } = json(payload)?;
            StreamEvent::MessageStart { role: role.unwrap_or(Role::Assistant) }
        }
        EventType::ContentBlockStart => {
            let ContentBlockStart { index, start } = json(payload)?;
            StreamEvent::ContentBlockStart { index, start: start.0 }
        }
        EventType::ContentBlockDelta => {
            let ContentBlockDelta { index, delta } = json(payload)?;
            StreamEvent::ContentBlockDelta { index, delta: delta.0 }
        }
        EventType::ContentBlockStop => {
            let ContentBlockStop { index } = json(payload)?;
            StreamEvent::ContentBlockStop { index }
        }
        EventType::MessageStop => {
            let MessageStop { stop_reason, additional } = json(payload)?;
            StreamEvent::MessageStop { stop_reason, additional }
        }
        EventType::Metadata => StreamEvent::Metadata(json(payload)?),
        EventType::Unknown(event_type) => StreamEvent::Unknown { event_type, payload },
    })
}

/// Reads JSON; no bytes at all are an object without members, as AWS's own readers have it.
pub(super) fn json<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> serde_json::Result<T> {
    serde_json::from_slice(if payload.is_empty() { b"{}" } else { payload })
}

/// What is wrong with a payload, in words that hold none of its text.
pub(super) fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match error.classify() {
        Category::Io | Category::Syntax | Category::Eof => text,
        // Our own, or with nothing but the names of members that the shapes know.
        Category::Data if OWN_WORDS.iter().any(|own| text.starts_with(own)) => text,
        // `invalid type: string "SECRET", expected u32 at line 1 column 9`: the last part is not the payload's.
        Category::Data => match text.rfind(", expected ") {
            Some(at) => format!("another value{}", text.get(at..).unwrap_or_default()),
            None => format!("another shape at line {} column {}", error.line(), error.column()),
        },
    }
}

const OWN_WORDS: [&str; 4] = ["missing field `", "duplicate field `", TWO_MEMBERS, NO_BASE64];
const TWO_MEMBERS: &str = "more than one member of a union";
const NO_BASE64: &str = "`redactedContent` is no base64";

#[derive(serde::Deserialize)]
struct MessageStart {
    role: Option<Role>,
}

#[derive(serde::Deserialize)]
struct ContentBlockStart<'a> {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
    #[serde(borrow)]
    start: OneOf<BlockStart<'a>>,
}

#[derive(serde::Deserialize)]
struct ContentBlockDelta<'a> {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
    #[serde(borrow)]
    delta: OneOf<BlockDelta<'a>>,
}

#[derive(serde::Deserialize)]
struct ContentBlockStop {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
}

#[derive(serde::Deserialize)]
struct MessageStop<'a> {
    #[serde(rename = "stopReason")]
    stop_reason: StopReason,
    #[serde(borrow, rename = "additionalModelResponseFields")]
    additional: Option<&'a RawValue>,
}

/// Text, borrowed where it has no escapes. A bare `Cow` is always copied, and so is one in an `Option`.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUseStart<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResultStart<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

#[derive(serde::Deserialize)]
struct ImageStart<'a> {
    #[serde(borrow)]
    format: Text<'a>,
}

#[derive(serde::Deserialize)]
struct ToolUseDelta<'a> {
    #[serde(borrow)]
    input: Option<Text<'a>>,
}

/// A shape of which one member at a time is present.
trait Union<'de>: Sized {
    /// Reads the value of the member `name`.
    fn read<A: MapAccess<'de>>(name: Cow<'de, str>, members: &mut A) -> Result<Found<Self>, A::Error>;

    /// Stands for a union without a member.
    fn nothing() -> Self;
}

/// What stood in one place of a union's object.
enum Found<T> {
    /// A member of the union.
    Known(T),
    /// A member of a later version of the union, or a stray one.
    Unknown(T),
    /// A null, which counts as absent.
    Null,
}

/// Reads the value of a known member.
fn known<'de, A: MapAccess<'de>, V: Deserialize<'de>, T>(
    members: &mut A,
    wrap: impl FnOnce(V) -> T,
) -> Result<Found<T>, A::Error> {
    Ok(members.next_value::<Option<V>>()?.map_or(Found::Null, |value| Found::Known(wrap(value))))
}

/// Keeps the value of an unknown member as it came.
fn unknown<'de, A: MapAccess<'de>, T>(
    members: &mut A,
    wrap: impl FnOnce(&'de RawValue) -> T,
) -> Result<Found<T>, A::Error> {
    Ok(members
        .next_value::<Option<&'de RawValue>>()?
        .map_or(Found::Null, |value| Found::Unknown(wrap(value))))
}

/// Reads a union: a known member, or else the first unknown one, or else [`Union::nothing`]. Two known ones are an
/// error, since either choice would lose something.
struct OneOf<T>(T);

impl<'de, T: Union<'de>> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(UnionVisitor(PhantomData)).map(OneOf)
    }
}

struct UnionVisitor<T>(PhantomData<T>);

impl<'de, T: Union<'de>> Visitor<'de> for UnionVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one member")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let (mut known, mut unknown) = (None, None);
        while let Some(Text(name)) = members.next_key()? {
            match T::read(name, &mut members)? {
                Found::Known(_) if known.is_some() => return Err(A::Error::custom(TWO_MEMBERS)),
                Found::Known(member) => known = Some(member),
                Found::Unknown(member) => unknown = unknown.or(Some(member)),
                Found::Null => {}
            }
        }
        Ok(known.or(unknown).unwrap_or_else(T::nothing))
    }
}

impl<'de: 'a, 'a> Union<'de> for BlockStart<'a> {
    fn read<A: MapAccess<'de>>(name: Cow<'de, str>, members: &mut A) -> Result<Found<Self>, A::Error> {
        match name.as_ref() {
            "toolUse" => known(members, |ToolUseStart { tool_use_id, name, kind }| BlockStart::ToolUse {
                tool_use_id: tool_use_id.0,
                name: name.map_or(Cow::Borrowed(""), |Text(name)| name),
                kind: kind.map(|Text(kind)| kind),
            }),
            "toolResult" => {
                known(members, |ToolResultStart { tool_use_id, kind, status }| BlockStart::ToolResult {
                    tool_use_id: tool_use_id.0,
                    kind: kind.map(|Text(kind)| kind),
                    status: status.map(|Text(status)| status),
                })
            }
            "image" => known(members, |ImageStart { format }| BlockStart::Image { format: format.0 }),
            _ => unknown(members, |value| BlockStart::Unknown { member: name, value }),
        }
    }

    fn nothing() -> Self {
        BlockStart::Unknown { member: Cow::Borrowed(""), value: RawValue::NULL }
    }
}

impl<'de: 'a, 'a> Union<'de> for BlockDelta<'a> {
    fn read<A: MapAccess<'de>>(name: Cow<'de, str>, members: &mut A) -> Result<Found<Self>, A::Error> {
        match name.as_ref() {
            "text" => known(members, |Text(text)| BlockDelta::Text(text)),
            "toolUse" => known(members, |ToolUseDelta { input }| BlockDelta::ToolUse {
                input: input.map_or(Cow::Borrowed(""), |Text(input)| input),
            }),
            "toolResult" => known(members, BlockDelta::ToolResult),
            "reasoningContent" => known(members, |OneOf(Reasoning(delta))| delta),
            "citation" => known(members, BlockDelta::Citation),
            "image" => known(members, BlockDelta::Image),
            _ => unknown(members, |value| BlockDelta::Unknown { member: name, value }),
        }
    }

    fn nothing() -> Self {
        BlockDelta::Unknown { member: Cow::Borrowed(""), value: RawValue::NULL }
    }
}

/// The union inside `reasoningContent`; its members are deltas of their own.
struct Reasoning<'a>(BlockDelta<'a>);

impl<'de: 'a, 'a> Union<'de> for Reasoning<'a> {
    fn read<A: MapAccess<'de>>(name: Cow<'de, str>, members: &mut A) -> Result<Found<Self>, A::Error> {
        match name.as_ref() {
            "text" => known(members, |Text(text)| Reasoning(BlockDelta::ReasoningText(text))),
            "signature" => {
                known(members, |Text(signature)| Reasoning(BlockDelta::ReasoningSignature(signature)))
            }
            "redactedContent" => {
                known(members, |Base64(bytes)| Reasoning(BlockDelta::ReasoningRedacted(bytes)))
            }
            _ => unknown(members, |value| {
                let member = Cow::Owned(format!("reasoningContent.{name}"));
                Reasoning(BlockDelta::Unknown { member, value })
            }),
        }
    }

    fn nothing() -> Self {
        Reasoning(BlockDelta::Unknown { member: Cow::Borrowed("reasoningContent"), value: RawValue::NULL })
    }
}

/// Bytes that stand as base64.
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map(Base64).map_err(|_| D::Error::custom(NO_BASE64))
    }
}

#[cfg(test)]
mod tests;
