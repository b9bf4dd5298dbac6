//! From the JSON of a frame to a typed event.
//!
//! serde_json does the reading; the visitors here only say which members matter. Nothing is parsed into a
//! tree.

use super::event::{BlockDelta, BlockStart, StreamEvent};
use crate::converse::{Role, StopReason};
use base64::Engine;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Reads the payload of the event `name`.
pub(super) fn read<'a>(name: &'a str, payload: &'a [u8]) -> serde_json::Result<StreamEvent<'a>> {
    Ok(match name {
        "contentBlockDelta" => {
            let Delta { index, delta } = serde_json::from_slice(payload)?;
            StreamEvent::ContentBlockDelta { index, delta }
        }
        "contentBlockStart" => {
            let Start { index, start } = serde_json::from_slice(payload)?;
            StreamEvent::ContentBlockStart { index, start }
        }
        "contentBlockStop" => {
            let Stop { index } = serde_json::from_slice(payload)?;
            StreamEvent::ContentBlockStop { index }
        }
        "messageStart" => {
            let MessageStart { role } = serde_json::from_slice(payload)?;
            StreamEvent::MessageStart { role }
        }
        "messageStop" => {
            let MessageStop { stop_reason, additional } = serde_json::from_slice(payload)?;
            StreamEvent::MessageStop { stop_reason, additional }
        }
        "metadata" => StreamEvent::Metadata(serde_json::from_slice(payload)?),
        _ => StreamEvent::Unknown { event_type: name, payload },
    })
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
    #[serde(borrow)]
    delta: BlockDelta<'a>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
    #[serde(borrow)]
    start: BlockStart<'a>,
}

#[derive(Deserialize)]
struct Stop {
    #[serde(rename = "contentBlockIndex")]
    index: u32,
}

#[derive(Deserialize)]
struct MessageStart {
    role: Role,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop<'a> {
    stop_reason: StopReason,
    #[serde(borrow, rename = "additionalModelResponseFields", default)]
    additional: Option<&'a RawValue>,
}

/// A string that is borrowed where it has no escapes: a plain `Cow` would always be copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for BlockDelta<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeltaVisitor)
    }
}

struct DeltaVisitor;

impl<'de> Visitor<'de> for DeltaVisitor {
    type Value = BlockDelta<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delta object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut known, mut unknown) = (None, None);
        while let Some(Text(name)) = map.next_key()? {
            let found = match name.as_ref() {
                "text" => map.next_value::<Option<Text<'de>>>()?.map(|text| BlockDelta::Text(text.0)),
                "toolUse" => map
                    .next_value::<Option<ToolUseDelta<'de>>>()?
                    .map(|delta| BlockDelta::ToolUse { input: delta.input.0 }),
                "reasoningContent" => {
                    map.next_value::<Option<Reasoning<'de>>>()?.map(|reasoning| reasoning.0)
                }
                "toolResult" => map.next_value::<Option<&RawValue>>()?.map(BlockDelta::ToolResult),
                "citation" => map.next_value::<Option<&RawValue>>()?.map(BlockDelta::Citation),
                "image" => map.next_value::<Option<&RawValue>>()?.map(BlockDelta::Image),
                _ => {
                    let value = map.next_value::<Option<&RawValue>>()?;
                    unknown = unknown.or_else(|| value.map(|value| (name, value)));
                    None
                }
            };
            known = known.or(found);
        }
        Ok(known.unwrap_or_else(|| {
            let (member, value) = unknown.unwrap_or((Cow::Borrowed(""), RawValue::NULL));
            BlockDelta::Unknown { member, value }
        }))
    }
}

#[derive(Deserialize)]
struct ToolUseDelta<'a> {
    #[serde(borrow)]
    input: Text<'a>,
}

/// `reasoningContent` of a delta: a union of its own.
struct Reasoning<'a>(BlockDelta<'a>);

impl<'de> Deserialize<'de> for Reasoning<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReasoningVisitor).map(Reasoning)
    }
}

struct ReasoningVisitor;

impl<'de> Visitor<'de> for ReasoningVisitor {
    type Value = BlockDelta<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reasoning object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut known, mut unknown) = (None, None);
        while let Some(Text(name)) = map.next_key()? {
            let found = match name.as_ref() {
                "text" => {
                    map.next_value::<Option<Text<'de>>>()?.map(|text| BlockDelta::ReasoningText(text.0))
                }
                "signature" => {
                    map.next_value::<Option<Text<'de>>>()?.map(|text| BlockDelta::ReasoningSignature(text.0))
                }
                "redactedContent" => match map.next_value::<Option<Text<'de>>>()? {
                    Some(text) => {
                        let bytes = base64::engine::general_purpose::STANDARD.decode(text.0.as_bytes());
                        Some(BlockDelta::ReasoningRedacted(
                            bytes.map_err(|_| de::Error::custom("redactedContent is no base64"))?,
                        ))
                    }
                    None => None,
                },
                _ => {
                    let value = map.next_value::<Option<&RawValue>>()?;
                    unknown = unknown.or_else(|| value.map(|value| (name, value)));
                    None
                }
            };
            known = known.or(found);
        }
        Ok(known.unwrap_or_else(|| {
            let (member, value) = unknown.unwrap_or((Cow::Borrowed(""), RawValue::NULL));
            BlockDelta::Unknown { member: Cow::Owned(format!("reasoningContent.{member}")), value }
        }))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for BlockStart<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StartVisitor)
    }
}

struct StartVisitor;

impl<'de> Visitor<'de> for StartVisitor {
    type Value = BlockStart<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a start object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut known, mut unknown) = (None, None);
        while let Some(Text(name)) = map.next_key()? {
            let found = match name.as_ref() {
                "toolUse" => map.next_value::<Option<ToolStart<'de>>>()?.map(|start| BlockStart::ToolUse {
                    tool_use_id: start.tool_use_id.0,
                    name: start.name.map_or(Cow::Borrowed(""), |name| name.0),
                    kind: start.kind.map(|kind| kind.0),
                }),
                "toolResult" => {
                    map.next_value::<Option<ToolStart<'de>>>()?.map(|start| BlockStart::ToolResult {
                        tool_use_id: start.tool_use_id.0,
                        kind: start.kind.map(|kind| kind.0),
                        status: start.status.map(|status| status.0),
                    })
                }
                "image" => map
                    .next_value::<Option<ImageStart<'de>>>()?
                    .map(|start| BlockStart::Image { format: start.format.0 }),
                _ => {
                    let value = map.next_value::<Option<&RawValue>>()?;
                    unknown = unknown.or_else(|| value.map(|value| (name, value)));
                    None
                }
            };
            known = known.or(found);
        }
        Ok(known.unwrap_or_else(|| {
            let (member, value) = unknown.unwrap_or((Cow::Borrowed(""), RawValue::NULL));
            BlockStart::Unknown { member, value }
        }))
    }
}

/// What the starts of a tool call and of a tool result hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolStart<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type", default)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct ImageStart<'a> {
    #[serde(borrow)]
    format: Text<'a>,
}
