//! Order, concurrency, refused texts, and errors that concern all texts, against a scripted service.

use super::*;
use crate::Env;
use crate::auth::{Credentials, World};
use crate::error::ErrorKind;
use crate::transport::{HttpRequest, HttpResponse, Transport};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-english-v3";

type Log = Arc<Mutex<Vec<HttpRequest>>>;

fn client(transport: Transport) -> Client {
    let world = World { sleep: Arc::new(|_| Box::pin(std::future::ready(()))), ..World::default() };
    let builder = Client::builder().env(&Env::empty()).region("eu-west-1").transport(transport).world(world);
    builder.credentials(Credentials::new("AKID", "s")).build().unwrap()
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let tokens = ("x-amzn-bedrock-input-token-count".to_owned(), "5".to_owned());
    HttpResponse::whole(status, vec![json, tokens], body.to_string())
}

fn refusal(code: &str, status: u16) -> HttpResponse {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let kind = ("x-amzn-errortype".to_owned(), code.to_owned());
    HttpResponse::whole(status, vec![json, kind], r#"{"message":"no"}"#)
}

/// The texts of a call.
fn texts(request: &HttpRequest) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    match body.get("texts") {
        Some(texts) => serde_json::from_value(texts.clone()).unwrap(),
        None => vec![body["inputText"].as_str().unwrap().to_owned()],
    }
}

/// Vectors of one number, the one in the text; calls with a text `bad` are refused as `code`.
fn numbers(code: &'static str, status: u16) -> (Client, Log) {
    let log = Log::default();
    let sent = Arc::clone(&log);
    let transport = Transport::scripted(move |request| {
        let texts = texts(&request);
        sent.lock().unwrap().push(request);
        let vectors: Vec<Vec<f32>> =
            texts.iter().filter_map(|text| Some(vec![text.trim().parse().ok()?])).collect();
        let response = if vectors.len() < texts.len() {
            refusal(code, status)
        } else if texts.len() == 1 {
            answer(200, &json!({ "embedding": vectors[0], "embeddings": vectors }))
        } else {
            answer(200, &json!({ "embeddings": vectors }))
        };
        async move { Ok(response) }
    });
    (client(transport), log)
}

/// First numbers of the vectors, and kinds of errors.
fn outcomes(results: &[EmbeddingResult]) -> Vec<Result<f32, ErrorKind>> {
    let outcome = |result: &EmbeddingResult| match result {
        Ok(embedding) => Ok(embedding.vector[0]),
        Err(error) => Err(error.kind()),
    };
    results.iter().map(outcome).collect()
}

const REFUSED: Result<f32, ErrorKind> = Err(ErrorKind::Service(ServiceClass::Validation));

#[tokio::test]
async fn results_come_in_the_order_of_the_texts_however_calls_end() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let transport = Transport::scripted(move |request| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let number: u32 = texts(&request)[0].parse().unwrap();
            // Earlier calls take longer than later ones.
            for _ in 0..(40 - number) * 5 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(answer(200, &json!({ "embedding": [number], "inputTextTokenCount": 2 })))
        }
    });
    let request = EmbedRequest::new(TITAN).texts((0..40).map(|number| number.to_string())).concurrency(4);
    let (mut seen, client) = (Vec::new(), client(transport));
    let take = |at, result: EmbeddingResult| {
        seen.push((at, result.unwrap().vector[0]));
        Ok(())
    };
    assert_eq!(client.embed_each(&request, take).await.unwrap(), Some(80));
    assert_eq!(seen, (0..40).map(|number| (number, number as f32)).collect::<Vec<_>>());
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn results_that_wait_for_a_slow_one_do_not_fill_the_memory() {
    let (sent, by_the_end) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, end) = (Arc::clone(&sent), Arc::clone(&by_the_end));
    let transport = Transport::scripted(move |request| {
        let (count, end) = (Arc::clone(&count), Arc::clone(&end));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            if texts(&request) == ["slow"] {
                for _ in 0..50_000 {
                    tokio::task::yield_now().await;
                }
                end.store(count.load(Ordering::SeqCst), Ordering::SeqCst);
            }
            Ok(answer(200, &json!({ "embedding": [1] })))
        }
    });
    let request = EmbedRequest::new(TITAN).text("slow").texts(vec!["quick"; 2 * WAITING_RESULTS]);
    let embeddings = client(transport).embed(&request).await.unwrap();
    assert_eq!(embeddings.results.iter().flatten().count(), 1 + 2 * WAITING_RESULTS);
    let most = WAITING_RESULTS + request.concurrency;
    assert!((WAITING_RESULTS..=most).contains(&by_the_end.load(Ordering::SeqCst)), "{by_the_end:?}");
    assert_eq!(sent.load(Ordering::SeqCst), 1 + 2 * WAITING_RESULTS);
}

