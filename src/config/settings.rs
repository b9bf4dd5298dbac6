//! The settings that a file makes, typed, each with the line it came from.
//!
//! It reads a tree that was checked against the table of keys. It decides which of two places wins and what
//! must stand together; defaults, and what a setting does, are for those who use it.

use super::base_url::BaseUrl;
use super::check::{Fault, Problem, whole};
use super::document::{Document, Node, NodeKind};
use super::keys::{DISCOVERY, GUARDRAIL, PROVIDER};
use super::model_params::ModelParams;
use super::{Location, model_id, path};
use crate::converse::GuardrailConfiguration;
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use crate::secret::Secret;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a configuration file says. A setting that it does not make is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The file, whether it exists or not. `None` when no file is wanted.
    pub location: Option<Location>,
    /// The default model, without `amazon-bedrock/`: an id, an ARN or an alias.
    pub model: Option<Sourced<String>>,
    /// Models to try in order when the default one cannot be used.
    pub fallbacks: Vec<Sourced<String>>,
    /// Short names and the models that they stand for.
    pub aliases: BTreeMap<String, Sourced<String>>,
    /// How written and discovered models go together.
    pub models_mode: Option<Sourced<ModelsMode>>,
    /// How models are discovered.
    pub discovery: DiscoverySettings,
    /// The guardrail of every call. Identifier and version are both there.
    pub guardrail: Option<Sourced<GuardrailConfiguration>>,
    /// Where and how Bedrock is called, and the models that are written by hand.
    pub provider: ProviderSettings,
    /// Defaults of the flags of `outcrop chat`.
    pub chat: ChatDefaults,
    /// Those of single models, by id, without `amazon-bedrock/`: see [`Config::chat_with`].
    pub model_params: BTreeMap<String, ModelParams>,
    /// What was passed over in the file and may be missed: lower case, no full stop.
    pub warnings: Vec<String>,
}

/// How written and discovered models go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelsMode {
    /// Both are there; what is written about an id wins.
    Merge,
    /// Only the written ones are there.
    Replace,
}

/// How models are discovered. The newer place of these keys wins over the older one, key by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscoverySettings {
    /// Whether at all; absent: when credentials are found.
    pub enabled: Option<Sourced<bool>>,
    /// The region to ask.
    pub region: Option<Sourced<Region>>,
    /// Vendors to list: trimmed, in lower case, sorted, none twice.
    pub provider_filter: Option<Sourced<Vec<String>>>,
    /// How long a list is kept; zero: not at all.
    pub refresh_interval: Option<Sourced<Duration>>,
    /// Tokens, for models of unknown size.
    pub default_context_window: Option<Sourced<u32>>,
    /// Tokens of an answer, for models of unknown size.
    pub default_max_tokens: Option<Sourced<u32>>,
    /// Whether inference profiles are listed.
    pub include_inference_profiles: Option<Sourced<bool>>,
}

/// The provider `amazon-bedrock`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProviderSettings {
    /// What `baseUrl` says: a region, or an endpoint.
    pub base_url: Option<Sourced<BaseUrl>>,
    /// A Bedrock API key, to be sent as bearer token. Absent when `auth` is `aws-sdk`, whatever `apiKey` says.
    pub api_key: Option<Sourced<Secret>>,
    /// Headers of every request, by name.
    pub headers: BTreeMap<String, Sourced<Secret>>,
    /// Models written by hand, in the order of the file.
    pub models: Vec<ConfiguredModel>,
}

/// A model written by hand. What is absent is for the catalogue to say.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfiguredModel {
    /// Model id, inference profile id or ARN, without `amazon-bedrock/`.
    pub id: Sourced<String>,
    /// The name to show.
    pub name: Option<Sourced<String>>,
    /// Whether the model can think.
    pub reasoning: Option<Sourced<bool>>,
    /// Media that it reads: `text`, `image`, `audio`, `video`, `document`.
    pub input: Option<Sourced<Vec<String>>>,
    /// Prices.
    pub cost: Cost,
    /// Tokens of prompt and answer together.
    pub context_window: Option<Sourced<u32>>,
    /// Tokens of the longest answer.
    pub max_tokens: Option<Sourced<u32>>,
    /// The model whose facts hold for this id or ARN.
    pub canonical_model_id: Option<Sourced<String>>,
    /// Further parameters, `canonicalModelId` not among them.
    pub params: Map<String, Value>,
}

