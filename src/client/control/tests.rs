//! The lists of the control plane: where they are asked for, pages, and answers that are no lists.

use super::*;
use crate::auth::{Credentials, World};
use crate::transport::{HttpRequest, HttpResponse, Transport};
use crate::{Env, Origin, ServiceClass};
use std::sync::{Arc, Mutex};

type Sent = Arc<Mutex<Vec<HttpRequest>>>;

/// A transport that gives `answers` one after another, the last of them again and again.
fn scripted(answers: Vec<(u16, &'static str)>) -> (Transport, Sent) {
    let sent = Sent::default();
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        let mut log = log.lock().unwrap();
        let (status, body) = answers[log.len().min(answers.len() - 1)];
        log.push(request);
        async move {
            Ok(HttpResponse::whole(status, vec![("content-type".into(), "application/json".into())], body))
        }
    });
    (transport, sent)
}

fn client(answers: Vec<(u16, &'static str)>) -> (Client, Sent) {
    let (transport, sent) = scripted(answers);
    let world = World { sleep: Arc::new(|_| Box::pin(std::future::ready(()))), ..World::default() };
    let builder = Client::builder().region("eu-west-1").transport(transport).world(world);
    (builder.credentials(Credentials::new("AKID", "s")).build().unwrap(), sent)
}

fn urls(sent: &Sent) -> Vec<String> {
    sent.lock().unwrap().iter().map(|request| format!("{} {}", request.method, request.url)).collect()
}

#[tokio::test]
async fn models_come_from_the_control_plane_of_the_region_in_a_signed_request_without_a_body() {
    let (client, sent) = client(vec![(200, r#"{"modelSummaries": [{"modelId": "a.b"}], "newer": 1}"#)]);
    let models = client.list_foundation_models().await.unwrap();
    assert_eq!(models[0].model_id, "a.b");
    assert_eq!(urls(&sent), ["GET https://bedrock.eu-west-1.amazonaws.com/foundation-models"]);
    let request = &sent.lock().unwrap()[0];
    let authorization = request.headers.iter().find(|(name, _)| name == "authorization").unwrap();
    assert!(authorization.1.contains("/eu-west-1/bedrock/aws4_request"), "{}", authorization.1);
    assert!(request.body.is_empty() && !request.headers.iter().any(|(name, _)| name == "content-type"));
}

#[tokio::test]
async fn pages_are_followed_and_tokens_escaped() {
    let (client, sent) = client(vec![
        (200, r#"{"inferenceProfileSummaries": [{"inferenceProfileId": "us.a"}], "nextToken": "p+b/= &é"}"#),
        (200, r#"{"inferenceProfileSummaries": null, "nextToken": "2"}"#),
        (200, r#"{"inferenceProfileSummaries": [{"inferenceProfileId": "us.b"}], "nextToken": null}"#),
    ]);
    let profiles = client.list_inference_profiles(InferenceProfileType::SYSTEM_DEFINED).await.unwrap();
    let ids: Vec<_> = profiles.iter().map(|profile| profile.inference_profile_id.as_str()).collect();
    assert_eq!(ids, ["us.a", "us.b"]);
    let first =
        "GET https://bedrock.eu-west-1.amazonaws.com/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED";
    let second = format!("{first}&nextToken=p%2Bb%2F%3D%20%26%C3%A9");
    assert_eq!(urls(&sent), [first, &second, &format!("{first}&nextToken=2")]);
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let a = (200, r#"{"inferenceProfileSummaries": [], "nextToken": "a"}"#);
    let b = (200, r#"{"inferenceProfileSummaries": [], "nextToken": "b"}"#);
    let around = [a, b].into_iter().cycle().take(2 * MOST_PAGES).collect();
    for (answers, requests, problem) in
        [(vec![a], 2, "names itself as the next one"), (around, MOST_PAGES, "does not end after 100 pages")]
    {
        let (client, sent) = client(answers);
        let error = client.list_inference_profiles(InferenceProfileType::APPLICATION).await.unwrap_err();
        assert!(
            matches!(error, Error::UnexpectedAnswer(_)) && error.to_string().contains(problem),
            "{error}"
        );
        assert_eq!(sent.lock().unwrap().len(), requests);
    }
}

#[tokio::test]
async fn a_profile_is_asked_for_by_id_or_arn() {
    let answer = r#"{"inferenceProfileId": "x", "type": "APPLICATION", "models": [{"modelArn": "arn:m"}]}"#;
    let (client, sent) = client(vec![(200, answer)]);
    let arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x";
    let profile = client.get_inference_profile(arn).await.unwrap();
    assert_eq!(profile.profile_type, InferenceProfileType::APPLICATION);
    let path = "/inference-profiles/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fx";
    assert_eq!(urls(&sent), [format!("GET https://bedrock.eu-west-1.amazonaws.com{path}")]);
    for bad in ["", " ", ".."] {
        assert!(matches!(client.get_inference_profile(bad).await, Err(Error::InvalidRequest(_))), "{bad}");
    }
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn failures_are_those_of_any_call() {
    let throttled = (429, r#"{"__type": "ThrottlingException"}"#);
    let models = (200, r#"{"modelSummaries": []}"#);
    let denied = (403, r#"{"__type": "AccessDeniedException", "message": "no"}"#);
    for (answers, expected, requests) in [
        (vec![throttled, models], Ok(0), 2),
        (vec![denied], Err(Some(ServiceClass::AccessDenied)), 1),
        (vec![(200, "{}")], Err(None), 1),
        (vec![(200, "[]")], Err(None), 1),
        (vec![(200, "no json")], Err(None), 1),
    ] {
        let (client, sent) = client(answers);
        let outcome = client.list_foundation_models().await.map(|models| models.len());
        let outcome = outcome.map_err(|error| error.service_failure().map(|failure| failure.class));
        assert_eq!((outcome, sent.lock().unwrap().len()), (expected, requests));
    }
}

#[tokio::test]
async fn the_endpoint_of_the_control_plane_is_its_own() {
    let env = |name: &str| Env::empty().with("AWS_REGION", "us-east-1").with(name, "https://h.example/x/");
    for (name, url) in [
        ("AWS_ENDPOINT_URL_BEDROCK", "https://h.example/x"),
        ("AWS_ENDPOINT_URL", "https://h.example/x"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "https://bedrock.us-east-1.amazonaws.com"),
    ] {
        let client = Client::builder().env(&env(name)).build().unwrap();
        assert_eq!(client.control_endpoint().await.unwrap().value.url, url, "{name}");
    }
    let named =
        Client::builder().env(&env("AWS_ENDPOINT_URL_BEDROCK")).control_endpoint("http://127.0.0.1:1");
    let named = named.build().unwrap();
    let endpoint = named.control_endpoint().await.unwrap();
    assert_eq!((endpoint.value.url.as_str(), &endpoint.origin), ("http://127.0.0.1:1", &Origin::Code));
    assert!(matches!(Client::builder().control_endpoint("h").build(), Err(Error::Config(_))));
    // A variable that cannot be used stops the lists, and nothing else.
    let broken = Env::empty().with("AWS_REGION", "us-east-1").with("AWS_ENDPOINT_URL_BEDROCK", "h");
    let client = Client::builder().env(&broken).build().unwrap();
    assert!(client.settings().await.is_ok());
    assert!(matches!(client.control_endpoint().await, Err(Error::Config(_))));
}
