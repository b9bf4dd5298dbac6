//! Which lists are asked for, and what becomes of those that do not come.

use super::*;
use crate::auth::{Credentials, World};
use crate::catalog::discover::ProviderFilter;
use crate::transport::{HttpResponse, Transport};
use std::sync::{Arc, Mutex};

const MODELS: &str = r#"{"modelSummaries": [
    {"modelId": "acme.one", "modelName": "One", "responseStreamingSupported": true, "outputModalities": ["TEXT"],
     "modelLifecycle": {"status": "ACTIVE"}}]}"#;
const SYSTEM: &str = r#"{"inferenceProfileSummaries": [
    {"inferenceProfileId": "us.acme.one", "type": "SYSTEM_DEFINED", "status": "ACTIVE"}]}"#;
const OWN: &str = r#"{"inferenceProfileSummaries": [
    {"inferenceProfileId": "a1", "inferenceProfileArn": "arn:a1", "type": "APPLICATION", "status": "ACTIVE"}]}"#;

/// A client whose lists are answered with these statuses, and how many requests it sent.
fn client(models: u16, system: u16, own: u16) -> (Client, Arc<Mutex<Vec<String>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        let (status, body) = match request.url.rsplit_once('=').map(|(_, last)| last) {
            Some("SYSTEM_DEFINED") => (system, SYSTEM),
            Some("APPLICATION") => (own, OWN),
            _ => (models, MODELS),
        };
        log.lock().unwrap().push(request.url);
        let body = match status {
            200 => body,
            403 => r#"{"__type": "AccessDeniedException", "message": "User: x is not authorized."}"#,
            _ => r#"{"__type": "ValidationException", "message": "no such thing"}"#,
        };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        async move { Ok(HttpResponse::whole(status, headers, body)) }
    });
    let world = World { sleep: Arc::new(|_| Box::pin(std::future::ready(()))), ..World::default() };
    let client = Client::builder().region("us-east-1").credentials(Credentials::new("AKID", "s"));
    (client.transport(transport).world(world).build().unwrap(), sent)
}

#[tokio::test]
async fn a_listing_lives_without_profiles_and_says_what_is_missing() {
    let needs = "are missing: they need the permission `bedrock:ListInferenceProfiles`";
    for (system, own, ids, warning) in [
        (200, 200, "us.acme.one acme.one arn:a1", None),
        (200, 403, "us.acme.one acme.one", Some(format!("the account's own inference profiles {needs}"))),
        (403, 200, "acme.one arn:a1", Some(format!("the inference profiles of AWS {needs}"))),
        (403, 403, "acme.one", Some(format!("inference profiles {needs}"))),
        (
            400,
            400,
            "acme.one",
            Some(
                "inference profiles are missing: the request was refused as invalid (no such thing)"
                    .to_owned(),
            ),
        ),
    ] {
        let (client, sent) = client(200, system, own);
        let listing = discover(&client, &DiscoveryOptions::default()).await.unwrap();
        let mut found: Vec<_> = listing.entries.iter().map(|entry| entry.id.as_str()).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = ids.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!((listing.warnings.first(), listing.warnings.len() < 2), (warning.as_ref(), true));
        assert_eq!(listing.complete, warning.is_none());
        assert_eq!((listing.region.as_str(), sent.lock().unwrap().len()), ("us-east-1", 3));
        assert_eq!(listing.endpoint, "https://bedrock.us-east-1.amazonaws.com");
    }
}

#[tokio::test]
async fn without_models_there_is_no_listing_and_a_denial_names_the_permission() {
    for (status, fragment) in [
        (403, "x is not authorized: it needs the permission `bedrock:ListFoundationModels`"),
        (400, "no such thing"),
    ] {
        let (client, _) = client(status, 200, 200);
        let error = discover(&client, &DiscoveryOptions::default()).await.unwrap_err();
        let message = &error.service_failure().unwrap().message;
        assert!(message.ends_with(fragment), "{message}");
    }
}

