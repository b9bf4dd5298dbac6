//! From flags, files and the configuration to a request and wishes.
//!
//! A flag wins over the configuration, of which some holds for single models: it is filled in once the model is known.
//! Whether the model takes what is asked for is decided when the request is prepared for it.

use super::{attach, json_file};
use crate::cli::args::{Chat, cache};
use crate::cli::input;
use crate::config::{ChatDefaults, Config};
use crate::converse::prepare::{AnswerSchema, PrepareOptions, ThinkingLevel, ToolWish};
use crate::converse::{
    ContentBlock, ConverseRequest, Document, InferenceConfiguration, Message, Role, SpecificToolChoice,
    ToolChoice, ToolConfiguration,
};
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};
use serde_json::{Map, Value};

/// What the arguments hold and name, read: nothing of it depends on configuration or model.
pub(super) struct Given {
    /// The user's turn.
    pub(super) turn: Message,
    system: Option<String>,
    tools: Option<ToolConfiguration>,
    tool_choice: Option<ToolWish>,
    schema: Option<AnswerSchema>,
    fields: Option<Document>,
}

impl Given {
    /// Reads prompt, attachments and files. Without any of them the turn is empty.
    pub(super) async fn read(args: &Chat) -> Result<Self> {
        let mut content = Vec::new();
        for named in &args.image {
            content.push(attach::image(named)?);
        }
        for named in &args.file {
            content.push(attach::document(named)?);
        }
        let prompt = input::prompt(&args.prompt).await?;
        content.extend(prompt.map(ContentBlock::Text));
        Self::of(args, Message::new(Role::User, content))
    }

    /// The turn with what the flags name beside it.
    pub(super) fn of(args: &Chat, turn: Message) -> Result<Self> {
        let system = args.system.as_deref().map(|text| input::text_or_file(text, "--system")).transpose()?;
        let tools = args.tools.tools.as_deref().map(json_file::tools).transpose()?;
        let schema = args.tools.schema.as_deref().map(json_file::schema).transpose()?;
        Ok(Self {
            turn,
            system,
            tools: tools.map(|tools| ToolConfiguration { tools, tool_choice: None }),
            tool_choice: args.tools.tool_choice.as_deref().map(tool_choice),
            schema: schema.map(|schema| AnswerSchema { schema, ..AnswerSchema::default() }),
            fields: fields(&args.model.set)?,
        })
    }

    /// The system prompt: the flag's, else that of the conversation so far, else the configuration's.
    pub(super) fn system(&self, earlier: Option<&str>, config: &Config) -> Option<String> {
        let configured = || config.chat.system.as_ref().map(|system| system.value.clone());
        let system = self.system.clone().or_else(|| earlier.map(str::to_owned)).or_else(configured);
        system.filter(|text| !text.trim().is_empty())
    }

    /// The request as it is typed, with the conversation so far before the user's turn.
    pub(super) fn request(&self, args: &Chat, history: &[Message], system: Option<&str>) -> ConverseRequest {
        let mut request = ConverseRequest::default();
        request.messages.extend_from_slice(history);
        request.messages.push(self.turn.clone());
        if let Some(system) = system {
            request = request.system(system);
        }
        let flags = &args.model;
        request.inference_config = Some(InferenceConfiguration {
            max_tokens: flags.max_tokens,
            temperature: flags.temperature,
            top_p: flags.top_p,
            stop_sequences: flags.stop.clone(),
        });
        request.tool_config.clone_from(&self.tools);
        request.additional_model_request_fields.clone_from(&self.fields);
        request
    }

    /// What is typed beside it, and what holds for all models.
    pub(super) fn options(&self, args: &Chat, config: &Config) -> PrepareOptions {
        let flags = &args.model;
        let guardrail = || config.guardrail.as_ref().map(|guardrail| guardrail.value.clone());
        PrepareOptions {
            thinking: flags.thinking,
            thinking_budget: flags.thinking_budget,
            top_k: flags.top_k,
            cache: flags.cache,
            tool_choice: self.tool_choice.clone(),
            schema: self.schema.clone(),
            guardrail: args.service.guardrail.clone().or_else(guardrail),
            service_tier: args.service.service_tier.clone(),
            latency: args.service.latency.clone(),
            metadata: args.service.metadata.iter().cloned().collect(),
            ..PrepareOptions::default()
        }
    }
}

