//! What the user should know about the reason why the model stopped.

use crate::cli::out::Out;
use crate::converse::{ConverseResponse, Document, StopReason};

/// Says it, where there is something to say.
pub(super) fn explain(response: &ConverseResponse, is_raw: bool, out: &Out) {
    if let Some(text) = sentence(response, is_raw) {
        out.note(&text);
    }
}

fn sentence(response: &ConverseResponse, is_raw: bool) -> Option<String> {
    let text = match response.stop_reason.as_ref()? {
        StopReason::EndTurn | StopReason::StopSequence => return None,
        StopReason::ToolUse => "the model asks for a tool; the call is printed and not carried out",
        StopReason::MaxTokens if is_raw => {
            "the answer is cut: it reached its limit of tokens (raise the request's `maxTokens`)"
        }
        StopReason::MaxTokens => {
            "the answer is cut: it reached its limit of tokens (raise it with `--max-tokens`)"
        }
        StopReason::GuardrailIntervened => "a guardrail replaced or ended the answer",
        StopReason::ContentFiltered => "a content filter ended the answer",
        StopReason::ModelContextWindowExceeded => "the answer is cut: the model's context window is full",
        StopReason::MalformedModelOutput => "the model's output was malformed; what there was is printed",
        StopReason::MalformedToolUse => "the model's call of a tool was malformed",
        StopReason::Refusal => {
            let fields = response.additional_model_response_fields.as_ref();
            return Some(match fields.and_then(refusal) {
                Some(why) => format!("the model refuses to answer: {why}"),
                None => "the model refuses to answer".to_owned(),
            });
        }
        StopReason::Unknown(reason) if reason.is_empty() => {
            "the model stopped for a reason that it does not name"
        }
        StopReason::Unknown(reason) => return Some(format!("the model stopped for `{reason}`")),
    };
    Some(text.to_owned())
}

/// Claude's own words about a refusal, where they were asked for.
fn refusal(fields: &Document) -> Option<String> {
    let fields = fields.to_value().ok()?;
    let details = fields.get("stop_details").or_else(|| fields.get("stopDetails"))?;
    let text = |name: &str| details.get(name).and_then(|value| value.as_str());
    let category = text("category").map(|category| format!("category `{category}`"));
    let parts: Vec<String> = category.into_iter().chain(text("explanation").map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_but_the_usual_ones_is_explained() {
        for (reason, part) in [
            ("end_turn", None),
            ("stop_sequence", None),
            ("tool_use", Some("asks for a tool")),
            ("max_tokens", Some("--max-tokens")),
            ("guardrail_intervened", Some("guardrail")),
            ("content_filtered", Some("filter")),
            ("malformed_model_output", Some("output was malformed")),
            ("malformed_tool_use", Some("call of a tool was malformed")),
            ("model_context_window_exceeded", Some("window is full")),
            ("refusal", Some("refuses to answer")),
            ("tired", Some("`tired`")),
            ("", Some("does not name")),
        ] {
            let response =
                ConverseResponse { stop_reason: Some(reason.into()), ..ConverseResponse::default() };
            let said = sentence(&response, false);
            match part {
                Some(part) => assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{said:?}"),
                None => assert_eq!(said, None),
            }
        }
        assert_eq!(sentence(&ConverseResponse::default(), false), None);
        let cut = ConverseResponse { stop_reason: Some("max_tokens".into()), ..ConverseResponse::default() };
        assert!(!sentence(&cut, true).unwrap().contains("--"), "a raw request has its limit inside");
    }

    #[test]
    fn a_refusal_is_told_in_the_models_words() {
        for (fields, expected) in [
            (
                r#"{"stop_details":{"category":"bio","explanation":"too hot"}}"#,
                "the model refuses to answer: category `bio`, too hot",
            ),
            (r#"{"stopDetails":{"explanation":"no"}}"#, "the model refuses to answer: no"),
            (r#"{"stop_details":7}"#, "the model refuses to answer"),
        ] {
            let response = ConverseResponse {
                stop_reason: Some(StopReason::Refusal),
                additional_model_response_fields: fields.parse().ok(),
                ..ConverseResponse::default()
            };
            assert_eq!(sentence(&response, false).as_deref(), Some(expected));
        }
    }
}
