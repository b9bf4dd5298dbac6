//! `outcrop models`, names of models, the default model and its fallbacks, against the emulator.

use crate::support::{Ran, Server, program, program_against, run};
use outcrop::emulator::{EmulatorOptions, Scenario};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The program with a home folder of its own, and a configuration file in it.
fn at_home(server: &Server, home: &Path, config: &str) -> Command {
    let folder = home.join(".config/outcrop");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.json5"), config).unwrap();
    let mut command = program_against(server.url());
    command.env("HOME", home);
    command
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

fn ids(listed: &Value) -> Vec<&str> {
    listed["models"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

fn model<'a>(listed: &'a Value, id: &str) -> &'a Value {
    let models = listed["models"].as_array().unwrap();
    models.iter().find(|model| model["id"] == id).unwrap_or_else(|| panic!("{id} is not listed"))
}

#[test]
fn written_models_join_the_listed_ones_and_their_facts_win() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let config = r#"{
        model: "amazon-bedrock/us.anthropic.claude-sonnet-4-6",
        agents: { defaults: { model: { fallbacks: ["amazon-bedrock/amazon.nova-lite-v1:0"] } } },
        aliases: { quick: "amazon.nova-micro-v1:0" },
        models: { providers: { bedrock: { baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com", models: [
            { id: "amazon.nova-micro-v1:0", name: "Mine", contextWindow: 7000, input: ["text"],
              cost: { input: 1, output: 2, cacheRead: 0.5, cacheWrite: 0 }, maxTokens: 99 },
            { id: "acme.gone-v1:0", name: "Gone", cost: { input: 0, output: 0 } },
        ] } } },
    }"#;
    let ran = run(&mut at_home(&server, home.path(), config), &["models", "list", "--all", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let listed = json_of(&ran);
    assert_eq!(listed["region"], "us-east-1");
    assert_eq!(listed["source"], "service");
    assert_eq!(listed["count"].as_u64().unwrap() as usize, ids(&listed).len());
    assert!(ids(&listed).len() > 20, "one written model hides no others");
    let mine = model(&listed, "amazon.nova-micro-v1:0");
    assert_eq!(mine["key"], "amazon-bedrock/amazon.nova-micro-v1:0");
    assert_eq!(
        (&mine["name"], &mine["contextWindow"], &mine["maxTokens"]),
        (&json!("Mine"), &json!(7000), &json!(99))
    );
    assert_eq!(mine["cost"]["input"], 1.0);
    assert_eq!(mine["tags"], json!(["configured", "alias:quick"]));
    let gone = model(&listed, "acme.gone-v1:0");
    assert_eq!(
        (&gone["available"], &gone["cost"], &gone["tags"]),
        (&json!(false), &Value::Null, &json!(["configured", "missing"]))
    );
    assert_eq!(model(&listed, "us.anthropic.claude-sonnet-4-6")["tags"], json!(["default"]));
    assert_eq!(model(&listed, "us.anthropic.claude-sonnet-4-6")["profileOf"], "anthropic.claude-sonnet-4-6");
    assert_eq!(model(&listed, "amazon.nova-lite-v1:0")["tags"], json!(["fallback#1"]));
    // Again, from the cache, with nobody to ask.
    let offline = || at_home(&server, home.path(), config);
    let again = run(&mut offline(), &["models", "list", "--offline", "--json"]);
    assert_eq!(json_of(&again)["models"], listed["models"]);
    assert_eq!(json_of(&again)["source"], "cache");
    let only = run(&mut offline(), &["models", "list", "--configured", "--plain"]);
    assert_eq!(only.stdout.lines().count(), 4, "{only:?}");
    let replaced = config.replacen("models: {", "models: { mode: \"replace\",", 1);
    let ran = run(&mut at_home(&server, home.path(), &replaced), &["models", "list", "--plain"]);
    assert_eq!(ran.stdout.lines().count(), 4, "{ran:?}");
}

#[test]
fn what_can_only_be_called_through_a_profile_is_no_entry_of_its_own() {
    let server = Server::start();
    let ran = run(&mut program_against(server.url()), &["models", "list", "--json"]);
    let listed = json_of(&ran);
    assert!(!ids(&listed).contains(&"emulator.schist-v1:0"));
    assert_eq!(model(&listed, "us.emulator.schist-v1:0")["profileOf"], "emulator.schist-v1:0");
    // Chat finds the profile, though nothing but the service knows it; the next time nobody is asked.
    let home = tempfile::tempdir().unwrap();
    let command = || at_home(&server, home.path(), "{}");
    let chat = ["chat", "-m", "emulator.schist-v1:0", "--max-tokens", "3", "hi"];
    let ran = run(&mut command(), &chat);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stderr.matches("is called through the inference profile `us.emulator.schist-v1:0`").count(),
        1,
        "{ran:?}"
    );
    let ran = run(command().arg("-v"), &chat);
    assert_eq!(ran.stderr.matches("> POST").count(), 1, "{ran:?}");
    assert!(!ran.stderr.contains("> GET"), "{ran:?}");
}

