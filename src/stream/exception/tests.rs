//! Failures inside a stream, in all their spellings.

use super::*;
use crate::error::ServiceClass;

#[test]
fn exceptions_get_the_name_and_the_status_of_an_answer() {
    for (name, code, status, class) in [
        ("internalServerException", "InternalServerException", 500, ServiceClass::Internal),
        ("modelStreamErrorException", "ModelStreamErrorException", 424, ServiceClass::ModelError),
        ("validationException", "ValidationException", 400, ServiceClass::Validation),
        ("throttlingException", "ThrottlingException", 429, ServiceClass::Throttled),
        ("serviceUnavailableException", "ServiceUnavailableException", 503, ServiceClass::Unavailable),
        ("modelTimeoutException", "ModelTimeoutException", 408, ServiceClass::ModelTimeout),
        ("ThrottlingException", "ThrottlingException", 429, ServiceClass::Throttled),
        ("brandNewException", "BrandNewException", 0, ServiceClass::Other),
        ("überException", "überException", 0, ServiceClass::Other),
        ("", "", 0, ServiceClass::Other),
    ] {
        let failure = modelled(name, b"{}");
        assert_eq!((failure.code.as_str(), failure.status, failure.class), (code, status, class));
    }
}

#[test]
fn the_message_is_found_wherever_it_stands() {
    for (payload, message) in [
        (r#"{"message":"small"}"#, "small"),
        (r#"{"Message":"capital"}"#, "capital"),
        (r#"{"Message":"capital","message":"small"}"#, "small"),
        (r#"{"message":null,"Message":"capital"}"#, "capital"),
        (r#"{"p":"abc"}"#, ""),
        ("", ""),
        ("<html>gone</html>", "<html>gone</html>"),
        (r#"{"message":7}"#, r#"{"message":7}"#),
        ("[]]", "[]]"),
    ] {
        assert_eq!(modelled("validationException", payload.as_bytes()).message, message, "{payload}");
    }
    assert_eq!(modelled("validationException", b"\xff!").message, "\u{fffd}!");
    assert_eq!(modelled("validationException", &[b'x'; 5000]).message.len(), 1024);
}

#[test]
fn the_original_error_of_a_model_is_kept() {
    let payload = br#"{"message":"The model stopped.","originalStatusCode":500,"originalMessage":"boom"}"#;
    let failure = modelled("modelStreamErrorException", payload);
    assert_eq!(failure.message, "The model stopped.");
    assert_eq!(failure.original_status, Some(500));
    assert_eq!(failure.original_message.as_deref(), Some("boom"));
}

#[test]
fn words_decide_where_the_name_says_too_little() {
    let failure = modelled("validationException", br#"{"message":"Input is too long for requested model."}"#);
    assert_eq!(failure.class, ServiceClass::ContextOverflow);
}

#[test]
fn an_unmodelled_error_keeps_its_code() {
    let failure = unmodelled("InternalFailure", "An internal server error occurred");
    assert_eq!((failure.code.as_str(), failure.status), ("InternalFailure", 0));
    assert_eq!(failure.message, "An internal server error occurred");
    assert_eq!(failure.class, ServiceClass::Internal);
}
