use super::*;
use crate::converse::{GuardrailStreamProcessingMode, GuardrailTrace};
use crate::origin::Sourced;
use crate::region::Region;
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

/// Reads a text as one of the two kinds of file.
fn read_as(owner: Owner, text: &str, env: &Env) -> (Config, Vec<String>) {
    let location = Location { path: "c.json5".into(), owner, origin: Origin::Default };
    let document = Document::parse(text.to_owned()).unwrap();
    let (config, problems) = read(&document, &location, env);
    let lines = problems.into_iter().map(|problem| error(problem, &document, &location).to_string());
    (config, lines.collect())
}

fn ours(text: &str) -> Config {
    let (config, problems) = read_as(Owner::Outcrop, text, &Env::empty());
    assert_eq!(problems, Vec::<String>::new(), "{text}");
    config
}

fn problems(text: &str) -> Vec<String> {
    read_as(Owner::Outcrop, text, &Env::empty()).1
}

fn line<T>(found: Option<Sourced<T>>) -> (T, usize) {
    let found = found.unwrap();
    match found.origin {
        Origin::File { path, line: Some(line) } if path == Path::new("c.json5") => (found.value, line),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_of_the_openclaw_documents() {
    let config = ours(
        r#"{
  models: {
    bedrockDiscovery: {
      enabled: true,
      region: "eu-west-1",
      providerFilter: ["Anthropic", " amazon ", "anthropic"],
      refreshInterval: 3600.0,
      defaultContextWindow: 32000,
      defaultMaxTokens: 4096,
      includeInferenceProfiles: false,
    },
    providers: {
      "amazon-bedrock": {
        baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
        api: "bedrock-converse-stream",
        auth: "aws-sdk",
        models: [
          {
            id: "anthropic.claude-opus-4-5-20251101-v1:0",
            name: "Claude Opus 4.5 (Bedrock)",
            reasoning: true,
            input: ["text", "image"],
            cost: { input: 0, output: 1.5, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 200000,
            maxTokens: 8192,
            params: { canonicalModelId: "anthropic.claude-opus-4-5", serviceTier: "flex" },
          },
        ],
      },
    },
  },
  agents: { defaults: { model: { primary: "amazon-bedrock/anthropic.claude-opus-4-5-20251101-v1:0" } } },
}"#,
    );
    assert_eq!(line(config.discovery.enabled), (true, 4));
    assert_eq!(line(config.discovery.region).0.as_str(), "eu-west-1");
    assert_eq!(
        line(config.discovery.provider_filter),
        (vec!["amazon".to_owned(), "anthropic".to_owned()], 6)
    );
    assert_eq!(line(config.discovery.refresh_interval), (Duration::from_secs(3600), 7));
    assert_eq!(line(config.discovery.default_context_window), (32_000, 8));
    assert_eq!(line(config.discovery.default_max_tokens), (4_096, 9));
    assert_eq!(line(config.discovery.include_inference_profiles), (false, 10));
    let region = Region::new("us-east-1").unwrap();
    assert_eq!(line(config.provider.base_url), (BaseUrl::Region(region), 14));
    let [model] = <[ConfiguredModel; 1]>::try_from(config.provider.models).unwrap();
    assert_eq!(line(Some(model.id)), ("anthropic.claude-opus-4-5-20251101-v1:0".to_owned(), 19));
    assert_eq!(line(model.input), (vec!["text".to_owned(), "image".to_owned()], 22));
    assert_eq!(line(model.cost.output), (1.5, 23));
    assert_eq!(line(model.max_tokens), (8_192, 25));
    assert_eq!(line(model.canonical_model_id), ("anthropic.claude-opus-4-5".to_owned(), 26));
    assert_eq!(serde_json::to_string(&model.params).unwrap(), r#"{"serviceTier":"flex"}"#);
    assert_eq!(line(config.model), ("anthropic.claude-opus-4-5-20251101-v1:0".to_owned(), 32));
}

#[test]
fn params_of_a_model_win_over_what_holds_for_all() {
    let config = ours(
        r#"{ chat: { maxTokens: 100, temperature: 0.1, cache: "none" },
  models: { providers: { "amazon-bedrock": { models: [
    { id: "m", params: { maxTokens: 7, cacheRetention: "long", serviceTier: " Flex ", anthropicBeta: ["x"], other: 1 } },
    { id: "n", params: { maxTokens: 0, temperature: "hot", cacheRetention: "forever", serviceTier: "slow", anthropicBeta: "y" } },
  ] } } },
  agents: { defaults: { models: {
    "amazon-bedrock/m": { params: { maxTokens: 8 } },
    "amazon-bedrock/b": { params: { service_tier: "priority", temperature: 1, anthropicBeta: [" y ", "z"] } },
    "openai/m": { params: { maxTokens: 9 } },
  } } } }"#,
    );
    let of = |ids: &[&str]| {
        let chat = config.chat_with(ids);
        let text = |value: Option<Sourced<String>>| value.map(|text| text.value).unwrap_or_default();
        let flags = chat.beta_flags.map(|flags| flags.value.join(" ")).unwrap_or_default();
        (line(chat.max_tokens).0, line(chat.temperature).0, text(chat.cache), text(chat.service_tier), flags)
    };
    let own = |max_tokens, temperature, [cache, tier, flags]: [&str; 3]| {
        (max_tokens, temperature, cache.to_owned(), tier.to_owned(), flags.to_owned())
    };
    let all = own(100, 0.1, ["none", "", ""]);
    assert_eq!(of(&["m", "m"]), own(8, 0.1, ["long", "flex", "x"]));
    assert_eq!(of(&["us.b", "b"]), own(100, 1.0, ["none", "priority", "y z"]));
    assert_eq!((of(&["n"]), of(&["x", "y"])), (all.clone(), all));
    let names = ["maxTokens", "temperature", "cacheRetention", "serviceTier", "anthropicBeta"];
    let ignored = names.map(|name| format!("`params.{name}` of `n` is ignored: its value cannot be used"));
    assert_eq!(config.warnings, ignored);
}

#[test]
fn the_newer_place_of_discovery_wins_key_by_key() {
    let config = ours(
        r#"{ models: { bedrockDiscovery: { enabled: false, region: "us-west-2" } },
  plugins: { entries: { "amazon-bedrock": { config: { discovery: { enabled: true } } } } } }"#,
    );
    assert_eq!(line(config.discovery.enabled), (true, 2));
    assert_eq!(line(config.discovery.region), (Region::new("us-west-2").unwrap(), 1));
}

#[test]
fn places_of_the_default_model() {
    for (text, model) in [
        (r#"{model: "m"}"#, "m"),
        (r#"{model: "amazon-bedrock/m"}"#, "m"),
        (r#"{model: "bedrock/m"}"#, "m"),
        (r#"{model: "AWS-Bedrock/m"}"#, "m"),
        (r#"{agents: {defaults: {model: "amazon-bedrock/m"}}}"#, "m"),
        (r#"{agents: {defaults: {model: {primary: "m", fallbacks: ["f"]}}}}"#, "m"),
        (r#"{model: "m", agents: {defaults: {model: "other"}}}"#, "m"),
        (
            r#"{model: "arn:aws:bedrock:us-east-1:1:inference-profile/us.x"}"#,
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
        ),
        (
            r#"{model: "amazon-bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us.x"}"#,
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
        ),
    ] {
        assert_eq!(line(ours(text).model).0, model, "{text}");
    }
    let config = ours(r#"{agents: {defaults: {model: {fallbacks: ["bedrock/f", "g"]}}}}"#);
    assert_eq!(config.model, None);
    assert_eq!(config.fallbacks.iter().map(|model| model.value.as_str()).collect::<Vec<_>>(), ["f", "g"]);
}

#[test]
fn aliases_of_both_places() {
    let config = ours(
        r#"{ aliases: { fast: "amazon-bedrock/a", big: "b" },
  agents: { defaults: { models: { "amazon-bedrock/c": { alias: "fast" }, "d": { alias: "old" } } } } }"#,
    );
    let aliases: Vec<_> =
        config.aliases.iter().map(|(name, id)| (name.as_str(), id.value.as_str())).collect();
    assert_eq!(aliases, [("big", "b"), ("fast", "a"), ("old", "d")]);
}

#[test]
fn the_provider_has_three_names() {
    for name in ["amazon-bedrock", "bedrock", "'aws-bedrock'", "Bedrock"] {
        let name = if name == "amazon-bedrock" { "'amazon-bedrock'" } else { name };
        let config = ours(&format!("{{models: {{providers: {{{name}: {{baseUrl: 'http://h'}}}}}}}}"));
        assert_eq!(line(config.provider.base_url).0, BaseUrl::Endpoint("http://h".to_owned()), "{name}");
    }
}

#[test]
fn guardrail_and_chat() {
    let config = ours(
        r#"{ plugins: { entries: { "amazon-bedrock": { config: { guardrail: {
    guardrailIdentifier: "g", guardrailVersion: "DRAFT", streamProcessingMode: "async", trace: "enabled_full" } } } } },
  chat: { idleTimeoutSeconds: 0.5, timeoutSeconds: 0, temperature: 1, maxTokens: 5 } }"#,
    );
    let (guardrail, at) = line(config.guardrail);
    assert_eq!((guardrail.guardrail_identifier.as_deref(), at), (Some("g"), 1));
    assert_eq!(guardrail.trace, Some(GuardrailTrace::ENABLED_FULL));
    assert_eq!(guardrail.stream_processing_mode, Some(GuardrailStreamProcessingMode::ASYNC));
    assert_eq!(line(config.chat.idle_timeout).0, Duration::from_millis(500));
    assert_eq!(line(config.chat.timeout).0, Duration::ZERO);
    assert_eq!(line(config.chat.temperature).0, 1.0);
}

#[test]
fn placeholders_take_values_of_the_environment() {
    let text = r#"{ models: { providers: { "amazon-bedrock": {
        auth: "api-key", apiKey: "${KEY}", baseUrl: "https://${HOST}/", headers: { "x-team": "${KEY}$${KEY}" } } } } }"#;
    let env = Env::empty().with("KEY", "k").with("HOST", "proxy.example");
    let (config, problems) = read_as(Owner::Outcrop, text, &env);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(config.provider.api_key.unwrap().value.expose(), "k");
    assert_eq!(config.provider.headers["x-team"].value.expose(), "k${KEY}");
    assert_eq!(
        config.provider.base_url.unwrap().value,
        BaseUrl::Endpoint("https://proxy.example".to_owned())
    );
    let (config, problems) = read_as(Owner::Outcrop, text, &env.with("HOST", ""));
    assert_eq!(config.provider.base_url, None);
    assert_eq!(
        problems,
        [
            "`models.providers.amazon-bedrock.baseUrl` in `c.json5:2` cannot be used: expected an http or https URL, found `\"https://${HOST}/\"` (column 53)"
        ]
    );
    let (_, problems) = read_as(Owner::Outcrop, "{ model: '${ABSENT}' }", &Env::empty());
    assert_eq!(
        problems,
        ["`model` in `c.json5:1` cannot be used: the variable `ABSENT` is not set (column 10)"]
    );
}