/// Prices, in US$ for a million tokens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    /// Tokens read.
    pub input: Option<Sourced<f64>>,
    /// Tokens written.
    pub output: Option<Sourced<f64>>,
    /// Tokens read from the cache.
    pub cache_read: Option<Sourced<f64>>,
    /// Tokens written to the cache.
    pub cache_write: Option<Sourced<f64>>,
}

/// Defaults of the flags of the same names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatDefaults {
    /// System prompt.
    pub system: Option<Sourced<String>>,
    /// Longest answer, in tokens.
    pub max_tokens: Option<Sourced<u32>>,
    /// From 0 to 1.
    pub temperature: Option<Sourced<f64>>,
    /// From 0 to 1.
    pub top_p: Option<Sourced<f64>>,
    /// Number of candidates for a token.
    pub top_k: Option<Sourced<u32>>,
    /// `off`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub thinking: Option<Sourced<String>>,
    /// Tokens of thinking.
    pub thinking_budget: Option<Sourced<u32>>,
    /// `auto`, `always`, `never`.
    pub show_thinking: Option<Sourced<String>>,
    /// `none`, `short`, `long`.
    pub cache: Option<Sourced<String>>,
    /// `default`, `flex`, `priority`, `reserved`.
    pub service_tier: Option<Sourced<String>>,
    /// Flags for features in preview; only `params` of a model hold them.
    pub beta_flags: Option<Sourced<Vec<String>>>,
    /// Longest silence between two events; zero: no limit.
    pub idle_timeout: Option<Sourced<Duration>>,
    /// Longest time for a call; zero: no limit.
    pub timeout: Option<Sourced<Duration>>,
    /// How many times a request is sent at most.
    pub max_attempts: Option<Sourced<u32>>,
}

/// Reads a checked tree.
pub(super) fn read(
    document: &Document,
    root: Option<&Node>,
    location: &Location,
    problems: &mut Vec<Problem>,
) -> Config {
    let mut reader = Reader { document, location, problems };
    let mut config = Config { location: Some(location.clone()), ..Config::default() };
    let Some(root) = root else { return config };
    let agents = find(root, "agents.defaults");
    let agents_model = agents.and_then(|agents| find(agents, "model"));
    let primary = agents_model.map(|model| find(model, "primary").unwrap_or(model));
    config.model = [find(root, "model"), primary].into_iter().flatten().find_map(|node| reader.model(node));
    let fallbacks = agents_model.and_then(|model| find(model, "fallbacks"));
    let fallbacks = fallbacks.map(Node::entries).unwrap_or_default();
    config.fallbacks = fallbacks.iter().filter_map(|entry| reader.model(&entry.value)).collect();
    config.aliases = reader.aliases(root, agents);
    config.models_mode = reader.get(Some(root), "models.mode", |value| match value.as_str()? {
        "merge" => Some(ModelsMode::Merge),
        "replace" => Some(ModelsMode::Replace),
        _ => None,
    });
    config.discovery = reader.discovery(root);
    config.guardrail = find(root, GUARDRAIL).and_then(|guardrail| reader.guardrail(guardrail));
    if let Some(provider) = find(root, PROVIDER) {
        config.provider = reader.provider(provider);
    }
    config.chat = reader.chat(find(root, "chat"));
    let (params, warnings) = reader.model_params(root, agents);
    (config.model_params, config.warnings) = (params, warnings);
    config
}

/// The value at a path of plain names.
pub(super) fn find<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(node, |node, name| node.member(name).map(|entry| &entry.value))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn duration(value: &Value) -> Option<Duration> {
    value.as_f64().and_then(super::seconds)
}