#[tokio::test]
async fn calls_of_many_texts_are_full_and_leave_blank_ones_out() {
    let (client, log) = numbers("", 0);
    let mut request = EmbedRequest::new(COHERE).texts((0..200).map(|number| number.to_string()));
    request.texts[3] = " \n".to_owned();
    let embeddings = client.embed(&request).await.unwrap();
    let sizes: Vec<usize> = log.lock().unwrap().iter().map(|call| texts(call).len()).collect();
    assert_eq!(sizes, [96, 96, 7]);
    let outcomes = outcomes(&embeddings.results);
    assert_eq!((outcomes.len(), outcomes[3]), (200, Err(ErrorKind::InvalidRequest)));
    let others = outcomes.iter().enumerate().filter(|(at, _)| *at != 3);
    others.for_each(|(at, outcome)| assert_eq!(*outcome, Ok(at as f32)));
    // Tokens of several texts cannot be told apart.
    assert_eq!(embeddings.input_tokens, Some(15));
    assert_eq!(embeddings.results[0].as_ref().unwrap().input_tokens, None);
}

#[tokio::test]
async fn long_texts_go_in_more_calls() {
    let (client, log) = numbers("", 0);
    let long = format!("{}1", " ".repeat(CALL_BYTES / 2));
    let request = EmbedRequest::new(COHERE).texts([long.as_str(), long.as_str(), "2"]);
    let embeddings = client.embed(&request).await.unwrap();
    assert_eq!(log.lock().unwrap().iter().map(|call| texts(call).len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(outcomes(&embeddings.results), [Ok(1.0), Ok(1.0), Ok(2.0)]);
}

#[tokio::test]
async fn a_refused_text_does_not_take_others_with_it() {
    let (client, log) = numbers("ValidationException", 400);
    for (model, calls) in [(TITAN, 9), (COHERE, 11)] {
        log.lock().unwrap().clear();
        let request = EmbedRequest::new(model).texts(["0", "1", "2", "bad", "4", "5", "bad", "7", "8"]);
        let embeddings = client.embed(&request).await.unwrap();
        let expected = [Ok(0.0), Ok(1.0), Ok(2.0), REFUSED, Ok(4.0), Ok(5.0), REFUSED, Ok(7.0), Ok(8.0)];
        assert_eq!(outcomes(&embeddings.results), expected, "{model}");
        assert_eq!(log.lock().unwrap().len(), calls, "{model}");
    }
}

#[tokio::test]
async fn an_error_that_concerns_all_texts_ends_the_sending() {
    let (client, log) = numbers("AccessDeniedException", 403);
    let request = EmbedRequest::new(TITAN).texts(vec!["bad"; 50]).concurrency(2);
    let embeddings = client.embed(&request).await.unwrap();
    let denied = Err(ErrorKind::Service(ServiceClass::AccessDenied));
    assert_eq!(outcomes(&embeddings.results), [denied; 50]);
    assert!(log.lock().unwrap().len() <= 3, "{}", log.lock().unwrap().len());
}

#[tokio::test]
async fn what_the_caller_refuses_ends_it() {
    let (client, log) = numbers("", 0);
    let request = EmbedRequest::new(TITAN).texts(vec!["1"; 50]).concurrency(1);
    let full = |_, _| Err(Error::InvalidRequest("full".into()));
    assert_eq!(client.embed_each(&request, full).await.unwrap_err().to_string(), "full");
    assert!(log.lock().unwrap().len() <= 2);
}

#[tokio::test]
async fn vectors_are_scaled_here_only_for_models_that_do_not() {
    for (model, normalize, expected) in [
        (COHERE, None, 3.0),
        (COHERE, Some(true), 1.0),
        (COHERE, Some(false), 3.0),
        // This model does it by itself, and did it.
        (TITAN, Some(true), 3.0),
    ] {
        let (client, _) = numbers("", 0);
        let mut request = EmbedRequest::new(model).text("3");
        request.options.normalize = normalize;
        let embeddings = client.embed(&request).await.unwrap();
        assert_eq!(outcomes(&embeddings.results), [Ok(expected)], "{model} {normalize:?}");
    }
}

#[tokio::test]
async fn a_model_of_no_known_family_is_refused_before_anything_is_sent() {
    let (client, log) = numbers("", 0);
    for (model, problem) in [
        ("amazon.nova-lite-v1:0", "is no embedding model that is known here"),
        ("word", "is no embedding model that is known here"),
        ("", "is no model id"),
    ] {
        let error = client.embed(&EmbedRequest::new(model).text("1")).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{model}: {error}");
    }
    let odd = EmbedRequest::new(TITAN).text("1").dimensions(7);
    assert!(client.embed(&odd).await.unwrap_err().to_string().contains("256, 512 or 1024"));
    assert!(log.lock().unwrap().is_empty());
    let hinted = EmbedRequest::new("word").text("1").family(EmbeddingFamily::TitanTextV2);
    assert_eq!(outcomes(&client.embed(&hinted).await.unwrap().results), [Ok(1.0)]);
    assert!(log.lock().unwrap()[0].url.ends_with("/model/word/invoke"));
}

#[tokio::test]
async fn no_text_is_no_call() {
    fn on_any_thread<T: Send>(future: T) -> T {
        future
    }
    let (client, log) = numbers("", 0);
    let embeddings = on_any_thread(client.embed(&EmbedRequest::new(TITAN))).await.unwrap();
    assert!(embeddings.results.is_empty() && embeddings.input_tokens.is_none());
    assert!(log.lock().unwrap().is_empty());
}
