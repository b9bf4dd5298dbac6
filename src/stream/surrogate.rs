//! Deltas with half of a surrogate pair in an escape, as `\ud83d` alone.
//!
//! No string of Rust can hold one, and JSON readers refuse it; but a whole answer must not be lost for half a
//! character that a model was cut in. It becomes U+FFFD, the sign for a character that cannot be shown. Only what
//! failed to be read comes here.

use super::event::{BlockDelta, StreamEvent};
use std::borrow::Cow;

/// The payload with every half of a pair replaced; `None` when it has none.
pub(crate) fn mended(payload: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(payload.len());
    let (mut rest, mut any) = (payload, false);
    while let Some((&first, after)) = rest.split_first() {
        let length = match unit(rest) {
            Some(0xd800..=0xdbff) if rest.get(6..).and_then(unit).is_some_and(is_second) => 12,
            Some(0xd800..=0xdfff) => {
                any = true;
                mended.extend_from_slice(br"\ufffd");
                rest = rest.get(6..).unwrap_or_default();
                continue;
            }
            Some(_) => 6,
            None if first == b'\\' && !after.is_empty() => 2,
            None => 1,
        };
        let (taken, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        mended.extend_from_slice(taken);
        rest = left;
    }
    any.then_some(mended)
}

/// The code unit of an escape `\uXXXX` at the beginning.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn is_second(unit: u16) -> bool {
    (0xdc00..=0xdfff).contains(&unit)
}

/// A delta of text that borrows nothing; `None` for any other event.
pub(super) fn owned(event: StreamEvent<'_>) -> Option<StreamEvent<'static>> {
    let StreamEvent::ContentBlockDelta { index, delta } = event else { return None };
    let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    let delta = match delta {
        BlockDelta::Text(text) => BlockDelta::Text(own(text)),
        BlockDelta::ToolUse { input } => BlockDelta::ToolUse { input: own(input) },
        BlockDelta::ReasoningText(text) => BlockDelta::ReasoningText(own(text)),
        BlockDelta::ToolResult(_)
        | BlockDelta::ReasoningSignature(_)
        | BlockDelta::ReasoningRedacted(_)
        | BlockDelta::Citation(_)
        | BlockDelta::Image(_)
        | BlockDelta::Unknown { .. } => return None,
    };
    Some(StreamEvent::ContentBlockDelta { index, delta })
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn halves_become_the_replacement_character_and_pairs_stay() {
        for (given, expected) in [
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""a\ude00b\uD83D\ud83d\ude00""#, Some(r#""a\ufffdb\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d \" \u00fc""#, None),
            (r#""\ud83d\n""#, Some(r#""\ufffd\n""#)),
            (r#""\ud8""#, None),
            ("\"\\", None),
            ("", None),
        ] {
            let mended = mended(given.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(mended.as_deref(), expected, "{given}");
        }
    }
}