pub(super) struct Reader<'a> {
    document: &'a Document,
    location: &'a Location,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let (line, _) = self.document.position(offset);
        Origin::File { path: self.location.path.clone(), line: Some(line) }
    }

    pub(super) fn get<T>(
        &self,
        node: Option<&Node>,
        path: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<Sourced<T>> {
        let node = find(node?, path)?;
        Some(Sourced::new(read(&node.to_value())?, self.origin(node.span.start)))
    }

    fn report(&mut self, key: String, offset: usize, problem: &str, fault: Fault) {
        let problem = problem.to_owned();
        self.problems.push(Problem { key, offset, problem, hints: vec![], fault });
    }

    /// Reports a key without which its neighbours mean nothing, unless it is there and wrong, and so reported.
    fn report_missing(&mut self, place: &str, name: &str, node: &Node) {
        let key = path::join(place, name);
        if !self.problems.iter().any(|problem| problem.key == key) {
            self.report(
                place.to_owned(),
                node.span.start,
                &format!("`{name}` is missing"),
                Fault::Incomplete,
            );
        }
    }

    fn model(&self, node: &Node) -> Option<Sourced<String>> {
        let NodeKind::Scalar(Value::String(name)) = &node.kind else { return None };
        Some(Sourced::new(model_id(name)?.to_owned(), self.origin(node.span.start)))
    }

    /// The short names of both places; one that stands under `aliases` wins.
    fn aliases(&mut self, root: &Node, agents: Option<&Node>) -> BTreeMap<String, Sourced<String>> {
        let mut aliases = BTreeMap::new();
        let models = agents.and_then(|agents| find(agents, "models")).map(Node::entries).unwrap_or_default();
        for entry in models {
            let Some(alias) = self.get(Some(&entry.value), "alias", text) else { continue };
            // OpenClaw has other providers' models there too.
            if let Some(id) = model_id(&entry.name) {
                aliases.insert(alias.value, Sourced::new(id.to_owned(), alias.origin));
            }
        }
        for entry in find(root, "aliases").map(Node::entries).unwrap_or_default() {
            aliases.extend(self.model(&entry.value).map(|model| (entry.name.clone(), model)));
        }
        aliases
    }

    fn discovery(&self, root: &Node) -> DiscoverySettings {
        let places = DISCOVERY.map(|place| find(root, place));
        DiscoverySettings {
            enabled: self.first(places, "enabled", Value::as_bool),
            region: self.first(places, "region", |value| Region::new(value.as_str()?).ok()),
            provider_filter: self.first(places, "providerFilter", |value| {
                let names = value.as_array()?.iter().filter_map(Value::as_str);
                let mut names: Vec<String> = names.map(|name| name.trim().to_lowercase()).collect();
                names.sort_unstable();
                names.dedup();
                Some(names)
            }),
            refresh_interval: self.first(places, "refreshInterval", duration),
            default_context_window: self.first(places, "defaultContextWindow", whole),
            default_max_tokens: self.first(places, "defaultMaxTokens", whole),
            include_inference_profiles: self.first(places, "includeInferenceProfiles", Value::as_bool),
        }
    }

    fn first<T>(
        &self,
        places: [Option<&Node>; 2],
        name: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<Sourced<T>> {
        places.into_iter().find_map(|place| self.get(place, name, &read))
    }

    fn guardrail(&mut self, node: &Node) -> Option<Sourced<GuardrailConfiguration>> {
        let get = |name| self.get(Some(node), name, text).map(|found| found.value);
        let guardrail = GuardrailConfiguration {
            guardrail_identifier: get("guardrailIdentifier"),
            guardrail_version: get("guardrailVersion"),
            trace: get("trace").map(Into::into),
            stream_processing_mode: get("streamProcessingMode").map(Into::into),
        };
        for name in ["guardrailIdentifier", "guardrailVersion"] {
            if find(node, name).is_none() {
                self.report_missing(GUARDRAIL, name, node);
                return None;
            }
        }
        Some(Sourced::new(guardrail, self.origin(node.span.start)))
    }

    fn provider(&mut self, node: &Node) -> ProviderSettings {
        let provider = Some(node);
        let is_aws = self.get(provider, "auth", text).is_some_and(|auth| auth.value == "aws-sdk");
        let secret = |value: &Value| value.as_str().map(Secret::from);
        let mut headers = BTreeMap::new();
        for entry in find(node, "headers").map(Node::entries).unwrap_or_default() {
            let NodeKind::Scalar(Value::String(text)) = &entry.value.kind else { continue };
            if is_header(&entry.name, text) {
                let value = Sourced::new(Secret::from(text.as_str()), self.origin(entry.start));
                headers.insert(entry.name.clone(), value);
            } else {
                let key = path::join(&format!("{PROVIDER}.headers"), &entry.name);
                self.report(key, entry.start, "it cannot be sent as a header", Fault::Written);
            }
        }
        let models = find(node, "models").map(Node::entries).unwrap_or_default().iter().enumerate();
        ProviderSettings {
            base_url: self.get(provider, "baseUrl", |value| value.as_str().map(BaseUrl::new)),
            api_key: self.get(provider, "apiKey", secret).filter(|key| !is_aws && !key.value.is_blank()),
            headers,
            models: models.filter_map(|(at, entry)| self.configured_model(at, &entry.value)).collect(),
        }
    }

    fn configured_model(&mut self, at: usize, node: &Node) -> Option<ConfiguredModel> {
        let model = Some(node);
        let Some(id) = self.get(model, "id", text) else {
            self.report_missing(&format!("{PROVIDER}.models[{at}]"), "id", node);
            return None;
        };
        let mut params = find(node, "params").map(Node::to_value).and_then(|params| match params {
            Value::Object(params) => Some(params),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        });
        if let Some(params) = &mut params {
            params.remove("canonicalModelId");
        }
        Some(ConfiguredModel {
            id: id.map(|id| model_id(&id).map_or(id.clone(), str::to_owned)),
            name: self.get(model, "name", text),
            reasoning: self.get(model, "reasoning", Value::as_bool),
            input: self.get(model, "input", |value| value.as_array()?.iter().map(text).collect()),
            cost: Cost {
                input: self.get(model, "cost.input", Value::as_f64),
                output: self.get(model, "cost.output", Value::as_f64),
                cache_read: self.get(model, "cost.cacheRead", Value::as_f64),
                cache_write: self.get(model, "cost.cacheWrite", Value::as_f64),
            },
            context_window: self.get(model, "contextWindow", whole),
            max_tokens: self.get(model, "maxTokens", whole),
            canonical_model_id: self.get(model, "params.canonicalModelId", text),
            params: params.unwrap_or_default(),
        })
    }

    fn chat(&self, chat: Option<&Node>) -> ChatDefaults {
        ChatDefaults {
            system: self.get(chat, "system", text),
            max_tokens: self.get(chat, "maxTokens", whole),
            temperature: self.get(chat, "temperature", Value::as_f64),
            top_p: self.get(chat, "topP", Value::as_f64),
            top_k: self.get(chat, "topK", whole),
            thinking: self.get(chat, "thinking", text),
            thinking_budget: self.get(chat, "thinkingBudget", whole),
            show_thinking: self.get(chat, "showThinking", text),
            cache: self.get(chat, "cache", text),
            service_tier: self.get(chat, "serviceTier", text),
            beta_flags: None,
            idle_timeout: self.get(chat, "idleTimeoutSeconds", duration),
            timeout: self.get(chat, "timeoutSeconds", duration),
            max_attempts: self.get(chat, "maxAttempts", whole),
        }
    }
}

/// A header name is an HTTP token, and its value has no control characters.
fn is_header(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token) && !value.contains(|c: char| c.is_control() && c != '\t')
}
