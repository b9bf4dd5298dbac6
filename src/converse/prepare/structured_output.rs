//! Rule `structured-output`: the answer keeps to a schema by the means that the model has.
//!
//! Three lanes: the service's own format; a tool whose input is the answer, which the model must call; words
//! in the system prompt. The facts say which one a model has, and a refusal seen before overrules them. A
//! format that the request sets itself stays.

use super::draft::Draft;
use super::identifier::Shape;
use super::options::{AnswerSchema, ToolWish};
use super::report::Rule;
use super::schema::{self, Lost};
use super::{AnswerLane, StructuredAnswer};
use crate::catalog::facts::StructuredOutput;
use crate::converse::{
    ContentBlock, Document, JsonSchemaDefinition, OutputFormat, OutputFormatStructure, SpecificToolChoice,
    SystemContentBlock, Tool, ToolChoice, ToolSpecification,
};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The name of the tool that takes the answer.
const TOOL: &str = "structured_answer";

/// What it says of itself, by which it is known again.
const DESCRIPTION: &str = "Gives the final answer. Call this tool once, with the answer as its input.";

/// Why a schema that refers to itself goes to a tool, and what it loses where there are none.
const REFERENCES: (&str, &str) = (
    "the service's structured output takes no schema that refers to itself",
    "a `$ref` that cannot be put in is an empty object, as the service's structured output takes closed ones",
);

/// The same for a schema with a map.
const MAPS: (&str, &str) = (
    "the service's structured output takes no object of any properties",
    "objects have the named properties alone, as the service's structured output takes closed ones",
);

pub(super) fn apply(draft: &mut Draft<'_>) {
    let Some(wish) = &draft.options.schema else { return };
    let (root, is_wrapped) = schema::object_root(wish.schema.to_value().unwrap_or_default());
    if root.is_empty() {
        let why = "a schema is a JSON object that says what the answer is like";
        draft.note(Rule::StructuredOutput, "options.schema", why, None);
        return;
    }
    if is_wrapped {
        let why =
            "the root of a schema is an object, so the answer stands under `value` and is taken out again";
        draft.note(Rule::StructuredOutput, "options.schema", why, None);
    }
    let has_tools = draft.facts.tools.supported;
    let lane = match draft.facts.structured_output {
        StructuredOutput::Native => native(draft, wish, root, is_wrapped),
        StructuredOutput::Tool if has_tools => Some(tool(draft, wish, root, is_wrapped)),
        StructuredOutput::Tool | StructuredOutput::Prompt => {
            let root = schema::in_order(Value::Object(root), &wish.schema, is_wrapped);
            instruct(
                draft,
                &format!(
                    "Answer with one JSON object alone, in no code fence, that keeps to this JSON schema:\n{root}"
                ),
            );
            let why = "this model has no other way, so the system prompt asks for the schema";
            told(draft, why);
            Some(AnswerLane::Prompt)
        }
    };
    draft.answer = lane.map(|lane| StructuredAnswer { lane, is_wrapped });
}

/// The service's own format, or a tool for what it cannot say.
fn native(
    draft: &mut Draft<'_>,
    wish: &AnswerSchema,
    root: Map<String, Value>,
    is_wrapped: bool,
) -> Option<AnswerLane> {
    let mut closed = root.clone();
    let Lost { bounds, references, maps } = schema::strict(&mut closed);
    if references || maps {
        let (refused, lost) = if references { REFERENCES } else { MAPS };
        let has_format =
            draft.request.output_config.as_ref().is_some_and(|config| config.text_format.is_some());
        if draft.facts.tools.supported && !has_format {
            told(draft, refused);
            return Some(tool(draft, wish, root, is_wrapped));
        }
        told(draft, lost);
    }
    if bounds {
        told(draft, "bounds that the service's structured output refuses are said in descriptions");
    }
    let format = OutputFormat {
        structure: OutputFormatStructure::JsonSchema(JsonSchemaDefinition {
            schema: schema::in_order(Value::Object(closed), &wish.schema, is_wrapped),
            name: wish.name.clone().filter(|name| Shape::Plain.fits(name)),
            description: wish.description.clone(),
        }),
        ..OutputFormat::default()
    };
    let config = draft.request.output_config.get_or_insert_default();
    let is_ours = config.text_format.get_or_insert_with(|| format.clone()) == &format;
    is_ours.then_some(AnswerLane::Text)
}

/// Notes what the model's means made of the schema.
fn told(draft: &mut Draft<'_>, why: impl Into<Cow<'static, str>>) {
    draft.note(Rule::StructuredOutput, "options.schema", why, Some("structuredOutput"));
}

/// A tool whose input is the answer.
fn tool(
    draft: &mut Draft<'_>,
    wish: &AnswerSchema,
    root: Map<String, Value>,
    is_wrapped: bool,
) -> AnswerLane {
    let config = draft.request.tool_config.get_or_insert_default();
    let specs = || config.tools.iter().filter_map(spec);
    if let Some(known) = specs().find(|spec| is_answer(spec)) {
        return AnswerLane::Tool(known.name.clone());
    }
    let mut name = TOOL.to_owned();
    while specs().any(|spec| spec.name == name) {
        name.push('_');
    }
    let description = match &wish.description {
        Some(purpose) => format!("{DESCRIPTION} {purpose}"),
        None => DESCRIPTION.to_owned(),
    };
    let is_alone = specs().next().is_none();
    let is_free = match &draft.options.tool_choice {
        None | Some(ToolWish::Never) => config.tool_choice.is_none(),
        Some(ToolWish::Choice(_)) => false,
    };
    let schema = schema::in_order(Value::Object(root), &wish.schema, is_wrapped);
    let schema = Document::try_from(schema.as_str()).unwrap_or_default();
    let spec = ToolSpecification::new(name.clone(), schema).description(description);
    config.tools.push(Tool::ToolSpec(spec));
    if is_free {
        // Beside other tools the model must still be able to call those first.
        let alone = ToolChoice::Tool(SpecificToolChoice { name: name.clone() });
        config.tool_choice = Some(if is_alone { alone } else { ToolChoice::Any {} });
    }
    let must = if is_free { ", and one must be called" } else { "" };
    let why = format!("a tool `{name}` takes the answer as its input{must}");
    told(draft, why);
    AnswerLane::Tool(name)
}

fn spec(tool: &Tool) -> Option<&ToolSpecification> {
    if let Tool::ToolSpec(spec) = tool { Some(spec) } else { None }
}

fn is_answer(spec: &ToolSpecification) -> bool {
    spec.description.as_deref().is_some_and(|description| description.starts_with(DESCRIPTION))
}

/// Whether a tool is the one that takes the answer.
pub(super) fn is_answer_tool(tool: &Tool) -> bool {
    spec(tool).is_some_and(is_answer)
}

/// Tells the model to call the tool of the answer, when nothing forces it to.
pub(super) fn ask_for_tool(draft: &mut Draft<'_>) {
    let Some(StructuredAnswer { lane: AnswerLane::Tool(name), .. }) = &draft.answer else { return };
    let text = format!("Give your final answer by calling the tool `{name}`, and not as text.");
    instruct(draft, &text);
}

/// Adds a sentence to the system prompt, unless it is there or, for models without one, in a message.
fn instruct(draft: &mut Draft<'_>, text: &str) {
    let request = &mut draft.request;
    let in_system =
        request.system.iter().any(|block| matches!(block, SystemContentBlock::Text(said) if said == text));
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    let in_messages = blocks.any(|block| matches!(block, ContentBlock::Text(said) if said == text));
    if !in_system && !in_messages {
        request.system.push(SystemContentBlock::text(text));
    }
}
