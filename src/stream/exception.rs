//! Failures that the service reports inside a stream, after status 200.
//!
//! They end the stream. They get the form of a failed answer, so that callers meet one kind of service failure:
//! code, sentence, class, and the status that the same exception has when it comes as an answer.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>

use super::payload;
use crate::classify::classify_code;
use crate::error::ServiceFailure;

/// How much of a payload that cannot be read is kept as its message, in bytes.
const MAX_RAW_MESSAGE: usize = 1024;

/// The members that exceptions have.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exception {
    message: Option<String>,
    #[serde(rename = "Message")]
    capital_message: Option<String>,
    original_status_code: Option<u16>,
    original_message: Option<String>,
}

/// The failure in a frame of the message type `exception`.
pub(super) fn modelled(exception_type: &str, payload: &[u8]) -> ServiceFailure {
    let exception = payload::json::<Exception>(payload).unwrap_or_else(|_| {
        let readable = payload.get(..MAX_RAW_MESSAGE).unwrap_or(payload);
        Exception {
            message: Some(String::from_utf8_lossy(readable).into_owned()),
            capital_message: None,
            original_status_code: None,
            original_message: None,
        }
    });
    ServiceFailure {
        original_status: exception.original_status_code,
        original_message: exception.original_message,
        ..failure(
            capitalised(exception_type),
            exception.message.or(exception.capital_message).unwrap_or_default(),
        )
    }
}

/// The failure in a frame of the message type `error`.
pub(super) fn unmodelled(code: &str, message: &str) -> ServiceFailure {
    failure(code.to_owned(), message.to_owned())
}

fn failure(code: String, message: String) -> ServiceFailure {
    let status = modelled_status(&code);
    ServiceFailure {
        class: classify_code(&code, &message, status),
        status,
        code,
        message,
        request_id: None,
        original_status: None,
        original_message: None,
        attempts: 1,
        waited_ms: 0,
    }
}

/// A stream writes `throttlingException` where an answer writes `ThrottlingException`.
fn capitalised(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// The status that the service's model gives an exception; 0 for what it does not know.
fn modelled_status(code: &str) -> u16 {
    match code {
        "ValidationException" => 400,
        "ModelTimeoutException" => 408,
        "ModelStreamErrorException" => 424,
        "ThrottlingException" => 429,
        "InternalServerException" => 500,
        "ServiceUnavailableException" => 503,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
