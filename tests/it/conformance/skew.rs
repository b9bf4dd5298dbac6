//! `clock-skew`: several operations of one client, each with its attempts, by a clock that the case sets.

use super::{Verdicts, cases, json_files, name_of, only};
use outcrop::auth::{Credentials, World};
use outcrop::transport::{HttpResponse, Transport};
use outcrop::{Client, time};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(super) async fn run(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.run(name_of(case), check(case)).await;
        }
    }
    verdicts
}

/// The attempts of the operation at hand, and the time.
#[derive(Default)]
struct Stage {
    attempts: Vec<Value>,
    at: usize,
    now: Option<SystemTime>,
    signed: Vec<String>,
}

fn date(attempt: &Value, name: &str) -> Option<SystemTime> {
    attempt[name].as_str().and_then(time::parse_rfc3339)
}

impl Stage {
    /// Moves the clock to the sending of the next attempt.
    fn next(&mut self) {
        self.now = self.attempts.get(self.at).and_then(|attempt| date(attempt, "clientTimeAtSend"));
    }

    /// The answer to the attempt, with the clock at its arrival.
    fn answer(&mut self, signed: Option<&(String, String)>) -> HttpResponse {
        self.signed.push(signed.map(|(_, value)| value.clone()).unwrap_or_default());
        let attempt = self.attempts.get(self.at).cloned().unwrap_or_default();
        self.at += 1;
        self.now = date(&attempt, "clientTimeAtReceive");
        let response = &attempt["response"];
        let headers = response["headers"].as_object().into_iter().flatten();
        let mut headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        if let Some(code) = response["errorCode"].as_str() {
            headers.push(("x-amzn-errortype".to_owned(), code.to_owned()));
        }
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        HttpResponse::whole(status.unwrap_or(599), headers, "{}")
    }
}

fn client(stage: &Arc<Mutex<Stage>>, attempts: Option<u64>) -> Client {
    let (clock, answers, steps) = (Arc::clone(stage), Arc::clone(stage), Arc::clone(stage));
    let world = World {
        clock: Arc::new(move || clock.lock().unwrap().now.unwrap()),
        sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
        ..World::default()
    };
    let transport = Transport::scripted(move |request| {
        let signed = request.headers.iter().find(|(name, _)| name == "x-amz-date");
        let answer = answers.lock().unwrap().answer(signed);
        async { Ok(answer) }
    });
    let builder = Client::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKID", "secret"))
        .transport(transport)
        .world(world)
        .watch(move |notice| {
            if let outcrop::transport::retry::Notice::Retrying { .. } = notice {
                steps.lock().unwrap().next();
            }
        });
    let attempts = attempts.and_then(|attempts| u32::try_from(attempts).ok());
    match attempts {
        Some(attempts) => builder.max_attempts(attempts).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

async fn check(case: &Value) -> Result<(), String> {
    only(case, &["operations"])?;
    let operations = case["operations"].as_array().unwrap();
    let stage = Arc::new(Mutex::new(Stage::default()));
    // One client serves the whole test, so the first number of attempts that is given holds for all of it.
    let attempts = operations.iter().find_map(|operation| operation["maxAttempts"].as_u64());
    let client = client(&stage, attempts);
    for operation in operations {
        check_operation(&client, &stage, operation).await?;
    }
    Ok(())
}

async fn check_operation(
    client: &Client,
    stage: &Arc<Mutex<Stage>>,
    operation: &Value,
) -> Result<(), String> {
    only(
        operation,
        &["maxAttempts", "attempts", "initialClientSkew", "expectedClientSkew", "expectedOutcome"],
    )?;
    let attempts = operation["attempts"].as_array().unwrap().clone();
    for attempt in &attempts {
        only(attempt, &["clientTimeAtSend", "clientTimeAtReceive", "expectedSigningTime", "response"])?;
        only(&attempt["response"], &["statusCode", "headers", "errorCode"])?;
    }
    let initial = operation["initialClientSkew"].as_i64().unwrap_or_default();
    if initial != client.clock_skew_seconds() {
        // Nothing can say it but an answer.
        prime(client, stage, date(&attempts[0], "clientTimeAtSend").unwrap(), initial).await;
    }
    if initial != client.clock_skew_seconds() {
        return Err(format!(
            "a difference of {} s at first, expected {initial}",
            client.clock_skew_seconds()
        ));
    }
    let expected: Vec<String> = attempts
        .iter()
        .map(|attempt| time::amz_date(date(attempt, "expectedSigningTime").unwrap()))
        .collect();
    *stage.lock().unwrap() = Stage { attempts, ..Stage::default() };
    stage.lock().unwrap().next();
    let outcome = client.converse_raw("m", "{}".into()).await;
    let signed = stage.lock().unwrap().signed.clone();
    if signed != expected {
        return Err(format!("signed at {signed:?}, expected {expected:?}"));
    }
    let is_expected = match operation["expectedOutcome"].as_str() {
        Some("success") => outcome.is_ok(),
        Some("error") => outcome.is_err(),
        _ => false,
    };
    if !is_expected {
        return Err(format!("{outcome:?}, expected {}", operation["expectedOutcome"]));
    }
    if operation["expectedClientSkew"] != client.clock_skew_seconds() {
        let found = client.clock_skew_seconds();
        return Err(format!("a difference of {found} s, expected {}", operation["expectedClientSkew"]));
    }
    Ok(())
}

/// One call whose answer shows this difference of the clocks, in seconds.
async fn prime(client: &Client, stage: &Arc<Mutex<Stage>>, now: SystemTime, skew: i64) {
    let span = Duration::from_secs(skew.unsigned_abs());
    let service = if skew < 0 { now - span } else { now + span };
    let attempt = json!({
        "clientTimeAtSend": time::rfc3339(now),
        "clientTimeAtReceive": time::rfc3339(now),
        "response": { "statusCode": 200, "headers": { "date": time::http_date(service) } },
    });
    *stage.lock().unwrap() = Stage { attempts: vec![attempt], ..Stage::default() };
    stage.lock().unwrap().next();
    let _ = client.converse_raw("m", "{}".into()).await;
}
