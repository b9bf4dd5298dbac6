//! The library's client against the emulator.

use crate::support::Server;
use outcrop::auth::Credentials;
use outcrop::converse::{ConverseRequest, Message, StopReason};
use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY};
use outcrop::{Client, Env, Error, ErrorKind, ServiceClass, Timeouts, Waiting};
use std::time::Duration;

fn client(server: &Server) -> Client {
    Client::builder()
        .region("us-east-1")
        .endpoint(server.url())
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .build()
        .unwrap()
}

fn request(model: &str) -> ConverseRequest {
    ConverseRequest::new(model).message(Message::user("Why is the sky blue?")).max_tokens(25)
}

#[tokio::test]
async fn whole_and_streamed_answers_are_the_same() {
    let server = Server::start();
    let client = client(&server);
    let whole = client.converse(&request("amazon.nova-lite-v1:0")).await.unwrap();
    let streamed = client.converse_stream(&request("amazon.nova-lite-v1:0")).await.unwrap();
    assert_eq!(streamed.request_id().unwrap().len(), 36);
    let streamed = streamed.collect().await.unwrap();
    assert_eq!(whole.output, streamed.output);
    assert_eq!(whole.usage, streamed.usage);
    assert_eq!(whole.stop_reason, Some(StopReason::MaxTokens));
}

#[tokio::test]
async fn a_client_from_the_environment_needs_nothing_else() {
    let server = Server::start();
    let env = Env::empty()
        .with("AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY_ID)
        .with("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY)
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url());
    let client = Client::from_env(&env).unwrap();
    assert_eq!(client.region().unwrap().value.as_str(), "eu-central-1");
    client.converse(&request("amazon.nova-lite-v1:0")).await.unwrap();
}

#[tokio::test]
async fn a_path_before_the_operation_is_kept_and_signed() {
    // The emulator does not serve the prefix, but it has checked the signature before it says so.
    let server = Server::start();
    let client = Client::builder()
        .region("us-east-1")
        .endpoint(format!("{}/base/", server.url()))
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .build()
        .unwrap();
    let error = client.converse(&request("m")).await.unwrap_err();
    assert_eq!(error.status(), Some(404), "{error:?}");
}

#[tokio::test]
async fn errors_say_what_they_mean() {
    let server = Server::start();
    let client = client(&server);
    for (model, class) in [
        ("emulator.denied", ServiceClass::AccessDenied),
        ("emulator.not-granted", ServiceClass::ModelNotGranted),
        ("emulator.expired", ServiceClass::CredentialsExpired),
        ("emulator.quota", ServiceClass::QuotaExceeded),
        ("emulator.context-overflow", ServiceClass::ContextOverflow),
        ("meta.llama3-2-90b-instruct-v1:0", ServiceClass::NeedsProfile),
        ("no.such-model", ServiceClass::ModelNotFound),
    ] {
        let error = client.converse_stream(&request(model)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service(class), "{model}");
        assert!(error.request_id().is_some(), "{model}");
    }
    assert!(matches!(client.converse(&request(" ")).await, Err(Error::InvalidRequest(_))));
}

#[tokio::test]
async fn silence_ends_with_the_limit_that_was_set() {
    let server = Server::start();
    let limits = |first, next, whole| Timeouts {
        first_event: Duration::from_millis(first),
        next_event: Duration::from_millis(next),
        whole: Duration::from_millis(whole),
        ..Timeouts::default()
    };
    for (model, timeouts, waiting) in [
        ("emulator.slow-60000", limits(100, 0, 0), Waiting::Response),
        ("emulator.slow-60000", limits(0, 0, 100), Waiting::Whole),
        ("emulator.stall-0", limits(3_000, 0, 0), Waiting::FirstEvent),
        ("emulator.stall-2", limits(0, 1_000, 0), Waiting::NextEvent),
        ("emulator.stall-2", limits(0, 0, 3_000), Waiting::Whole),
    ] {
        let client = Client::builder()
            .region("us-east-1")
            .endpoint(server.url())
            .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
            .timeouts(timeouts)
            .max_attempts(1)
            .build()
            .unwrap();
        let outcome = match client.converse_stream(&request(model)).await {
            Ok(stream) => stream.collect().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout(waiting), "{model}");
    }
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        let _ = socket.read(&mut buffer).await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        // Ends only when the client is gone: with nothing more to read, or with a reset.
        while let Ok(read) = socket.read(&mut buffer).await {
            if read == 0 {
                break;
            }
        }
    });
    let client = Client::builder()
        .region("us-east-1")
        .endpoint(url)
        .credentials(Credentials::new("a", "b"))
        .build()
        .unwrap();
    let stream = client.converse_stream(&request("m")).await.unwrap();
    drop(stream);
    tokio::time::timeout(Duration::from_secs(20), server).await.expect("the connection stays open").unwrap();
}
