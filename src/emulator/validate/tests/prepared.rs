//! Arbitrary conversations, prepared for each model of the catalogue: none of them is refused.
//!
//! What a caller writes for one model alone, in fields of its own, and what is newer than this crate goes as it is,
//! and is not in these conversations: nobody but the service can say whether it is right.

use super::Operation;
use crate::catalog::facts::{Medium, StructuredOutput};
use crate::catalog::{KnownModel, ModelId, facts};
use crate::converse::prepare::tests::property::{any_conversation, any_options};
use crate::converse::prepare::{PrepareOptions, prepare};
use crate::converse::{ContentBlock, ConverseRequest, ReasoningContentBlock};
use crate::emulator::catalog::{Catalog, Model, Unsupported};
use crate::emulator::script::signature;
use crate::emulator::validate::validate;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::sync::LazyLock;

/// The models that talk, with the client's facts and the emulator's model of the same rules.
static MODELS: LazyLock<Vec<(String, KnownModel, Model)>> = LazyLock::new(|| {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../../catalog/models.json")).unwrap();
    let known = |id: &str| facts(&ModelId::parse(id).unwrap(), None);
    let emulated = Catalog::built_in().unwrap().models;
    let by_rules: Vec<(&'static str, &Model)> = emulated
        .iter()
        .filter(|model| model.writes_text() && model.status == "ACTIVE")
        .map(|model| (known(&model.id).rules, model))
        .collect();
    let one = |row: &Value| {
        let id = row["id"].as_str().unwrap();
        let known = known(id);
        let same = by_rules.iter().find(|(rules, model)| model.id == id || *rules == known.rules);
        let (_, model) = same.unwrap_or_else(|| panic!("no emulated model has the rules `{}`", known.rules));
        let model = as_the_row_says((*model).clone(), &known);
        (id.to_owned(), known, model)
    };
    rows.iter().map(one).collect()
});

/// What rows of one set of rules differ in: limits, media, and the form of structured answers.
fn as_the_row_says(mut model: Model, known: &KnownModel) -> Model {
    let facts = &known.facts;
    model.max_tokens = facts.max_output_tokens.map_or(model.max_tokens, u64::from);
    let modality = |medium: &Medium| match medium {
        Medium::Image => Some("IMAGE"),
        Medium::Video => Some("VIDEO"),
        Medium::Audio => Some("SPEECH"),
        Medium::Text | Medium::Document => None,
    };
    model.input = facts.input.iter().filter_map(modality).map(str::to_owned).collect();
    model.refuses.retain(|what| !matches!(what, Unsupported::Documents | Unsupported::StructuredOutput));
    if !facts.input.contains(&Medium::Document) {
        model.refuses.push(Unsupported::Documents);
    }
    if facts.structured_output != StructuredOutput::Native {
        model.refuses.push(Unsupported::StructuredOutput);
    }
    model
}

/// The conversation with thinking as a model gave it out, and without calls that only the service can carry out.
fn as_given_out(mut request: ConverseRequest) -> ConverseRequest {
    for block in request.messages.iter_mut().flat_map(|message| &mut message.content) {
        if let ContentBlock::ToolUse(call) = block {
            call.kind = None;
        }
        if let ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(thought)) = block {
            // A cut one has none.
            let is_signed = thought.signature.as_deref().is_some_and(|signature| !signature.is_empty());
            thought.signature = is_signed.then(|| signature(&thought.text));
        }
    }
    request
}

/// Prepares for the model at `at`, and holds the outcome against the emulator's checks.
fn is_taken(at: usize, request: ConverseRequest, options: &PrepareOptions) -> Result<(), TestCaseError> {
    let (id, known, model) = &MODELS[at];
    let request = ConverseRequest { model_id: id.clone(), ..as_given_out(request) };
    let once = prepare(request, &known.facts, options).request;
    let streams = known.facts.streams && (once.tool_config.is_none() || known.facts.tools.streaming);
    let operation = if streams { Operation::ConverseStream } else { Operation::Converse };
    let body = serde_json::to_value(&once).unwrap();
    if let Err(refusal) = validate(&body, model, operation) {
        return Err(TestCaseError::fail(format!("{id}: {}\nin {body}", refusal.message)));
    }
    let twice = prepare(once.clone(), &known.facts, options).request;
    prop_assert_eq!(twice, once, "{}", id);
    Ok(())
}

/// The models of one of four parts of the catalogue.
fn part(number: usize) -> Vec<usize> {
    (0..MODELS.len()).filter(|at| at % 4 == number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn models_of_the_first_part_take_what_is_prepared(
        at in select(part(0)), request in any_conversation(), options in any_options(),
    ) {
        is_taken(at, request, &options)?;
    }

    #[test]
    fn models_of_the_second_part_take_what_is_prepared(
        at in select(part(1)), request in any_conversation(), options in any_options(),
    ) {
        is_taken(at, request, &options)?;
    }

    #[test]
    fn models_of_the_third_part_take_what_is_prepared(
        at in select(part(2)), request in any_conversation(), options in any_options(),
    ) {
        is_taken(at, request, &options)?;
    }

    #[test]
    fn models_of_the_fourth_part_take_what_is_prepared(
        at in select(part(3)), request in any_conversation(), options in any_options(),
    ) {
        is_taken(at, request, &options)?;
    }
}