#[tokio::test]
async fn profiles_are_not_asked_for_when_they_are_not_wanted() {
    let options = DiscoveryOptions { include_inference_profiles: false, ..DiscoveryOptions::default() };
    let (client, sent) = client(200, 403, 403);
    let listing = discover(&client, &options).await.unwrap();
    assert!(listing.complete && listing.entries.len() == 1);
    let nobody = DiscoveryOptions { provider_filter: ProviderFilter::new(["nobody"]), ..options };
    assert!(discover(&client, &nobody).await.unwrap().entries.is_empty());
    assert_eq!(sent.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn two_futures_run_at_the_same_time_to_the_end_of_both() {
    let (one, two) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let first = async {
        one.notify_one();
        two.notified().await;
        1
    };
    let second = async {
        one.notified().await;
        two.notify_one();
        2
    };
    assert_eq!(both(Box::pin(first), Box::pin(second)).await, (1, 2));
}

#[cfg(feature = "emulator")]
mod against_the_emulator {
    use super::*;
    use crate::emulator::{
        DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions, Scenario,
    };

    /// One model of each sort: for all, profile only, legacy, without streams, for pictures, of words that
    /// nobody knows.
    fn models() -> String {
        let model = |id: &str,
                     name: &str,
                     input: &str,
                     output: &str,
                     streaming: bool,
                     inference: &str,
                     status: &str,
                     profiles: &str| {
            let (family, _) = id.split_once('.').unwrap();
            format!(
                r#"{{"id": "{id}", "name": "{name}", "provider": "{family} Inc", "input": [{input}], "output": ["{output}"],
                    "streaming": {streaming}, "inference": ["{inference}"], "status": "{status}",
                    "context_window": 1000, "max_tokens": 100, "tools": "none", "thinking": "none",
                    "caching": false, "profiles": [{profiles}]}}"#
            )
        };
        let models = [
            model(
                "acme.granite",
                "Granite",
                r#""TEXT", "IMAGE""#,
                "TEXT",
                true,
                "ON_DEMAND",
                "ACTIVE",
                r#""us""#,
            ),
            model(
                "acme.gneiss",
                "Gneiss",
                r#""TEXT""#,
                "TEXT",
                true,
                "INFERENCE_PROFILE",
                "ACTIVE",
                r#""global", "us", "eu""#,
            ),
            model("acme.marl", "Marl", r#""TEXT""#, "TEXT", true, "ON_DEMAND", "LEGACY", r#""us""#),
            model("acme.silt", "Silt", r#""TEXT""#, "TEXT", false, "ON_DEMAND", "ACTIVE", r#""us""#),
            model("other.slate", "Slate", r#""TEXT""#, "IMAGE", true, "ON_DEMAND", "ACTIVE", ""),
            model("other.opal", "Opal", r#""TEXT", "SMELL""#, "TEXT", true, "LEASED", "ACTIVE", r#""us""#),
            model("other.chert", "Chert", r#""TEXT""#, "TEXT", true, "ON_DEMAND", "DORMANT", ""),
        ];
        format!(
            r#"{{"models": [{}], "application_profiles": [
                {{"id": "p1", "name": "team", "base": "acme.gneiss"}},
                {{"id": "p2", "name": "old team", "base": "acme.marl"}},
                {{"id": "p3", "name": "new team", "base": "acme.granite", "status": "CREATING"}}]}}"#,
            models.join(",")
        )
    }

    async fn start(scenario: &str) -> Emulator {
        let scenario = Scenario::from_json(scenario).unwrap();
        let options =
            EmulatorOptions { models: Some(models()), page_size: 3, scenario, ..EmulatorOptions::default() };
        Emulator::start(options).await.unwrap()
    }

    fn builder(emulator: &Emulator) -> crate::client::ClientBuilder {
        Client::builder().region("us-east-1").control_endpoint(emulator.url())
    }

    fn rows(listing: &Listing) -> Vec<(&str, &str, &[String])> {
        let entries = listing.entries.iter();
        entries.map(|entry| (entry.id.as_str(), entry.name.as_str(), entry.input.names())).collect()
    }

    #[tokio::test]
    async fn exactly_what_can_be_talked_to_is_listed() {
        let emulator = start("[]").await;
        let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
        let clients =
            [builder(&emulator).credentials(keys), builder(&emulator).bearer_token(DEMO_BEARER_TOKEN)];
        let own = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/p1";
        let (text, smell) = (&["TEXT".to_owned()][..], &["TEXT".to_owned(), "SMELL".to_owned()][..]);
        let image = &["TEXT".to_owned(), "IMAGE".to_owned()][..];
        for client in clients {
            let client = client.build().unwrap();
            let listing = discover(&client, &DiscoveryOptions::default()).await.unwrap();
            assert_eq!(
                rows(&listing),
                [
                    ("global.acme.gneiss", "Global acme Inc Gneiss", text),
                    ("acme.granite", "Granite", image),
                    (own, "team", text),
                    ("us.acme.gneiss", "US acme Inc Gneiss", text),
                    ("us.acme.granite", "US acme Inc Granite", image),
                    ("us.other.opal", "US other Inc Opal", smell),
                ]
            );
            assert!(listing.complete && listing.warnings.is_empty());
        }
        // Six profiles of the system in two pages, the account's in one, and the models; twice.
        assert_eq!(emulator.requests().len(), 8);
    }

    #[tokio::test]
    async fn either_list_can_be_denied() {
        let deny = |list: &str| {
            format!(r#"[{{"match": {{"operation": "{list}"}}, "fault": {{"kind": "denied"}}}}]"#)
        };
        let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
        let options = DiscoveryOptions::default();
        let emulator = start(&deny("ListInferenceProfiles")).await;
        let client = builder(&emulator).credentials(keys.clone()).build().unwrap();
        let listing = discover(&client, &options).await.unwrap();
        assert_eq!(rows(&listing).iter().map(|row| row.0).collect::<Vec<_>>(), ["acme.granite"]);
        assert!(listing.warnings[0].contains("`bedrock:ListInferenceProfiles`"), "{:?}", listing.warnings);
        let emulator = start(&deny("ListFoundationModels")).await;
        let client = builder(&emulator).credentials(keys).build().unwrap();
        let error = discover(&client, &options).await.unwrap_err();
        let failure = error.service_failure().unwrap();
        assert_eq!(failure.class, ServiceClass::AccessDenied);
        assert_eq!(failure.message.matches("bedrock:ListFoundationModels").count(), 2, "in AWS's own words");
    }
}