#[test]
fn the_key_of_a_provider_counts_unless_aws_signs() {
    for (auth, counts) in
        [("auth: 'aws-sdk',", false), ("auth: 'api-key',", true), ("auth: 'token',", true), ("", true)]
    {
        let text = format!("{{models: {{providers: {{bedrock: {{{auth} apiKey: '${{KEY}}'}}}}}}}}");
        let (config, problems) = read_as(Owner::Outcrop, &text, &Env::empty().with("KEY", "k"));
        assert_eq!((config.provider.api_key.is_some(), problems.len()), (counts, 0), "{auth}");
    }
}

/// A text, and what is said of it.
const WRONG: &[(&str, &str)] = &[
    ("[]", "`the file` in `c.json5:1` cannot be used: expected an object, found a list (column 1)"),
    ("{\n  modle: 'm' }", "`modle` in `c.json5:2` cannot be used: there is no such key (column 3)"),
    (
        "{models: {bedrockDiscovery: {refreshInterval: '5'}}}",
        "`models.bedrockDiscovery.refreshInterval` in `c.json5:1` cannot be used: expected a whole number from 0, found `'5'` (column 47)",
    ),
    (
        "{models: {bedrockDiscovery: {region: 5}}}",
        "`models.bedrockDiscovery.region` in `c.json5:1` cannot be used: expected a region's name, found `5` (column 38)",
    ),
    (
        "{models: {bedrockDiscovery: true}}",
        "`models.bedrockDiscovery` in `c.json5:1` cannot be used: expected an object, found a boolean (column 29)",
    ),
    (
        "{models: {bedrockDiscovery: {providerFilter: 'amazon'}}}",
        "`models.bedrockDiscovery.providerFilter` in `c.json5:1` cannot be used: expected a list, found a string (column 46)",
    ),
    (
        "{models: {mode: 'join'}}",
        "`models.mode` in `c.json5:1` cannot be used: expected one of `merge`, `replace`, found `'join'` (column 17)",
    ),
    (
        "{model: ''}",
        "`model` in `c.json5:1` cannot be used: expected a model id, ARN or alias, found `''` (column 9)",
    ),
    (
        "{model: null}",
        "`model` in `c.json5:1` cannot be used: expected a model id, ARN or alias, found `null` (column 9)",
    ),
    (
        "{model: 'openai/gpt'}",
        "`model` in `c.json5:1` cannot be used: it names another provider's model (column 9)",
    ),
    (
        "{chat: {maxTokens: 0}}",
        "`chat.maxTokens` in `c.json5:1` cannot be used: expected a whole number from 1, found `0` (column 20)",
    ),
    (
        "{chat: {maxTokens: 1.5}}",
        "`chat.maxTokens` in `c.json5:1` cannot be used: expected a whole number from 1, found `1.5` (column 20)",
    ),
    (
        "{chat: {maxTokens: 5e9}}",
        "`chat.maxTokens` in `c.json5:1` cannot be used: expected a whole number from 1, found `5e9` (column 20)",
    ),
    (
        "{chat: {temperature: NaN}}",
        "`chat.temperature` in `c.json5:1` cannot be used: expected a number from 0 to 1, found `NaN` (column 22)",
    ),
    (
        "{model: 'a', model: 'b'}",
        "`model` in `c.json5:1` cannot be used: it stands here a second time, after line 1 (column 14)",
    ),
    (
        "{models: {providers: {openai: {}}}}",
        "`models.providers.openai` in `c.json5:1` cannot be used: there is no such key (column 23)",
    ),
    (
        "{models: {providers: {bedrock: {models: [{name: 'x'}]}}}}",
        "`models.providers.amazon-bedrock.models[0]` in `c.json5:1` cannot be used: `id` is missing (column 42)",
    ),
    (
        "{models: {providers: {bedrock: {apiKey: 'ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl'}}}}",
        "`models.providers.amazon-bedrock.apiKey` in `c.json5:1` cannot be used: the value looks like a Bedrock API key; secrets do not belong in this file (column 41)",
    ),
    (
        "{models: {providers: {bedrock: {headers: {'a b': 'x'}}}}}",
        "`models.providers.amazon-bedrock.headers.a b` in `c.json5:1` cannot be used: it cannot be sent as a header (column 43)",
    ),
    (
        "{plugins: {entries: {'amazon-bedrock': {config: {guardrail: {guardrailIdentifier: 'g'}}}}}}",
        "`plugins.entries.amazon-bedrock.config.guardrail` in `c.json5:1` cannot be used: `guardrailVersion` is missing (column 61)",
    ),
];