#[test]
fn a_denied_list_of_profiles_is_a_warning_and_a_denied_list_of_models_an_error() {
    let deny = |operation: &str| {
        let rule =
            json!([{ "match": { "operation": operation }, "fault": { "kind": "denied" } }]).to_string();
        let scenario = Scenario::from_json(&rule).unwrap_or_else(|problem| panic!("{problem}"));
        Server::with(EmulatorOptions { scenario, tokens_per_second: 0.0, ..EmulatorOptions::default() })
    };
    let server = deny("ListInferenceProfiles");
    let ran = run(&mut program_against(server.url()), &["models", "list", "--plain"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("`bedrock:ListInferenceProfiles`"), "{ran:?}");
    assert!(ran.stdout.contains("amazon.nova-micro-v1:0"));
    let server = deny("ListFoundationModels");
    let ran = run(&mut program_against(server.url()), &["models", "list"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("bedrock:ListFoundationModels"), "{ran:?}");
    let ran = run(
        &mut program_against(server.url()),
        &["chat", "-m", "amazon.nova-micro-v1:0", "--max-tokens", "3", "hi"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn written_models_are_listed_whatever_the_service_says() {
    let rule = json!([{ "match": { "operation": "ListFoundationModels" }, "fault": { "kind": "denied" } }]);
    let scenario = Scenario::from_json(&rule.to_string()).unwrap();
    let server =
        Server::with(EmulatorOptions { scenario, tokens_per_second: 0.0, ..EmulatorOptions::default() });
    let home = tempfile::tempdir().unwrap();
    let models = r#"{ models: { providers: { "amazon-bedrock": { models: [
        { id: "amazon.nova-lite-v1:0", cost: { input: 2 } }, { id: "amazon.nova-lite-v1:0" },
    ] } } } }"#;
    let ran = run(&mut at_home(&server, home.path(), models), &["models", "list", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let listed = json_of(&ran);
    assert_eq!(ids(&listed), ["amazon.nova-lite-v1:0"]);
    assert!(listed["warnings"][0].as_str().unwrap().contains("bedrock:ListFoundationModels"), "{listed}");
    // One price is written, the other known.
    let cost = &listed["models"][0]["cost"];
    assert_eq!((cost["input"].as_f64(), cost["output"].as_f64()), (Some(2.0), Some(0.24)));
    let ran = run(&mut at_home(&server, home.path(), "{}"), &["models", "status", "--probe"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("there is no model to probe"), "{ran:?}");
}

#[test]
fn the_region_of_discovery_moves_the_list_alone_and_that_of_an_arn_the_call() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let arn = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0";
    let config = format!(
        r#"{{ models: {{ bedrockDiscovery: {{ region: "eu-west-1" }}, providers: {{ bedrock: {{ models: [
            {{ id: "{arn}", name: "my-eu" }} ] }} }} }}, aliases: {{ prof: "my-eu", Two: "prof" }} }}"#
    );
    let command = || {
        let mut command = at_home(&server, home.path(), &config);
        command.env_remove("AWS_REGION");
        command
    };
    let listed = json_of(&run(&mut command(), &["models", "list", "--json"]));
    assert_eq!(listed["region"], "eu-west-1");
    let status = json_of(&run(&mut command(), &["models", "status", "--json"]));
    assert_eq!(status["region"]["value"], "us-east-1");
    for name in
        [arn, "prof", "PROF", "two", "my-eu", &format!("bedrock/{arn}"), &format!("Amazon-Bedrock/{arn}")]
    {
        let ran = run(&mut command(), &["chat", "--dry-run", "-m", name, "hi"]);
        assert!(ran.stdout.contains(&format!("\"modelId\": \"{arn}\"")), "{name}: {ran:?}");
        let shown = run(&mut command(), &["models", "show", name]);
        assert!(shown.stdout.contains("eu-central-1 (from the model's ARN)"), "{name}: {shown:?}");
    }
}

#[test]
fn probes_call_the_model_and_name_the_class_of_a_failure() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let config = r#"{ model: "amazon-bedrock/emulator.denied" }"#;
    let ran =
        run(&mut at_home(&server, home.path(), config), &["models", "status", "--probe-provider", "bedrock"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stdout.contains("amazon-bedrock/emulator.denied\tauth"), "{ran:?}");
    let models = [
        "--probe-model",
        "amazon.nova-micro-v1:0",
        "--probe-model",
        "emulator.throttle",
        "--probe-model",
        "emulator.slow-60000",
    ];
    let arguments = [&["models", "status", "--json", "--probe-timeout", "200ms"][..], &models].concat();
    let mut command = at_home(&server, home.path(), config);
    let ran = run(command.env("AWS_MAX_ATTEMPTS", "1"), &arguments);
    let probes = &json_of(&ran)["auth"]["probes"]["results"];
    let status: Vec<&str> =
        probes.as_array().unwrap().iter().map(|probe| probe["status"].as_str().unwrap()).collect();
    assert_eq!(status, ["ok", "rate_limit", "timeout"], "{ran:?}");
}