/// Fills in what the configuration says of the model, where nothing was typed.
pub(super) fn fill_in(request: &mut ConverseRequest, options: &mut PrepareOptions, said: ChatDefaults) {
    let inference = request.inference_config.get_or_insert_default();
    inference.max_tokens = inference.max_tokens.or(value(said.max_tokens));
    inference.temperature = inference.temperature.or(value(said.temperature));
    inference.top_p = inference.top_p.or(value(said.top_p));
    request.inference_config.take_if(|inference| *inference == InferenceConfiguration::default());
    // A budget of the configuration belongs to its thinking: a level that is typed has its own.
    if options.thinking.is_none() {
        options.thinking_budget = options.thinking_budget.or(value(said.thinking_budget));
        options.thinking = value(said.thinking).and_then(|level| ThinkingLevel::from_name(&level));
    }
    options.top_k = options.top_k.or(value(said.top_k));
    options.cache = options.cache.or_else(|| cache(&value(said.cache)?).ok());
    options.service_tier = options.service_tier.take().or_else(|| Some(value(said.service_tier)?.into()));
    options.beta_flags.extend(value(said.beta_flags).unwrap_or_default());
}

fn value<T>(said: Option<Sourced<T>>) -> Option<T> {
    said.map(|said| said.value)
}

fn tool_choice(named: &str) -> ToolWish {
    match named {
        "auto" => ToolWish::Choice(ToolChoice::Auto {}),
        "any" => ToolWish::Choice(ToolChoice::Any {}),
        "none" => ToolWish::Never,
        name => ToolWish::Choice(ToolChoice::Tool(SpecificToolChoice { name: name.to_owned() })),
    }
}

/// The object that the `--set` flags make together; a later one wins.
fn fields(set: &[String]) -> Result<Option<Document>> {
    let mut fields = Map::new();
    for typed in set {
        let refuse = |problem: &str, hint: &str| {
            Error::Config(Box::new(ConfigProblem {
                origin: Origin::Flag("--set"),
                key: None,
                problem: format!("`{typed}`: {problem}"),
                hints: vec![hint.to_owned()],
            }))
        };
        let Some((path, json)) = typed.split_once('=') else {
            return Err(refuse("there is no `=`", "write `--set name=JSON`, as `--set top_k=40`"));
        };
        let value: Value = serde_json::from_slice(json.as_bytes()).map_err(|_| {
            let hint = format!("quote texts twice: `--set '{path}=\"...\"'`");
            refuse("what stands after `=` is no JSON", &hint)
        })?;
        if path.split('.').any(str::is_empty) {
            return Err(refuse("a name in the path is empty", "write the path as `name.inner`"));
        }
        if !put(&mut fields, path, value) {
            return Err(refuse("a part of the path is no object", "set the object or its members, not both"));
        }
    }
    Ok((!fields.is_empty()).then(|| Document::from(Value::Object(fields))))
}

/// Puts a value at a path of names. False: there is something on the way that has no members.
fn put(object: &mut Map<String, Value>, path: &str, value: Value) -> bool {
    let Some((name, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return true;
    };
    match object.entry(name).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(inner) => put(inner, rest, value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_model_are_put_together() {
        for (set, expected) in [
            (&[][..], None),
            (&["top_k=40"], Some(r#"{"top_k":40}"#)),
            (
                &["a.b.c=true", "a.b.d=[1.5]", "a.e=\"x=y\""],
                Some(r#"{"a":{"b":{"c":true,"d":[1.5]},"e":"x=y"}}"#),
            ),
            (&["a={\"b\":1}", "a.c=null", "a.b=2"], Some(r#"{"a":{"b":2,"c":null}}"#)),
        ] {
            let set: Vec<String> = set.iter().map(|&text| text.to_owned()).collect();
            let read = fields(&set).unwrap();
            assert_eq!(read.as_ref().map(Document::as_json), expected, "{set:?}");
        }
        for (set, said) in [
            (&["top_k"][..], "no `=`"),
            (&["top_k=abc"], "no JSON"),
            (&["=1"], "empty"),
            (&["a..b=1"], "empty"),
            (&["a=1", "a.b=2"], "no object"),
        ] {
            let set: Vec<String> = set.iter().map(|&text| text.to_owned()).collect();
            let Error::Config(problem) = fields(&set).unwrap_err() else { panic!("{set:?}") };
            assert!(problem.problem.contains(said), "{}", problem.problem);
        }
    }
}
