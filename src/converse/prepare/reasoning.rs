//! Rule `reasoning`: reasoning goes back only with its signature, to those who can check it.
//!
//! Text and signature are never changed: the signature covers the text to the last byte. Reasoning without a
//! signature, as a stream that was cut leaves it, is dropped and not told as text, where the model would take
//! it for something it had said.

use super::draft::Draft;
use super::report::Rule;
use crate::catalog::facts::Family;
use crate::converse::{ContentBlock, ReasoningContentBlock};

/// What some programs store in place of a signature.
const NO_SIGNATURE: &str = "reasoning_content";

pub(super) fn apply(draft: &mut Draft<'_>) {
    let (takes_signed, takes_redacted) = taken(draft.facts.family);
    draft.each_block(|draft, spot, block, out| {
        let ContentBlock::ReasoningContent(reasoning) = &block else {
            out.push(block);
            return;
        };
        let (why, fact) = match reasoning {
            ReasoningContentBlock::ReasoningText(text) if !is_signed(text.signature.as_deref()) => {
                ("reasoning without its signature is refused", None)
            }
            ReasoningContentBlock::ReasoningText(_) if !takes_signed => {
                ("this model refuses the signature of reasoning", Some("family"))
            }
            ReasoningContentBlock::RedactedContent(bytes) if bytes.is_empty() => {
                ("encrypted reasoning without bytes is refused", None)
            }
            ReasoningContentBlock::RedactedContent(_) if !takes_redacted => {
                ("this model does not take encrypted reasoning", Some("family"))
            }
            ReasoningContentBlock::ReasoningText(_)
            | ReasoningContentBlock::RedactedContent(_)
            | ReasoningContentBlock::Unknown(_) => {
                out.push(block);
                return;
            }
        };
        draft.note(Rule::Reasoning, spot, why, fact);
    });
}

fn is_signed(signature: Option<&str>) -> bool {
    signature.is_some_and(|signature| !signature.is_empty() && signature != NO_SIGNATURE)
}

/// Whether a family takes signed reasoning, and encrypted reasoning. An unknown model may be a Claude behind an
/// opaque ARN, whose tool turns fail without it.
fn taken(family: Family) -> (bool, bool) {
    match family {
        Family::Claude | Family::Unknown => (true, true),
        Family::Gpt | Family::GptOss => (false, true),
        Family::Nova
        | Family::Titan
        | Family::Llama
        | Family::Mistral
        | Family::DeepSeek
        | Family::Grok
        | Family::Kimi
        | Family::Qwen
        | Family::Cohere
        | Family::Jamba
        | Family::Other => (false, false),
    }
}