#[test]
fn a_check_tells_credentials_from_models() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let check = |config: &str, secret: Option<&str>| {
        let mut command = at_home(&server, home.path(), config);
        match secret {
            Some(_) => {}
            None => {
                command.env_remove("AWS_ACCESS_KEY_ID");
            }
        }
        run(&mut command, &["models", "status", "--check"]).code
    };
    assert_eq!(check(r#"{ model: "amazon.nova-micro-v1:0" }"#, Some("")), 0);
    assert_eq!(check(r#"{ model: "amazon.nova-micro-v1:0" }"#, None), 3);
    assert_eq!(check("{}", Some("")), 4);
    assert_eq!(check(r#"{ model: "acme.gone-v1:0" }"#, Some("")), 4);
}

#[test]
fn fallbacks_serve_the_default_model_and_no_named_one() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let config = r#"{
        model: "emulator.denied",
        agents: { defaults: { model: { fallbacks: ["emulator.not-granted", "no-such-name", "emulator.exception-throttling-0", "amazon.nova-micro-v1:0"] } } },
    }"#;
    let ran = run(&mut at_home(&server, home.path(), config), &["chat", "--max-tokens", "3", "hi"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stderr.matches("trying the fallback").count(), 4, "{ran:?}");
    let ran = run(&mut at_home(&server, home.path(), config), &["chat", "-m", "emulator.denied", "hi"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    // What has begun is not begun again.
    let begun = r#"{ model: "emulator.exception-throttling-3", agents: { defaults: { model: { fallbacks: ["amazon.nova-micro-v1:0"] } } } }"#;
    let ran = run(&mut at_home(&server, home.path(), begun), &["chat", "hi"]);
    assert_eq!(ran.code, 6, "{ran:?}");
}

/// A server that answers calls of some models with a fault, and the default model that has two fallbacks.
fn falling_back(faults: &Value) -> (Server, String) {
    let scenario = Scenario::from_json(&faults.to_string()).unwrap();
    let server =
        Server::with(EmulatorOptions { scenario, tokens_per_second: 0.0, ..EmulatorOptions::default() });
    let agents = json!({ "defaults": {
        "model": { "primary": LITE, "fallbacks": [SONNET, MICRO] },
        "models": {
            LITE: { "params": { "maxTokens": 7, "temperature": 0.1, "anthropicBeta": ["lite"] } },
            "anthropic.claude-sonnet-4-5-20250929-v1:0":
                { "params": { "maxTokens": 8, "anthropicBeta": ["context-1m-2025-08-07"] } },
            MICRO: { "params": { "serviceTier": "flex" } },
        },
    } });
    (server, json!({ "agents": agents, "chat": { "temperature": 0.5, "maxTokens": 9 } }).to_string())
}

const LITE: &str = "amazon.nova-lite-v1:0";
const MICRO: &str = "amazon.nova-micro-v1:0";
const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The models that were called, with what was sent.
fn calls(server: &Server) -> Vec<(String, Value)> {
    let calls = server.requests().into_iter().filter(|request| request.method == "POST");
    calls
        .map(|call| {
            let model = call.target.split('/').nth(2).unwrap().replace("%3A", ":");
            (model, serde_json::from_slice(&call.body).unwrap())
        })
        .collect()
}

#[test]
fn the_quota_of_a_day_is_not_asked_for_again_and_leads_to_the_fallback() {
    for (stream, operation) in [(&[][..], "ConverseStream"), (&["--no-stream"][..], "Converse")] {
        let (server, config) = falling_back(&json!([{
            "match": { "operation": operation, "model": LITE },
            "fault": {
                "kind": "http", "status": 429, "code": "ThrottlingException",
                "message": "Too many tokens per day, please wait before trying again.",
            },
        }]));
        let home = tempfile::tempdir().unwrap();
        let words = [&["chat", "hi"][..], stream].concat();
        let ran = run(&mut at_home(&server, home.path(), &config), &words);
        assert_eq!((ran.code, ran.stdout.is_empty()), (0, false), "{ran:?}");
        assert_eq!(ran.stderr.matches("trying the fallback").count(), 1, "{ran:?}");
        let called: Vec<String> = calls(&server).into_iter().map(|(model, _)| model).collect();
        assert_eq!(called, [LITE, SONNET], "{operation}");
    }
}

#[test]
fn each_model_is_called_with_its_own_params() {
    let denied = |model: &str| json!({ "match": { "model": model }, "fault": { "kind": "denied" } });
    let (server, config) = falling_back(&json!([denied(LITE), denied(SONNET)]));
    let home = tempfile::tempdir().unwrap();
    let ran = run(&mut at_home(&server, home.path(), &config), &["chat", "-v", "hi"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent: Vec<(String, Value)> = calls(&server)
        .into_iter()
        .map(|(model, body)| {
            let flags = body["additionalModelRequestFields"]["anthropic_beta"].clone();
            (model, json!([body["inferenceConfig"], body["serviceTier"], flags]))
        })
        .collect();
    let expected = [
        (LITE, json!([{ "maxTokens": 7, "temperature": 0.1 }, null, null])),
        (SONNET, json!([{ "maxTokens": 8, "temperature": 0.5 }, null, ["context-1m-2025-08-07"]])),
        (MICRO, json!([{ "maxTokens": 9, "temperature": 0.5 }, { "type": "flex" }, null])),
    ];
    assert_eq!(sent, expected.map(|(model, body)| (model.to_owned(), body)));
    assert_eq!(ran.stderr.matches("adjusted options.betaFlags").count(), 1, "{ran:?}");
    let typed = ["chat", "-m", MICRO, "--max-tokens", "3", "--service-tier", "default", "hi"];
    let ran = run(&mut at_home(&server, home.path(), &config), &typed);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, body) = calls(&server).pop().unwrap();
    assert_eq!(body["inferenceConfig"], json!({ "maxTokens": 3, "temperature": 0.5 }));
    assert_eq!(body["serviceTier"]["type"], "default");
}

#[test]
fn openclaws_own_file_is_read_where_there_is_none_of_ours() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".openclaw")).unwrap();
    let file = home.path().join(".openclaw/openclaw.json");
    std::fs::write(&file, r#"{ gateway: { port: 1 }, agents: { defaults: { model: { primary: "amazon-bedrock/amazon.nova-micro-v1:0" } } } }"#).unwrap();
    let command = || {
        let mut command = program_against(server.url());
        command.env("HOME", home.path());
        command
    };
    let ran = run(&mut command(), &["chat", "--max-tokens", "3", "hi"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(&mut command(), &["models", "status"]);
    assert!(ran.stdout.contains("(OpenClaw's, read only)"), "{ran:?}");
}

#[test]
fn one_model_is_shown_with_all_that_is_known() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let config = r#"{ aliases: { fast: "haiku-4-5" } }"#;
    let ran = run(&mut at_home(&server, home.path(), config), &["models", "show", "sonnet-4-5", "--json"]);
    let shown = json_of(&ran);
    assert_eq!(shown["id"], "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert_eq!(shown["contextWindow"], 200_000);
    assert_eq!(shown["resolution"].as_array().unwrap().len(), 2);
    let ran = run(&mut at_home(&server, home.path(), config), &["models", "show", "no-such-thing-at-all"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_list_tells_regions_where_calls_leave_the_own_one_and_what_is_wrong_with_the_cache() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let ran = run(&mut at_home(&server, home.path(), "{}"), &["models", "list"]);
    let regions = |id: &str| {
        let line = ran.stdout.lines().find(|line| line.starts_with(&format!("{id}\t"))).unwrap();
        line.split('\t').nth(6).unwrap_or("no column").to_owned()
    };
    assert_eq!(regions("us.amazon.nova-lite-v1:0"), "us-east-1,us-east-2,us-west-2", "{}", ran.stdout);
    assert_eq!(regions("amazon.nova-lite-v1:0"), "us-east-1");
    let config = "{ models: { bedrockDiscovery: { includeInferenceProfiles: false } } }";
    let without = run(&mut at_home(&server, home.path(), config), &["models", "list"]);
    assert!(without.stdout.lines().all(|line| line.split('\t').count() == 6), "{}", without.stdout);
    let cache = home.path().join(".cache/outcrop");
    for file in std::fs::read_dir(&cache).unwrap() {
        std::fs::write(file.unwrap().path(), "no list").unwrap();
    }
    let offline = run(&mut at_home(&server, home.path(), "{}"), &["models", "list", "--offline"]);
    assert!(
        offline.stderr.contains("the cache holds no list of this region; the cache file `"),
        "{offline:?}"
    );
    assert!(offline.stderr.contains("is ignored: expected"), "{offline:?}");
}

#[test]
fn the_demo_has_a_model_and_a_probe_a_limit_of_its_own() {
    let checked = run(&mut program(), &["models", "status", "--demo", "--check"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let words = ["models", "status", "--demo", "--probe-timeout", "1ms", "--probe-model", "nova-lite"];
    let late = run(&mut program(), &words);
    assert!(late.stderr.contains("`--probe-timeout 30s`"), "{}", late.stderr);
}
