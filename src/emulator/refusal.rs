//! Error answers as Bedrock gives them: status, `x-amzn-ErrorType`, and AWS's own sentence.
//!
//! Clients classify errors by type and by stable fragments of text, so the words matter here. Only answers
//! with an HTTP error status are made in this file; exceptions inside a stream are faults, see `faults`.
//!
//! Error types: <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>.

use serde_json::{Value, json};
use std::borrow::Cow;

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// `ValidationException`, without namespace or suffix. Empty: the answer names no type.
    pub(super) code: Cow<'static, str>,
    /// AWS's sentence.
    pub(super) message: String,
    /// Value of `x-amz-retry-after`, in milliseconds.
    pub(super) retry_after_ms: Option<u64>,
}

impl Refusal {
    /// An error of this status and type.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: Cow::Borrowed(code), message: message.into(), retry_after_ms: None }
    }

    /// 400: the request is refused.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// 400: the model itself refused the request; Bedrock passes its words on.
    pub(super) fn by_model(message: impl AsRef<str>) -> Self {
        Self::validation(format!("The model returned the following errors: {}", message.as_ref()))
    }

    /// 400: values outside of what the service model allows; the service names all of them at once.
    pub(super) fn constraints(violations: &[String]) -> Self {
        let plural = if violations.len() == 1 { "" } else { "s" };
        Self::validation(format!(
            "{} validation error{plural} detected: {}",
            violations.len(),
            violations.join("; ")
        ))
    }

    /// 400: the body is not what the operation takes.
    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }

    /// 404: no such route.
    pub(super) fn unknown_operation() -> Self {
        Self::new(
            404,
            "UnknownOperationException",
            "The requested operation is not recognized by the service.",
        )
    }

    /// 404: no such model or profile.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "ResourceNotFoundException", message)
    }

    /// 413: more body than Bedrock takes.
    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            413,
            "RequestEntityTooLargeException",
            format!("Request body exceeds the maximum of {limit} bytes."),
        )
    }

    /// 500: this program failed.
    pub(super) fn internal() -> Self {
        Self::new(
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        )
    }

    /// The body. IAM's denials write `Message`, the service itself `message`.
    pub(super) fn body(&self) -> Value {
        match self.code.as_ref() {
            "AccessDeniedException" => json!({ "Message": self.message }),
            _ => json!({ "message": self.message }),
        }
    }

    /// The value of `x-amzn-ErrorType`, with the address that the service appends.
    pub(super) fn error_type(&self) -> Option<String> {
        (!self.code.is_empty())
            .then(|| format!("{}:http://internal.amazon.com/coral/com.amazon.bedrock/", self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn violations_are_counted_and_joined() {
        let one = Refusal::constraints(&["A".to_owned()]);
        assert_eq!(one.message, "1 validation error detected: A");
        let two = Refusal::constraints(&["A".to_owned(), "B".to_owned()]);
        assert_eq!(two.message, "2 validation errors detected: A; B");
        assert_eq!((two.status, two.code.as_ref()), (400, "ValidationException"));
    }

    #[test]
    fn the_type_carries_the_suffix_of_the_service() {
        let refusal = Refusal::validation("x");
        assert!(refusal.error_type().unwrap().starts_with("ValidationException:http://"));
        assert_eq!(refusal.body()["message"], "x");
        let denied = Refusal::new(403, "AccessDeniedException", "y");
        assert_eq!(denied.body()["Message"], "y");
        assert_eq!(Refusal::new(500, "", "z").error_type(), None);
    }
}