#[test]
fn what_is_wrong_and_where() {
    for (text, expected) in WRONG {
        assert_eq!(problems(text), [*expected], "{text}");
    }
    let both = problems("{\n  modle: 1,\n  chat: { cache: 'log' }\n}");
    assert_eq!(both.len(), 2, "{both:?}");
}

#[test]
fn in_openclaws_file_only_what_is_ours_counts() {
    let text = r#"{
  gateway: { auth: { token: "t" } },
  env: { vars: { HOST: "proxy.example" }, OTHER: "o" },
  agents: { defaults: { model: { primary: "anthropic/claude", fallbacks: ["openai/x", "amazon-bedrock/f"] },
    models: { "openai/gpt": { alias: "gpt" } }, workspace: "~/w" } },
  models: { mode: "a new one", $include: "./more.json", providers: {
    openai: { apiKey: "AKIAIOSFODNN7EXAMPLE" },
    "amazon-bedrock": { baseUrl: "https://${HOST}", authHeader: true, apiKey: { source: "env" },
      headers: { h: "${OTHER}" } } } },
  model: "n", model: "m",
}"#;
    let (config, problems) = read_as(Owner::OpenClaw, text, &Env::empty().with("OTHER", "from the process"));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(config.model.unwrap().value, "m");
    assert_eq!(config.fallbacks.len(), 1);
    assert_eq!(config.warnings, ["`models.$include` in line 6 is not followed"]);
    assert!(config.aliases.is_empty() && config.provider.api_key.is_none());
    assert_eq!(
        config.provider.base_url.unwrap().value,
        BaseUrl::Endpoint("https://proxy.example".to_owned())
    );
    assert_eq!(config.provider.headers["h"].value.expose(), "from the process");
}

