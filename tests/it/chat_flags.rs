//! The flags of `outcrop chat`: what they make of the request, what bad input gets, and what the answer tells.

use crate::support::{Ran, Server, program, program_against, run};
use outcrop::emulator::EmulatorOptions;
use serde_json::Value;
use std::path::{Path, PathBuf};

const NOVA: &str = "amazon.nova-lite-v1:0";
const SONNET: &str = "us.anthropic.claude-sonnet-4-6";
const DEEPSEEK: &str = "us.deepseek.r1-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

/// Files of one test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn chat(server: &Server, words: &[&str]) -> Ran {
    let mut all = vec!["chat", "-m", NOVA];
    all.extend(words);
    run(&mut program_against(server.url()), &all)
}

/// The request and its adjustments, without keys and without a server.
fn dry_run(model: &str, words: &[&str]) -> Value {
    let mut all = vec!["chat", "--dry-run", "--json", "-m", model];
    all.extend(words);
    let ran = run(program().env("AWS_REGION", "us-east-1"), &all);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_dry_run_prints_the_request_and_needs_neither_keys_nor_a_server() {
    let words = ["chat", "--dry-run", "-m", NOVA, "--temperature", "0.5", "-s", "Be brief.", "hi"];
    let ran = run(program().env("AWS_REGION", "us-east-1"), &words);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let request: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = serde_json::json!({
        "modelId": NOVA,
        "messages": [{ "role": "user", "content": [{ "text": "hi" }] }],
        "system": [{ "text": "Be brief." }],
        "inferenceConfig": { "temperature": 0.5 },
    });
    assert_eq!(request, expected);
    assert!(ran.stdout.starts_with("{\n  \"modelId\""), "{}", ran.stdout);
}

#[test]
fn a_dry_run_says_what_was_adjusted_and_by_which_fact() {
    let flags = ["--thinking", "high", "--temperature", "0.3", "--stop", " ", "--metadata", "a!=b", "hi"];
    let both = dry_run(SONNET, &flags);
    let adjusted: Vec<&str> =
        both["adjustments"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert!(adjusted.contains(&"inferenceConfig.temperature"), "{adjusted:?}");
    assert!(adjusted.contains(&"options.metadata"), "{adjusted:?}");
    assert_eq!(both["request"]["additionalModelRequestFields"]["thinking"]["type"], "adaptive");
    assert!(both["request"]["inferenceConfig"].get("temperature").is_none());
    let mut words = vec!["chat", "--dry-run", "-m", SONNET];
    words.extend(flags);
    let told = run(program().env("AWS_REGION", "us-east-1"), &words);
    let lines = told.stderr.lines().filter(|line| line.starts_with("adjusted: ")).count();
    assert_eq!(lines, adjusted.len(), "{}", told.stderr);
}

#[test]
fn what_a_model_does_not_get_is_told_and_what_is_put_in_another_form_is_not() {
    let files = Files::new();
    let (image, schema) = (files.write("a.png", PNG), files.write("schema.json", r#"{"type":"object"}"#));
    let tools =
        files.write("tools.json", r#"[{"toolSpec":{"name":"t","inputSchema":{"json":{"type":"object"}}}}]"#);
    let server = Server::start();
    for (model, flags, notes) in [
        (GPT_OSS, &["-i", &image][..], &["this model does not read images (media-support)"][..]),
        (GPT_OSS, &["-q", "-i", &image], &[]),
        (DEEPSEEK, &["--tools", &tools], &["(tools)"]),
        (SONNET, &["--thinking", "high", "--top-k", "5"], &["(sampling)"]),
        (SONNET, &["--cache", "long", "--schema", &schema], &[]),
    ] {
        let words: Vec<&str> = ["chat", "-m", model].iter().chain(flags).chain(&["hi"]).copied().collect();
        let ran = run(&mut program_against(server.url()), &words);
        assert_eq!(ran.code, 0, "{ran:?}");
        let told: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("note: ")).collect();
        assert_eq!(told.len(), notes.len(), "{words:?}: {told:?}");
        for (line, note) in told.iter().zip(notes) {
            assert!(line.ends_with(note), "{words:?}: {told:?}");
        }
    }
}

#[test]
fn a_single_question_is_not_written_into_the_cache_unless_that_is_asked_for() {
    let files = Files::new();
    let long = "Granite is old. ".repeat(2_000);
    let session = files.path().join("s.jsonl");
    for (flags, points) in [
        (&[][..], 0),
        (&["--cache", "short"], 1),
        (&["--session", session.to_str().unwrap()], 1),
        (&["--session", session.to_str().unwrap(), "--cache", "none"], 0),
    ] {
        let words: Vec<&str> = flags.iter().copied().chain([long.as_str()]).collect();
        let request = dry_run(SONNET, &words)["request"].to_string();
        assert_eq!(request.matches("cachePoint").count(), points, "{flags:?}");
    }
}

#[test]
fn an_answer_is_asked_for_in_the_order_of_its_schema() {
    let files = Files::new();
    let schema = files.write(
        "schema.json",
        r#"{"type":"object","properties":{"why":{"type":"string"},"answer":{"type":"integer"}},"required":["why"]}"#,
    );
    // The service's own format, a tool, and words.
    for model in [SONNET, NOVA, DEEPSEEK] {
        let ran = run(
            program().env("AWS_REGION", "us-east-1"),
            &["chat", "--dry-run", "-m", model, "--schema", &schema, "hi"],
        );
        // In two of the ways the schema is JSON inside a text.
        let sent = ran.stdout.replace(['\\', ' ', '\n'], "");
        let [why, answer] = [r#""why":{"#, r#""answer":{"#].map(|member| sent.find(member));
        assert!(why.is_some(), "{model}: {sent}");
        assert!(why < answer, "{model}: {}", ran.stdout);
    }
}

#[test]
fn every_flag_reaches_the_request() {
    let files = Files::new();
    let (image, text) = (files.write("a.jpg", PNG), files.write("notes.md", "# Notes"));
    let tools = files.write(
        "tools.json",
        r#"[{"toolSpec":{"name":"weather","description":"d","inputSchema":{"json":{"type":"object"}}}}]"#,
    );
    let typed = format!(
        "-i {image} -f {text} -f s3://bucket/report.pdf --max-tokens 100 --top-k 40 --stop END --stop FIN \
         --tools {tools} --tool-choice weather --guardrail gr:1 --service-tier priority --latency optimized \
         --metadata team=rocks --set x.y=[1] --cache long --top-p 0.9 hi"
    );
    let words: Vec<&str> = typed.split(' ').collect();
    let both = dry_run("us.anthropic.claude-sonnet-4-5-20250929-v1:0", &words);
    let request = &both["request"];
    let content = request["messages"][0]["content"].as_array().unwrap();
    assert_eq!(content[0]["image"]["format"], "png");
    assert_eq!(
        (&content[1]["document"]["format"], &content[1]["document"]["name"]),
        (&"md".into(), &"notes".into())
    );
    assert_eq!(content[2]["document"]["source"]["s3Location"]["uri"], "s3://bucket/report.pdf");
    assert_eq!(content[3]["text"], "hi");
    assert_eq!(content[4]["cachePoint"]["ttl"], "1h", "{request}");
    assert_eq!(
        (&request["inferenceConfig"]["maxTokens"], &request["inferenceConfig"]["topP"]),
        (&100.into(), &0.9.into())
    );
    assert_eq!(request["inferenceConfig"]["stopSequences"], serde_json::json!(["END", "FIN"]));
    let fields = &request["additionalModelRequestFields"];
    assert_eq!((&fields["top_k"], &fields["x"]["y"][0]), (&40.into(), &1.into()));
    assert_eq!(request["toolConfig"]["toolChoice"]["tool"]["name"], "weather");
    assert_eq!(request["guardrailConfig"]["guardrailVersion"], "1");
    assert_eq!(request["serviceTier"]["type"], "priority");
    assert_eq!(request["performanceConfig"]["latency"], "optimized");
    assert_eq!(request["requestMetadata"]["team"], "rocks");
}

#[test]
fn defaults_come_from_the_configuration_and_flags_win() {
    let files = Files::new();
    let config = files.write(
        "config.json5",
        "{ chat: { topK: 7, thinking: 'low', cache: 'none', serviceTier: 'flex', maxTokens: 9000, thinkingBudget: 2000 } }",
    );
    let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let from_file = dry_run(model, &["--config", &config, "hi"]);
    let request = &from_file["request"];
    assert_eq!(request["serviceTier"]["type"], "flex");
    // The answer's room is not taken by the thinking.
    assert_eq!(request["inferenceConfig"]["maxTokens"], 11_000);
    assert_eq!(request["additionalModelRequestFields"]["thinking"]["budget_tokens"], 2000);
    let flags = ["--config", &config, "--thinking", "off", "--top-k", "3", "--service-tier", "default", "hi"];
    let from_flags = dry_run(model, &flags);
    let request = &from_flags["request"];
    assert_eq!(request["additionalModelRequestFields"]["top_k"], 3);
    assert_eq!(request["serviceTier"]["type"], "default");
}

#[test]
fn the_guardrail_of_the_configuration_is_sent_and_only_a_stream_waits_for_it() {
    let server = Server::start();
    let files = Files::new();
    let guardrail = "{ guardrailIdentifier: 'g', guardrailVersion: '1', streamProcessingMode: 'sync' }";
    let config = format!(
        "{{ plugins: {{ entries: {{ 'amazon-bedrock': {{ config: {{ guardrail: {guardrail} }} }} }} }} }}"
    );
    let config = files.write("config.json5", config);
    for (flags, id, mode) in [
        (&[][..], "g", Some("sync")),
        (&["--no-stream"], "g", None),
        (&["--guardrail", "typed:2"], "typed", None),
    ] {
        let ran = chat(&server, &[&["--config", &config, "hi"], flags].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let sent = bodies(&server).pop().unwrap().1["guardrailConfig"].take();
        assert_eq!(
            (sent["guardrailIdentifier"].as_str(), sent["streamProcessingMode"].as_str()),
            (Some(id), mode)
        );
    }
}

#[test]
fn bad_input_is_refused_with_its_file_its_place_and_the_rule() {
    let files = Files::new();
    let text = files.write("a.png", "no picture");
    let large = files.write("large.txt", vec![b'x'; 4_500_001]);
    let broken = files.write("schema.json", "{\n  \"type\": }");
    let badly_named = files
        .write("tools.json", "[\n{\"toolSpec\":{\"name\":\"get weather\",\"inputSchema\":{\"json\":{}}}}]");
    for (flag, value, parts) in [
        ("--image", text.as_str(), &["a.png", "no PNG, JPEG, GIF or WebP", "--file"][..]),
        ("--image", "s3://bucket/key", &["s3://bucket/key", "`.png`"]),
        ("--image", "/nowhere.png", &["/nowhere.png"]),
        ("--file", &large, &["large.txt", "4.5 MB"]),
        ("--schema", &broken, &["schema.json:2:11"]),
        ("--tools", &badly_named, &["tools.json:2", "[0].toolSpec.name", "`get weather`", "64 at most"]),
        ("--set", "top_k=many", &["--set", "top_k=many", "no JSON"]),
    ] {
        let ran = run(&mut program(), &["chat", "--demo", flag, value, "hi"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{flag} {value}: {}", ran.stderr);
        for part in parts {
            assert!(ran.stderr.contains(part), "{flag} {value}: {part}: {}", ran.stderr);
        }
    }
}

#[test]
fn json_output_tells_cost_and_adjustments() {
    let server = Server::start();
    for stream in [&[][..], &["--no-stream"]] {
        let mut words = vec!["--output", "json", "--max-tokens", "40", "--top-k", "3", "hi"];
        words.extend(stream);
        let ran = chat(&server, &words);
        let whole: Value = serde_json::from_str(&ran.stdout).unwrap();
        let (cost, usage) = (&whole["cost"], &whole["usage"]);
        let number = |value: &Value| value.as_f64().unwrap();
        // US$ 0.06 and 0.24 for a million tokens.
        let expected = number(&usage["inputTokens"]) * 0.06e-6 + number(&usage["outputTokens"]) * 0.24e-6;
        assert!((number(&cost["total"]) - expected).abs() < 1e-12, "{whole}");
        assert!(whole["adjustments"].is_array() && whole["stopReason"].is_string());
    }
    let unknown = run(
        &mut program_against(server.url()),
        &["chat", "-q", "-m", "emulator.throttle-0", "--output", "json", "hi"],
    );
    let whole: Value = serde_json::from_str(&unknown.stdout).unwrap();
    assert_eq!(whole.get("cost"), Some(&Value::Null), "{whole}");
}

#[test]
fn calls_of_tools_are_printed_and_not_carried_out() {
    let server = Server::start();
    let files = Files::new();
    let tools = files.write(
        "tools.json",
        r#"[{"toolSpec":{"name":"weather","description":"d","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}}]"#,
    );
    for stream in [&[][..], &["--no-stream"]] {
        let mut words = vec!["--tools", &tools, "--tool-choice", "any", "weather in Oslo?"];
        words.extend(stream);
        let ran = chat(&server, &words);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let call: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(call["toolUse"]["name"], "weather", "{}", ran.stdout);
        assert!(call["toolUse"]["input"]["city"].is_string());
        assert!(ran.stderr.contains("not carried out"), "{}", ran.stderr);
    }
}

#[test]
fn an_answer_to_a_schema_is_json_whatever_way_the_model_takes() {
    let server = Server::start();
    let files = Files::new();
    let schema = files.write(
        "schema.json",
        r#"{"type":"object","properties":{"rock":{"type":"string"}},"required":["rock"],"additionalProperties":false}"#,
    );
    for model in [NOVA, SONNET] {
        for stream in [&[][..], &["--no-stream"]] {
            let mut words = vec!["chat", "-m", model, "--schema", &schema, "Which rock?"];
            words.extend(stream);
            let ran = run(&mut program_against(server.url()), &words);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert!(answer["rock"].is_string(), "{model}: {}", ran.stdout);
            words.extend(["--output", "json"]);
            let ran = run(&mut program_against(server.url()), &words);
            let whole: Value = serde_json::from_str(&ran.stdout).unwrap();
            let content = whole["output"]["message"]["content"].as_array().unwrap();
            let text = content.iter().find_map(|block| block["text"].as_str()).unwrap();
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), answer, "{model}");
            assert_eq!(whole["stopReason"], "end_turn", "{model}");
        }
    }
}

#[test]
fn thinking_is_shown_on_stderr_when_it_is_wanted() {
    let server = Server::start();
    for model in [SONNET, GPT_OSS] {
        let ask = |extra: &[&str]| {
            let mut words = vec!["chat", "-q", "-m", model, "--thinking", "low", "Why?"];
            words.extend(extra);
            let ran = run(&mut program_against(server.url()), &words);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            ran
        };
        for stream in [&[][..], &["--no-stream"]] {
            let shown = ask(&[stream, &["--show-thinking", "always"]].concat());
            let hidden = ask(&[stream, &["--show-thinking", "never"]].concat());
            assert!(shown.stderr.len() > 10 && shown.stderr.ends_with('\n'), "{:?}", shown.stderr);
            assert_eq!((hidden.stderr.as_str(), &hidden.stdout), ("", &shown.stdout));
            assert!(!shown.stdout.contains(shown.stderr.trim()), "{}", shown.stdout);
            // Nobody watches: stderr is no terminal.
            assert_eq!(ask(stream).stderr, "");
        }
    }
}

/// A server that refuses the first request with this message.
fn refusing(operation: &str, message: &str) -> Server {
    let scenario = serde_json::json!([{
        "match": { "operation": operation },
        "times": 1,
        "fault": { "kind": "http", "status": 400, "code": "ValidationException", "message": message },
    }]);
    Server::with(EmulatorOptions {
        tokens_per_second: 0.0,
        scenario: serde_json::from_value(scenario).unwrap(),
        ..EmulatorOptions::default()
    })
}

fn bodies(server: &Server) -> Vec<(String, Value)> {
    let requests = server.requests();
    let runtime = requests.iter().filter(|request| request.method == "POST");
    runtime
        .map(|request| {
            let operation = request.target.rsplit('/').next().unwrap().to_owned();
            (operation, serde_json::from_slice(&request.body).unwrap())
        })
        .collect()
}

#[test]
fn a_refused_parameter_is_left_out_asked_again_and_remembered() {
    let server = refusing("ConverseStream", "`temperature` is deprecated for this model.");
    let cache = Files::new();
    let ask = || {
        let mut program = program_against(server.url());
        program.env("XDG_CACHE_HOME", cache.path());
        run(&mut program, &["chat", "-v", "-m", NOVA, "--temperature", "0.5", "--max-tokens", "9", "hi"])
    };
    let first = ask();
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(first.stderr.contains("the model refused a part of the request"), "{}", first.stderr);
    assert!(first.stderr.contains("adjusted inferenceConfig.temperature"), "{}", first.stderr);
    let second = ask();
    assert_eq!(second.code, 0, "{}", second.stderr);
    let temperatures: Vec<bool> = bodies(&server)
        .iter()
        .map(|(_, body)| body["inferenceConfig"].get("temperature").is_some())
        .collect();
    assert_eq!(temperatures, [true, false, false]);
}

#[test]
fn a_model_that_does_not_stream_is_asked_for_the_whole_answer() {
    let server = refusing("ConverseStream", "The model is unsupported for streaming.");
    let cache = Files::new();
    for _ in 0..2 {
        let mut program = program_against(server.url());
        program.env("XDG_CACHE_HOME", cache.path());
        let ran = run(&mut program, &["chat", "-q", "-m", NOVA, "--output", "json", "hi"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let whole: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(whole["adjustments"][0]["rule"], "streaming", "{whole}");
    }
    let operations: Vec<String> = bodies(&server).into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(operations, ["converse-stream", "converse", "converse"]);
}

#[test]
fn a_refusal_that_teaches_nothing_is_an_error_at_once() {
    let server = refusing("ConverseStream", "Something else is wrong.");
    let ran = chat(&server, &["--temperature", "0.5", "hi"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert_eq!(bodies(&server).len(), 1);
}

#[test]
fn a_session_goes_on_where_it_was() {
    let server = Server::start();
    let data = Files::new();
    let ask = |words: &[&str]| {
        let mut program = program_against(server.url());
        program.env("XDG_DATA_HOME", data.path());
        let mut all = vec!["chat", "-q", "-m", SONNET, "--thinking", "low", "--session", "rocks"];
        all.extend(words);
        let ran = run(&mut program, &all);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran
    };
    ask(&["-s", "Be brief.", "Basalt?"]);
    ask(&["Granite?"]);
    ask(&["--no-stream", "Gneiss?"]);
    let sent = bodies(&server);
    let roles = |body: &Value| body["messages"].as_array().unwrap().len();
    assert_eq!(sent.iter().map(|(_, body)| roles(body)).collect::<Vec<_>>(), [1, 3, 5]);
    for (_, body) in &sent {
        assert_eq!(body["system"][0]["text"], "Be brief.", "the system prompt stays");
    }
    // The emulator checks signatures; here it is seen that there was one.
    let reasoning = &sent[2].1["messages"][1]["content"][0]["reasoningContent"]["reasoningText"];
    assert!(reasoning["signature"].as_str().is_some_and(|signature| !signature.is_empty()), "{reasoning}");
    let dry = ask(&["--dry-run", "And marble?"]);
    let request: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(roles(&request), 7);
    let file = std::fs::read_to_string(data.path().join("outcrop/sessions/rocks.jsonl")).unwrap();
    assert_eq!(file.lines().count(), 4, "a dry run keeps nothing");
}

#[test]
fn a_turn_is_kept_also_when_its_reader_leaves() {
    use std::io::Read;
    let server = Server::with(EmulatorOptions { tokens_per_second: 200.0, ..EmulatorOptions::default() });
    let files = Files::new();
    let path = files.path().join("s.jsonl");
    let words = ["chat", "-m", NOVA, "--session", path.to_str().unwrap(), "hi"];
    let mut child = program_against(server.url()).args(words).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    drop(child.stdout.take());
    let ran = crate::support::finish(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept.lines().count(), 2);
    assert!(kept.contains("\"stopReason\":\"end_turn\""), "{kept}");
}

#[test]
fn an_answer_that_is_no_json_fails_a_schema() {
    let server = Server::start();
    let files = Files::new();
    let schema = files.write("schema.json", r#"{"type":"object","properties":{"rock":{"type":"string"}}}"#);
    let model = "mistral.mistral-7b-instruct-v0:2";
    let words = ["chat", "-m", model, "--schema", &schema, "Reply with basalt"];
    crate::errors::snapshot("schema-no-json", &run(&mut program_against(server.url()), &words));
}

#[test]
fn a_failed_turn_leaves_the_session_as_it_was() {
    let server = Server::start();
    let files = Files::new();
    let path = files.path().join("s.jsonl");
    let ask = |model: &str, prompt: &str| {
        let words = ["chat", "-m", model, "--session", path.to_str().unwrap(), prompt];
        run(&mut program_against(server.url()), &words)
    };
    assert_eq!(ask(NOVA, "Basalt?").code, 0);
    let before = std::fs::read(&path).unwrap();
    for model in ["emulator.cut-3", "emulator.denied"] {
        let failed = ask(model, "Granite?");
        assert_ne!(failed.code, 0, "{model}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{model}");
    }
    // As if the program was killed while it wrote.
    std::fs::write(&path, [&before[..], b"{\"user\":{\"role\":\"us"].concat()).unwrap();
    let next = ask(NOVA, "Gneiss?");
    assert_eq!(next.code, 0, "{}", next.stderr);
    assert!(next.stderr.contains("was not finished (19 bytes)"), "{}", next.stderr);
    assert!(std::fs::read(&path).unwrap().starts_with(&before));
    let foreign = files.write("other.jsonl", "{\"type\":\"session\",\"version\":3}\n");
    let words = ["chat", "-m", NOVA, "--session", &foreign, "hi"];
    let refused = run(&mut program_against(server.url()), &words);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("other.jsonl:1") && refused.stderr.contains("first line"),
        "{}",
        refused.stderr
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_valid_session_and_frees_it() {
    use std::io::Read;
    let server = Server::start();
    let files = Files::new();
    let path = files.path().join("s.jsonl");
    let session = path.to_str().unwrap();
    let words = ["chat", "-m", "emulator.stall-3", "--idle-timeout", "0", "--session", session, "hi"];
    let mut child = program_against(server.url()).args(words).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let kept_out = chat(&server, &["--session", session, "hi"]);
    assert_eq!(kept_out.code, 2, "{}", kept_out.stderr);
    assert!(kept_out.stderr.contains("another process"), "{}", kept_out.stderr);
    let kill = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(crate::support::finish(child).code, 130);
    assert!(!path.exists(), "a session without a turn leaves no file");
    let next = chat(&server, &["--session", session, "hi"]);
    assert_eq!(next.code, 0, "{}", next.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
}
