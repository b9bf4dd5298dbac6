//! Requests that Bedrock refuses, and the prepared ones that it takes.

use crate::support::Server;
use outcrop::auth::Credentials;
use outcrop::catalog::{ModelFacts, ModelId, facts};
use outcrop::converse::ConverseRequest;
use outcrop::converse::prepare::learn::{apply, learn};
use outcrop::converse::prepare::{CacheRetention, PrepareOptions, ThinkingLevel, prepare};
use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY};
use outcrop::{Client, Error};
use serde_json::{Value, json};

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const OPUS: &str = "us.anthropic.claude-opus-4-7";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn client(server: &Server) -> Client {
    Client::builder()
        .region("us-east-1")
        .endpoint(server.url())
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .build()
        .unwrap()
}

fn known(model: &str) -> ModelFacts {
    facts(&ModelId::parse(model).unwrap(), None).facts
}

fn request(model: &str, body: Value) -> ConverseRequest {
    ConverseRequest { model_id: model.to_owned(), ..serde_json::from_value(body).unwrap() }
}

/// Conversations and parameters as other programs leave them.
fn refused() -> Vec<(&'static str, Value)> {
    let (hi, so) = (json!({"role": "user", "content": [{"text": "hi"}]}), json!([{"text": "so"}]));
    let call = |id: &str| json!({"toolUse": {"toolUseId": id, "name": "look", "input": {}}});
    let result = |id: &str| json!({"toolResult": {"toolUseId": id, "content": [{"text": "seen"}]}});
    let tools =
        json!({"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]});
    let turn = |role: &str, content: Value| json!({"role": role, "content": content});
    let answer = turn("assistant", so);
    let paper = json!({"document": {"name": "a.pdf", "format": "pdf", "source": {"bytes": "JVBERi0="}}});
    vec![
        (
            SONNET,
            json!({"messages": [hi, turn("assistant", json!([])), turn("user", json!([{"text": " "}]))]}),
        ),
        (NOVA, json!({"messages": [answer, hi]})),
        (NOVA, json!({"messages": [hi, hi]})),
        (NOVA, json!({"messages": [turn("user", json!([paper]))]})),
        (
            NOVA,
            json!({"messages": [hi, turn("assistant", json!([call("a")])), turn("user", json!([result("a")]))]}),
        ),
        (
            NOVA,
            json!({"toolConfig": tools, "messages": [hi, turn("assistant", json!([call("a"), call("b")])), turn("user", json!([result("b")]))]}),
        ),
        (
            NOVA,
            json!({"toolConfig": tools, "messages": [hi, turn("assistant", json!([call("a b")])), turn("user", json!([result("a b"), result("c")]))]}),
        ),
        (
            NOVA,
            json!({"messages": [hi], "toolConfig": {"tools": [
            {"toolSpec": {"name": "fs.read", "description": "", "inputSchema": {"json": {"type": "object"}}}}]}}),
        ),
        (NOVA, json!({"messages": [hi], "toolConfig": {"tools": []}})),
        (SONNET, json!({"messages": [hi], "inferenceConfig": {"maxTokens": 1_000_000, "temperature": 1.5}})),
        (OPUS, json!({"messages": [hi, answer], "inferenceConfig": {"temperature": 0.5, "topP": 0.5}})),
        (SONNET, json!({"messages": [hi], "inferenceConfig": {"temperature": 0.5, "topP": 0.5}})),
        (
            SONNET,
            json!({"messages": [hi], "system": [{"text": "x"}, {"cachePoint": {"type": "default"}}],
            "requestMetadata": (0..20).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>()}),
        ),
    ]
}

#[tokio::test]
async fn what_is_refused_is_taken_when_it_is_prepared() {
    let server = Server::start();
    let client = client(&server);
    for (model, body) in refused() {
        let given = request(model, body.clone());
        let error = client.converse(&given).await.expect_err(&body.to_string());
        assert!(matches!(error, Error::Service(_)), "{error:?}");
        let prepared = prepare(given, &known(model), &PrepareOptions::default());
        assert!(!prepared.adjustments.is_empty(), "{body}");
        client.converse(&prepared.request).await.unwrap_or_else(|error| panic!("{error:?} for {body}"));
    }
}

#[tokio::test]
async fn wishes_are_put_as_each_model_takes_them() {
    let server = Server::start();
    let client = client(&server);
    let given = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}], "system": [{"text": "Be brief."}]});
    for model in [SONNET, OPUS, NOVA, "us.anthropic.claude-sonnet-4-6"] {
        for thinking in ThinkingLevel::ALL {
            let cache = Some(CacheRetention::Long);
            let options = PrepareOptions { thinking: Some(thinking), cache, ..PrepareOptions::default() };
            let prepared = prepare(request(model, given.clone()), &known(model), &options);
            let answer = client.converse_stream(&prepared.request).await;
            answer.unwrap_or_else(|error| panic!("{model} {thinking:?}: {error:?}"));
        }
    }
}

/// What a client does with facts that are out of date.
#[tokio::test]
async fn a_refusal_is_learned_from_once() {
    let server = Server::start();
    let client = client(&server);
    let mut old = known(OPUS);
    old.thinking = known(SONNET).thinking;
    old.sampling = known(SONNET).sampling;
    let mut generous = known(NOVA);
    generous.max_output_tokens = Some(100_000);
    let hi = json!([{"role": "user", "content": [{"text": "hi"}]}]);
    for (model, body, mut facts, thinking) in [
        (OPUS, json!({"messages": hi, "inferenceConfig": {"temperature": 0.5}}), old.clone(), None),
        (OPUS, json!({"messages": hi}), old, Some(ThinkingLevel::Low)),
        (NOVA, json!({"messages": hi, "inferenceConfig": {"maxTokens": 9_000}}), generous, None),
    ] {
        let mut options = PrepareOptions { thinking, ..PrepareOptions::default() };
        let first = prepare(request(model, body.clone()), &facts, &options).request;
        let error = client.converse(&first).await.expect_err(&body.to_string());
        let refusal = learn(error.service_failure().unwrap()).unwrap();
        assert!(apply(&refusal, &mut facts, &mut options), "{refusal:?}");
        let second = prepare(request(model, body), &facts, &options).request;
        client.converse(&second).await.unwrap();
    }
}