#[test]
fn hints_name_what_is_near() {
    for (text, hint) in [
        ("{modle: 'm'}", "did you mean `model`?"),
        ("{modles: {}}", "did you mean `models` or `model`?"),
        ("{models: {bedrockDiscovry: {}}}", "did you mean `models.bedrockDiscovery`?"),
        ("{models: {providers: {amazon: {}}}}", "see every key with `outcrop config keys`"),
        (
            "{refreshInterval: 1}",
            "did you mean `models.bedrockDiscovery.refreshInterval` or `plugins.entries.amazon-bedrock.config.discovery.refreshInterval`?",
        ),
        ("{chat: {thinking: 'hihg'}}", "did you mean `high`?"),
        ("{model: '${M}'}", "set `M`, or write `$${M}` if that text is meant"),
    ] {
        let location = Location { path: "c".into(), owner: Owner::Outcrop, origin: Origin::Default };
        let document = Document::parse(text.to_owned()).unwrap();
        let (_, problems) = read(&document, &location, &Env::empty());
        assert_eq!(problems[0].hints.first().map(String::as_str), Some(hint), "{text}");
    }
}

/// Every key of the table, with a value that is not what holds without it.
const EVERYTHING: &str = r#"{
  model: "m",
  aliases: { x: "m" },
  agents: { defaults: { model: { primary: "p", fallbacks: ["f"] }, models: { x: { alias: "a", params: { x: 1 } } } } },
  models: {
    mode: "replace",
    bedrockDiscovery: { enabled: true, region: "r", providerFilter: ["v"], refreshInterval: 1,
      defaultContextWindow: 2, defaultMaxTokens: 3, includeInferenceProfiles: false },
    providers: { "amazon-bedrock": {
      baseUrl: "http://h", api: "bedrock-converse-stream", auth: "aws-sdk", apiKey: "k", headers: { x: "1" },
      models: [{ id: "i", name: "n", api: "bedrock-converse-stream", reasoning: true, input: ["text"],
        cost: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }, contextWindow: 5, maxTokens: 6,
        params: { canonicalModelId: "c", x: 1 } }] } },
  },
  plugins: { entries: { "amazon-bedrock": { config: {
    discovery: { enabled: false, region: "s", providerFilter: ["w"], refreshInterval: 5,
      defaultContextWindow: 6, defaultMaxTokens: 7, includeInferenceProfiles: true },
    guardrail: { guardrailIdentifier: "g", guardrailVersion: "1", streamProcessingMode: "sync", trace: "enabled" },
  } } } },
  chat: { system: "s", maxTokens: 1, temperature: 0, topP: 0, topK: 1, thinking: "low", thinkingBudget: 1,
    showThinking: "never", cache: "none", serviceTier: "flex", idleTimeoutSeconds: 1, timeoutSeconds: 1,
    maxAttempts: 1 },
}"#;

