//! `outcrop embed` as a user runs it, and the calls behind it.

use crate::errors::snapshot;
use crate::support::{Ran, Server, program, program_against, run, run_with_input};
use bytes::Bytes;
use outcrop::auth::Credentials;
use outcrop::converse::{ConverseRequest, Message};
use outcrop::embed::EmbedRequest;
use outcrop::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_SECRET_ACCESS_KEY, EmulatorOptions, Scenario,
};
use outcrop::{Client, ErrorKind, ServiceClass};
use serde_json::Value;

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-english-v3";
const ACCOUNT: &str = "arn:aws:bedrock:us-east-1:123456789012";

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn dimensions(line: &Value) -> usize {
    line["embedding"].as_array().map_or(0, Vec::len)
}

/// The bodies of the calls that the server got.
fn bodies(server: &Server) -> Vec<Value> {
    let calls = server.requests().into_iter().filter(|call| call.path().ends_with("/invoke"));
    calls.map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
}

fn client(server: &Server) -> Client {
    let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
    let builder = Client::builder().region("us-east-1").endpoint(server.url()).credentials(keys);
    builder.control_endpoint(server.url()).build().unwrap()
}

#[test]
fn the_demo_needs_nothing() {
    let ran = run(&mut program(), &["embed", "--demo", "granite", "basalt"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines = lines(&ran);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["index"].clone(), dimensions(line), line["inputTokens"].clone()))
        .collect();
    assert_eq!(told, [(0.into(), 1024, 1.into()), (1.into(), 1024, 1.into())]);
    // Numbers in their shortest form, as the service wrote them.
    let longest =
        lines[0]["embedding"].as_array().unwrap().iter().map(|number| number.to_string().len()).max();
    assert!(longest.unwrap() <= 16, "{longest:?}");
}

#[test]
fn every_family_answers_by_every_form_of_id() {
    let server = Server::start();
    for (model, expected) in [
        ("amazon.titan-embed-text-v1", 1536),
        ("amazon-bedrock/amazon.titan-embed-text-v2:0", 1024),
        ("amazon.titan-embed-image-v1", 1024),
        ("cohere.embed-multilingual-v3", 1024),
        ("cohere.embed-v4:0", 1536),
        ("global.cohere.embed-v4:0", 1536),
        ("amazon.nova-2-multimodal-embeddings-v1:0", 1024),
        ("us.twelvelabs.marengo-embed-2-7-v1:0", 1024),
        ("twelvelabs.marengo-embed-3-0-v1:0", 512),
        ("arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-english-v3", 1024),
        (&format!("{ACCOUNT}:inference-profile/us.cohere.embed-v4:0"), 1536),
        // Its family is asked of the control plane.
        (&format!("{ACCOUNT}:application-inference-profile/c3d4e5f6a7b8"), 1536),
    ] {
        let ran = run(&mut program_against(server.url()), &["embed", "-m", model, "granite"]);
        assert_eq!(ran.code, 0, "{model}: {}", ran.stderr);
        assert_eq!(dimensions(&lines(&ran)[0]), expected, "{model}");
    }
}

#[test]
fn lines_of_stdin_keep_their_order_and_a_blank_one_does_not_lose_the_others() {
    let server = Server::start();
    let mut texts: Vec<String> = (0..40).map(|number| format!("rock {number}")).collect();
    texts[7].clear();
    let ran = run_with_input(
        &mut program_against(server.url()),
        &["embed", "-m", TITAN, "--concurrency", "5"],
        texts.join("\n").as_bytes(),
    );
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("1 of 40 texts failed") && ran.stderr.contains("a blank text has no embedding")
    );
    let lines = lines(&ran);
    let indices: Vec<_> = lines.iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, (0..40).collect::<Vec<_>>());
    assert_eq!(lines[7]["error"]["kind"], "invalid_request");
    assert_eq!(lines.iter().filter(|line| dimensions(line) == 1024).count(), 39);
    // Each line has the vector of its own text.
    let alone = run(&mut program_against(server.url()), &["embed", "-m", TITAN, "rock 23"]);
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(alone["embedding"], lines[23]["embedding"]);
}

