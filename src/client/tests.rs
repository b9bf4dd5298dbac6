//! Settings that are found at the first call, and keys that the service refuses.

use super::*;
use crate::auth::World;
use crate::origin::Origin;
use crate::transport::{HttpResponse, Transport};
use crate::{ServiceClass, TransportFailure, TransportKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A world with one AWS config file and no waiting.
fn world(config: &'static str) -> World {
    World {
        sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
        read_file: Arc::new(move |path| {
            let is_config = path.ends_with("config");
            if is_config { Ok(config.as_bytes().to_vec()) } else { Err(std::io::ErrorKind::NotFound.into()) }
        }),
        ..World::default()
    }
}

fn env(vars: &[(&str, &str)]) -> Env {
    let env = Env::empty().with("HOME", "/h").with("AWS_EC2_METADATA_DISABLED", "true");
    vars.iter().fold(env, |env, (name, value)| env.with(*name, *value))
}

const KEYS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];

#[tokio::test]
async fn settings_come_from_the_profile_at_the_first_call() {
    let config = "[profile p]\nregion = eu-west-3\nendpoint_url = https://h.example/x\nmax_attempts = 7\n\
                  retry_mode = adaptive\n";
    let client = Client::builder().env(&env(&KEYS)).profile("p").world(world(config)).build().unwrap();
    assert!(client.region().is_none() && client.endpoint().is_none());
    let settings = client.settings().await.unwrap();
    assert_eq!(settings.region.value.as_str(), "eu-west-3");
    assert_eq!(settings.endpoint.value.url, "https://h.example/x");
    assert_eq!(settings.policy.max_attempts.value, 7);
    assert!(settings.limiter.is_some());
    assert_eq!(client.region(), Some(&settings.region));
    assert_eq!(client.endpoint(), Some(&settings.endpoint));
}

#[tokio::test]
async fn a_variable_is_known_before_the_first_call_and_a_broken_file_is_seen_when_it_is_repaired() {
    let texts = Arc::new(Mutex::new("broken"));
    let read = Arc::clone(&texts);
    let mut world = world("");
    world.read_file = Arc::new(move |_| Ok(read.lock().unwrap().as_bytes().to_vec()));
    let builder = || Client::builder().world(world.clone());
    let named = builder().env(&env(&[("AWS_REGION", "eu-north-1")])).build().unwrap();
    assert_eq!(named.region().unwrap().value.as_str(), "eu-north-1");
    let client = builder().env(&env(&KEYS)).build().unwrap();
    assert!(matches!(client.settings().await, Err(Error::Config(_))));
    *texts.lock().unwrap() = "";
    let region = &client.settings().await.unwrap().region;
    assert_eq!((region.value.as_str(), &region.origin), ("us-east-1", &Origin::Default));
}

#[tokio::test]
async fn without_an_environment_nothing_is_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let transport = Transport::scripted(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(HttpResponse::whole(500, vec![], "")) }
    });
    let mut world = world("");
    world.read_file = Arc::new(|path| panic!("{}", path.display()));
    let client = Client::builder().transport(transport).world(world).build().unwrap();
    assert!(matches!(client.auth().await, Err(Error::NoCredentials(_))));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// A container agent that counts its answers, and a service that refuses the first `refused` requests with `code`.
fn refusing(refused: usize, code: &'static str) -> (Transport, Arc<Mutex<Vec<String>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        let mut log = log.lock().unwrap();
        let is_agent = request.url.starts_with("http://169.254.170.2");
        log.push(if is_agent { "agent" } else { "service" }.to_owned());
        let count = |kind: &str| log.iter().filter(|line| *line == kind).count();
        let answer = if is_agent {
            let keys = count("agent");
            let body = format!(
                r#"{{"AccessKeyId":"K{keys}","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}}"#
            );
            HttpResponse::whole(200, vec![], body)
        } else if count("service") <= refused {
            HttpResponse::whole(403, vec![("x-amzn-errortype".into(), code.into())], "{}")
        } else {
            HttpResponse::whole(200, vec![("content-type".into(), "application/json".into())], "{}")
        };
        async move { Ok::<_, Box<TransportFailure>>(answer) }
    });
    (transport, sent)
}

#[tokio::test]
async fn refused_keys_are_renewed_once() {
    let agent = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c")];
    for (vars, refused, code, steps, attempts) in [
        (&agent[..], 1, "ExpiredTokenException", "agent service agent service", None),
        (&agent, 1, "UnrecognizedClientException", "agent service agent service", None),
        (&agent, 2, "ExpiredTokenException", "agent service agent service", Some(2)),
        (&agent, 1, "AccessDeniedException", "agent service", Some(1)),
        (&KEYS, 1, "ExpiredTokenException", "service", Some(1)),
    ] {
        let (transport, sent) = refusing(refused, code);
        let client =
            Client::builder().env(&env(vars)).region("us-east-1").transport(transport).world(world(""));
        let outcome = client.build().unwrap().converse_raw("m", "{}".into()).await;
        assert_eq!(sent.lock().unwrap().join(" "), steps, "{code}");
        assert_eq!(outcome.err().and_then(|error| error.attempts()), attempts, "{code} {steps}");
    }
}