#[test]
fn every_key_of_the_table_makes_a_difference() {
    // One value each, so that nothing depends on them.
    let without_effect = [
        "models.providers.amazon-bedrock.api",
        "models.providers.amazon-bedrock.models[].api",
        // Only names that are known have one, and `x` is none.
        "agents.defaults.models.*.params.*",
    ];
    let document = |text: &str| Document::parse(text.to_owned()).unwrap();
    let without = |text: &str, path: &str| {
        let path = path.replace("[]", "[0]").replace('*', "x");
        edit::unset(&document(text), &KeyPath::parse(&path).unwrap())
    };
    for key in keys::all() {
        // In one line, so that a difference is one of values and not of lines.
        let mut text = EVERYTHING.replace('\n', " ");
        if key.path == "agents.defaults.model" {
            text = text.replace(r#"model: { primary: "p", fallbacks: ["f"] }"#, r#"model: "p""#);
        }
        // The place that hides this one must be gone to see it.
        let hiding = match key.path.as_str() {
            "models.providers.amazon-bedrock.apiKey" => Some("models.providers.amazon-bedrock.auth"),
            "agents.defaults.model" | "agents.defaults.model.primary" => Some("model"),
            path if path.starts_with("models.bedrockDiscovery.") => {
                Some("plugins.entries.amazon-bedrock.config.discovery")
            }
            _ => None,
        };
        if let Some(path) = hiding {
            text = without(&text, path).unwrap();
        }
        let (with, problems) = read_as(Owner::Outcrop, &text, &Env::empty());
        assert_eq!(problems, Vec::<String>::new());
        let text = without(&text, &key.path).unwrap_or_else(|| panic!("{} is not in the text", key.path));
        let (config, problems) = read_as(Owner::Outcrop, &text, &Env::empty());
        let differs = config != with || !problems.is_empty();
        assert_eq!(differs, !without_effect.contains(&key.path.as_str()), "{}", key.path);
    }
}

#[test]
fn limits_are_whole_milliseconds_or_none() {
    for (number, limit_ms) in [
        (0.0, Some(0)),
        (0.001, Some(1)),
        (0.0015, Some(2)),
        (120.25, Some(120_250)),
        (0.0009, None),
        (1e-10, None),
        (1e-300, None),
        (-1.0, None),
        (1e300, None),
        (f64::NAN, None),
    ] {
        assert_eq!(seconds(number), limit_ms.map(Duration::from_millis), "{number}");
        let text = format!("{{ chat: {{ timeoutSeconds: {number} }} }}");
        let problems = read_as(Owner::Outcrop, &text, &Env::empty()).1;
        assert_eq!(problems.is_empty(), limit_ms.is_some(), "{number}: {problems:?}");
    }
}

proptest! {
    // Each case reads a handful of documents.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands at whatever key, the file is read, and problems point into it.
    #[test]
    fn any_document_is_read_or_has_problems(
        at in any::<prop::sample::Index>(),
        messy in document::messy::object(),
        is_ours in any::<bool>(),
    ) {
        let keys = keys::all();
        let path = keys[at.index(keys.len())].path.replace("[]", "[0]").replace('*', "x");
        let everything = Document::parse(EVERYTHING.to_owned()).unwrap();
        let path = KeyPath::parse(&path).unwrap();
        for value in messy.value.as_object().unwrap().values().chain([&messy.value]) {
            let text = edit::set(&everything, &path, &document::parse_value(&value.to_string()).unwrap()).unwrap_or_default();
            let owner = if is_ours { Owner::Outcrop } else { Owner::OpenClaw };
            for text in [&text, &messy.text] {
                let location = Location { path: "c".into(), owner, origin: Origin::Default };
                let document = Document::parse(text.clone()).unwrap();
                for problem in read(&document, &location, &Env::empty()).1 {
                    prop_assert!(problem.offset < text.len() && !problem.key.is_empty());
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_home_that_is_no_folder_holds_no_file() {
    let env = Env::empty().with("HOME", "/dev/null");
    assert_eq!(Config::load(&env, &ConfigChoice::Search).unwrap().model, None);
}