#[test]
fn a_text_that_bedrock_refuses_does_not_take_its_call_with_it() {
    let server = Server::start();
    let mut texts: Vec<String> = (0..100).map(|number| format!("rock {number}")).collect();
    texts[60] = "x".repeat(2_049);
    let ran = run_with_input(
        &mut program_against(server.url()),
        &["embed", "-m", COHERE],
        texts.join("\n").as_bytes(),
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let lines = lines(&ran);
    assert_eq!(lines[60]["error"]["kind"], "validation");
    assert!(
        lines[60]["error"]["causes"][0].as_str().unwrap().contains("expected maxLength: 2048, actual: 2049")
    );
    assert_eq!(lines.iter().filter(|line| dimensions(line) == 1024).count(), 99);
    // The whole call, and two halves of each call with the text in it.
    let sizes: Vec<usize> =
        bodies(&server).iter().map(|body| body["texts"].as_array().unwrap().len()).collect();
    assert!(sizes.contains(&96) && sizes.contains(&4) && sizes.len() <= 2 + 2 * 7, "{sizes:?}");
}

#[test]
fn options_reach_the_model() {
    let server = Server::start();
    let embed = |arguments: &[&str]| {
        let words: Vec<&str> = ["embed"].iter().chain(arguments).chain(&["granite rock"]).copied().collect();
        let ran = run(&mut program_against(server.url()), &words);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        (bodies(&server).pop().unwrap(), lines(&ran).remove(0))
    };
    let length = |line: &Value| -> f64 {
        line["embedding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap().powi(2)).sum::<f64>().sqrt()
    };
    let (body, line) = embed(&["-m", TITAN, "--dimensions", "256", "--no-normalize"]);
    assert_eq!((&body["dimensions"], &body["normalize"]), (&256.into(), &false.into()));
    assert!(dimensions(&line) == 256 && length(&line) > 2.0);
    let (body, _) = embed(&["-m", TITAN]);
    assert_eq!(body, serde_json::json!({"inputText": "granite rock"}));
    // This one cannot be asked; it is done here.
    let (_, line) = embed(&["-m", "amazon.titan-embed-text-v1"]);
    assert!(length(&line) > 2.0);
    let (_, line) = embed(&["-m", "amazon.titan-embed-text-v1", "--normalize"]);
    assert!((length(&line) - 1.0).abs() < 1e-5);
    assert_eq!(embed(&["-m", COHERE]).0["input_type"], "search_document");
    assert_eq!(embed(&["-m", COHERE, "--kind", "query"]).0["input_type"], "search_query");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_sent() {
    let server = Server::start();
    for (name, arguments) in [
        ("embed-no-model", &["embed", "granite"][..]),
        ("embed-no-text", &["embed", "-m", TITAN]),
        ("embed-no-family", &["embed", "-m", "amazon.nova-lite-v1:0", "granite"]),
        ("embed-dimensions", &["embed", "-m", TITAN, "--dimensions", "300", "granite"]),
        ("embed-fixed-dimensions", &["embed", "-m", COHERE, "--dimensions", "256", "granite"]),
    ] {
        let mut program = program_against(server.url());
        // Models for conversations are none for this.
        let ran = run(program.env("OUTCROP_MODEL", "amazon.nova-lite-v1:0"), arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        snapshot(name, &ran);
    }
    assert!(bodies(&server).is_empty());
}

#[test]
fn what_concerns_all_texts_is_asked_few_times_and_told_for_each() {
    let denied = r#"[{"match": {"operation": "InvokeModel"}, "fault": {"kind": "denied"}}]"#;
    let scenario: Scenario = serde_json::from_str(denied).unwrap();
    let server = Server::with(EmulatorOptions { scenario, ..EmulatorOptions::default() });
    let input = "rock\n".repeat(50);
    let ran = run_with_input(
        &mut program_against(server.url()),
        &["embed", "-m", TITAN, "--concurrency", "2"],
        input.as_bytes(),
    );
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("bedrock:InvokeModel"), "{}", ran.stderr);
    let lines = lines(&ran);
    assert_eq!(lines.len(), 50);
    assert!(lines.iter().all(|line| line["error"]["kind"] == "access_denied"));
    assert!(bodies(&server).len() <= 3);
}

#[test]
fn what_bedrock_refuses_is_told_on_both_ways_out() {
    let server = Server::start();
    let long = "x".repeat(2_049);
    for (name, arguments, kinds) in [
        (
            "embed-needs-profile",
            &["embed", "-m", "twelvelabs.marengo-embed-2-7-v1:0", "granite"][..],
            &["needs_profile"][..],
        ),
        ("embed-refused-texts", &["embed", "-m", COHERE, &long, " "], &["validation", "invalid_request"]),
    ] {
        let ran = run(&mut program_against(server.url()), arguments);
        let told: Vec<Value> = lines(&ran).iter().map(|line| line["error"]["kind"].clone()).collect();
        assert_eq!(told, kinds, "{name}");
        // The lines hold ids that differ from run to run.
        snapshot(name, &Ran { stdout: String::new(), ..ran });
    }
}

#[test]
fn throttled_calls_are_sent_again() {
    let rules = r#"[{"match": {"operation": "InvokeModel"}, "times": 2, "fault": {"kind": "throttle", "retry_after_ms": 1}}]"#;
    let scenario: Scenario = serde_json::from_str(rules).unwrap();
    let server = Server::with(EmulatorOptions { scenario, ..EmulatorOptions::default() });
    let ran = run(&mut program_against(server.url()), &["embed", "-m", TITAN, "granite"]);
    assert_eq!((ran.code, bodies(&server).len()), (0, 3), "{}", ran.stderr);
}

#[test]
fn signatures_and_tokens_are_checked() {
    let server = Server::start();
    let mut program = program_against(server.url());
    program.env("AWS_BEARER_TOKEN_BEDROCK", DEMO_BEARER_TOKEN).env("AWS_SECRET_ACCESS_KEY", "wrong");
    assert_eq!(run(&mut program, &["embed", "-m", TITAN, "granite"]).code, 0);
    let mut program = program_against(server.url());
    program.env("AWS_SECRET_ACCESS_KEY", "wrong");
    let ran = run(&mut program, &["embed", "-m", TITAN, "granite"]);
    assert_eq!((ran.code, &lines(&ran)[0]["error"]["exit_code"]), (3, &3.into()), "{}", ran.stderr);
}

#[test]
fn the_configuration_tells_the_family_of_an_arn_that_does_not() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (path, arn) = (folder.path().join("config.json5"), format!("{ACCOUNT}:provisioned-model/abc"));
    let embed = |config: &str| {
        std::fs::write(&path, config).unwrap();
        let words = ["--config", path.to_str().unwrap(), "embed", "-m", &arn, "granite"];
        run(&mut program_against(server.url()), &words)
    };
    assert!(embed("{}").stderr.contains("is no embedding model that is known here"));
    embed(&format!(
        "{{models: {{providers: {{\"amazon-bedrock\": {{models: [{{id: '{arn}', params: {{canonicalModelId: '{COHERE}'}}}}]}}}}}}}}"
    ));
    // What stands behind such an ARN the emulator does not know, but it was asked in the right words.
    assert_eq!(bodies(&server)[0]["texts"][0], "granite");
}

#[tokio::test]
async fn bedrocks_own_limits_are_told_in_its_words() {
    let server = Server::start();
    let client = client(&server);
    let refusal = async |model: &str, body: String| {
        let error = client.invoke_model_raw(model, Bytes::from(body)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service(ServiceClass::Validation));
        error.service_failure().unwrap().message.clone()
    };
    let texts = serde_json::json!({"texts": vec!["a"; 97], "input_type": "search_query"});
    assert!(
        refusal(COHERE, texts.to_string())
            .await
            .contains("#/texts: expected maximum item count: 96, found: 97")
    );
    let odd = r#"{"inputText":"a","dimensions":300}"#;
    assert!(refusal(TITAN, odd.to_owned()).await.contains("#/dimensions: 300 is not a valid enum value"));
    let answer =
        client.invoke_model_raw(TITAN, Bytes::from_static(br#"{"inputText":"two rocks"}"#)).await.unwrap();
    assert_eq!((answer.input_tokens, answer.request_id.map(|id| id.len())), (Some(2), Some(36)));
    // A text of more tokens than the model takes fails alone.
    let request = EmbedRequest::new(TITAN).text("rock ".repeat(9_000)).text("rock");
    let embeddings = client.embed(&request).await.unwrap();
    let long = embeddings.results[0].as_ref().unwrap_err();
    assert_eq!(long.kind(), ErrorKind::Service(ServiceClass::ContextOverflow));
    assert_eq!(
        (embeddings.results[1].as_ref().unwrap().input_tokens, embeddings.input_tokens),
        (Some(1), Some(1))
    );
}

#[tokio::test]
async fn tokens_are_counted_for_the_model_behind_any_id() {
    let server = Server::start();
    let client = client(&server);
    let sonnet = "anthropic.claude-sonnet-4-20250514-v1:0";
    for model in [
        sonnet.to_owned(),
        format!("us.{sonnet}"),
        format!("{ACCOUNT}:inference-profile/us.{sonnet}"),
        format!("{ACCOUNT}:application-inference-profile/a1b2c3d4e5f6"),
    ] {
        let request =
            ConverseRequest::new(&model).system("Be brief.").message(Message::user("Why is the sky blue?"));
        assert_eq!(client.count_tokens(&request).await.unwrap(), 9, "{model}");
        let sent = server.requests().pop().unwrap();
        assert_eq!(sent.path(), "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens", "{model}");
    }
    let request = ConverseRequest::new("amazon.nova-lite-v1:0").message(Message::user("hi")).max_tokens(5);
    let error = client.count_tokens(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service(ServiceClass::Validation));
    assert!(error.service_failure().unwrap().message.contains("doesn't support counting tokens"));
}

#[test]
fn more_than_one_call_takes_from_stdin_is_refused_with_a_way_out() {
    let input = vec![b'a'; 32 * 1024 * 1024 + 1];
    snapshot("embed-long-input", &run_with_input(&mut program(), &["embed", "--demo"], &input));
}

#[test]
fn a_text_that_is_too_long_is_called_a_text() {
    let long = "rock ".repeat(9_000);
    let mut ran = run_with_input(&mut program(), &["embed", "--demo"], long.as_bytes());
    assert!(lines(&ran)[0]["error"]["message"].as_str().unwrap().starts_with("the text is longer"));
    ran.stdout.clear();
    snapshot("embed-long-text", &ran);
}