#[tokio::test]
async fn the_preference_for_bearer_tokens_is_refused_without_one() {
    let config = "[default]\nauth_scheme_preference = httpBearerAuth\n";
    let client = Client::builder().env(&env(&KEYS)).world(world(config)).build().unwrap();
    assert!(matches!(client.auth().await, Err(Error::Config(_))));
    // Keys that the program hands over are its own choice.
    let keys = crate::auth::Credentials::new("A", "s");
    let client = Client::builder().env(&env(&[])).credentials(keys).world(world(config)).build().unwrap();
    assert!(client.auth().await.is_ok());
}

#[tokio::test]
async fn no_connection_is_no_refusal() {
    let transport = Transport::scripted(|_| async {
        Err(Box::new(TransportFailure {
            kind: TransportKind::Connect,
            host: "h".into(),
            detail: String::new(),
            attempts: 1,
            waited_ms: 0,
            position: None,
        }))
    });
    let client = Client::builder().env(&env(&KEYS)).region("us-east-1").transport(transport).world(world(""));
    let error = client.build().unwrap().converse_raw("m", "{}".into()).await.unwrap_err();
    assert_eq!(error.attempts(), Some(3));
    assert!(!matches!(error.kind(), crate::ErrorKind::Service(ServiceClass::CredentialsExpired)));
}

/// Calls can be made from tasks of a multi-threaded runtime.
#[test]
fn half_of_a_surrogate_pair_does_not_cost_a_whole_answer() {
    let answer = |text: &str| {
        let body = format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"{text}"}}]}}}},"stopReason":"end_turn"}}"#
        );
        super::read_answer(body.as_bytes(), None)
    };
    let message = answer(r"hi \ud83d").unwrap().output;
    assert!(format!("{message:?}").contains("hi \u{fffd}"), "{message:?}");
    assert!(answer(r"hi \ud8").is_err(), "the rest must still be right");
}

#[test]
fn calls_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let client = Client::builder().build().unwrap();
    is_send(&client.converse_raw("m", Bytes::new()));
    is_send(&client.converse_stream_raw("m", Bytes::new()));
    is_send(&client.auth());
    is_send(&client.list_foundation_models());
    is_send(&client.get_inference_profile("us.a"));
}

#[tokio::test]
async fn configured_values_stand_between_variables_and_profile_and_headers_are_signed() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        log.lock().unwrap().push(request);
        async { Ok(HttpResponse::whole(200, vec![], "{}")) }
    });
    let from_file =
        |value: &str| Sourced::new(value.to_owned(), Origin::File { path: "c".into(), line: Some(1) });
    let config = "[default]\nregion = eu-west-3\nendpoint_url = https://profile.example\n";
    let builder = || {
        Client::builder()
            .world(world(config))
            .transport(transport.clone())
            .configured_region_from(from_file("eu-north-1"))
            .configured_endpoint_from(from_file("https://configured.example"))
            .header("X-Team", "rocks")
            .header("Authorization", "mine")
            .header("Host", "other")
    };
    for (vars, region, url) in [
        (vec![], "eu-north-1", "https://configured.example"),
        (
            vec![("AWS_REGION", "us-west-2"), ("AWS_ENDPOINT_URL", "https://v.example")],
            "us-west-2",
            "https://v.example",
        ),
    ] {
        let env = vars.iter().fold(env(&KEYS), |env, (name, value)| env.with(*name, *value));
        let client = builder().env(&env).build().unwrap();
        client.converse_raw("m", "{}".into()).await.unwrap();
        let request = sent.lock().unwrap().pop().unwrap();
        assert_eq!(client.region().unwrap().value.as_str(), region);
        assert!(request.url.starts_with(url), "{}", request.url);
        let values = |name: &str| {
            request
                .headers
                .iter()
                .filter(|(known, _)| known == name)
                .map(|(_, v)| v.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(values("x-team"), ["rocks"]);
        assert!(values("host").is_empty());
        let [authorization] = values("authorization")[..] else { panic!() };
        assert!(authorization.contains("x-team") && !authorization.contains("mine"), "{authorization}");
    }
    let env = env(&[("AWS_BEDROCK_SKIP_AUTH", "1")]);
    builder().env(&env).build().unwrap().converse_raw("m", "{}".into()).await.unwrap();
    let request = sent.lock().unwrap().pop().unwrap();
    assert!(request.headers.contains(&("authorization".to_owned(), "mine".to_owned())));
}
