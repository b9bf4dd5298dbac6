//! What an AWS error means, from its type, its words and its status.
//!
//! The type decides first; a stable fragment of the text only where one type stands for several things; the
//! status last, for answers of proxies that name no type. The same rules serve error answers and exceptions
//! inside a stream.

use crate::error::ServiceClass;

/// The meaning of error type `code` (without namespace), its `message`, and the HTTP `status` (0: unknown).
pub(crate) fn classify_code(code: &str, message: &str, status: u16) -> ServiceClass {
    match code {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedException" => denied(message),
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => ServiceClass::CredentialsExpired,
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestTimeTooSkewed" | "AuthFailure" => {
            signature(code, message)
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "NotAuthorized" => ServiceClass::CredentialsRejected,
        "ValidationException" => validation(message),
        // Some models want a form filled in first, and are "not found" until then.
        "ResourceNotFoundException" if contains_any(message, &["use case details have not been submitted"]) => {
            ServiceClass::ModelNotGranted
        }
        "ResourceNotFoundException" => ServiceClass::ModelNotFound,
        "ServiceQuotaExceededException" => ServiceClass::QuotaExceeded,
        // A daily quota has the type of a busy minute; no wait of seconds helps.
        "ThrottlingException" if contains_any(message, &["tokens per day"]) => ServiceClass::QuotaExceeded,
        // The codes that the AWS SDKs treat as throttling, whatever their status.
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "TransactionInProgressException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "EC2ThrottledException" => ServiceClass::Throttled,
        "ModelNotReadyException" => ServiceClass::ModelNotReady,
        "ModelTimeoutException" => ServiceClass::ModelTimeout,
        "ModelErrorException" | "ModelStreamErrorException" => {
            if is_overflow(message) {
                ServiceClass::ContextOverflow
            } else {
                ServiceClass::ModelError
            }
        }
        "InternalServerException" | "InternalFailure" | "InternalError" => ServiceClass::Internal,
        "ServiceUnavailableException"
        | "ServiceUnavailable"
        // STS cannot reach the identity provider: modelled as retryable.
        | "IDPCommunicationError"
        | "IDPCommunicationErrorException"
        | "RequestTimeout"
        | "RequestTimeoutException" => ServiceClass::Unavailable,
        _ => by_status(status, message),
    }
}

fn by_status(status: u16, message: &str) -> ServiceClass {
    match status {
        400 => validation_or(message, ServiceClass::Other),
        401 => ServiceClass::CredentialsRejected,
        403 => denied(message),
        429 => ServiceClass::Throttled,
        500 => ServiceClass::Internal,
        502..=504 => ServiceClass::Unavailable,
        _ => ServiceClass::Other,
    }
}

fn contains_any(message: &str, fragments: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    fragments.iter().any(|fragment| message.contains(fragment))
}

fn denied(message: &str) -> ServiceClass {
    // Bearer tokens that are no Bedrock keys, or keys past their end, come back as "access denied".
    if contains_any(
        message,
        &["api key has expired", "token has expired", "security token included in the request is expired"],
    ) {
        return ServiceClass::CredentialsExpired;
    }
    if contains_any(
        message,
        &["invalid api key", "api key is not valid", "bearer token", "authentication failed"],
    ) {
        return ServiceClass::CredentialsRejected;
    }
    let no_grant = [
        "access to the model with the specified model id",
        "have access to the model",
        "model access is denied",
        "aws marketplace",
        "not available for this account",
    ];
    // IAM's own sentence names the action; it may name the marketplace too.
    if contains_any(message, &no_grant) && !contains_any(message, &["is not authorized to perform:"]) {
        return ServiceClass::ModelNotGranted;
    }
    ServiceClass::AccessDenied
}

fn signature(code: &str, message: &str) -> ServiceClass {
    let skewed = ["signature expired", "signature not yet current", "request time too skewed"];
    if code == "RequestTimeTooSkewed" || contains_any(message, &skewed) {
        ServiceClass::ClockSkew
    } else {
        ServiceClass::CredentialsRejected
    }
}

fn validation(message: &str) -> ServiceClass {
    validation_or(message, ServiceClass::Validation)
}

fn validation_or(message: &str, otherwise: ServiceClass) -> ServiceClass {
    if contains_any(message, &["on-demand throughput", "an inference profile that contains"]) {
        ServiceClass::NeedsProfile
    } else if contains_any(message, &["model identifier is invalid"]) {
        ServiceClass::ModelNotFound
    } else if is_overflow(message) {
        ServiceClass::ContextOverflow
    } else {
        otherwise
    }
}

/// The ways in which models say that a conversation is too long.
fn is_overflow(message: &str) -> bool {
    let fragments = [
        "input is too long",
        "prompt is too long",
        "too many input tokens",
        "max input token",
        "maximum context length",
        "maximum prompt length",
        "exceeds the context window",
        "exceed context limit",
        "exceeds the available context size",
        "context window exceeds limit",
        "model_context_window_exceeded",
        "reduce the length of the messages",
    ];
    contains_any(message, &fragments)
        || (contains_any(message, &["input token"]) && contains_any(message, &["exceed"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    use ServiceClass as C;

    const CASES: [(&str, &str, u16, ServiceClass); 31] = [
        (
            "AccessDeniedException",
            "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions",
            403,
            C::ModelNotGranted,
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: bedrock:InvokeModel on resource: y",
            403,
            C::AccessDenied,
        ),
        (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            403,
            C::ModelNotGranted,
        ),
        (
            "AccessDeniedException",
            "Invalid API Key format: Must start with pre-defined prefix",
            403,
            C::CredentialsRejected,
        ),
        ("", "Authentication failed: Please make sure your API Key is valid.", 403, C::CredentialsRejected),
        (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            403,
            C::CredentialsExpired,
        ),
        ("UnrecognizedClientException", "", 403, C::CredentialsRejected),
        (
            "InvalidSignatureException",
            "The request signature we calculated does not match",
            403,
            C::CredentialsRejected,
        ),
        (
            "InvalidSignatureException",
            "Signature expired: 20250101T000000Z is now earlier than",
            403,
            C::ClockSkew,
        ),
        ("InvalidSignatureException", "Signature not yet current: 2025", 403, C::ClockSkew),
        (
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn\u{2019}t supported.",
            400,
            C::NeedsProfile,
        ),
        (
            "ValidationException",
            "Retry your request with the ID or ARN of an inference profile that contains this model.",
            400,
            C::NeedsProfile,
        ),
        ("ValidationException", "The provided model identifier is invalid.", 400, C::ModelNotFound),
        ("ValidationException", "Input is too long for requested model.", 400, C::ContextOverflow),
        ("ValidationException", "The number of input tokens exceeds the maximum", 400, C::ContextOverflow),
        (
            "ValidationException",
            "The model returned the following errors: temperature is deprecated",
            400,
            C::Validation,
        ),
        ("ModelStreamErrorException", "too many input tokens", 424, C::ContextOverflow),
        ("ModelErrorException", "boom", 424, C::ModelError),
        // Throttling speaks of tokens too; it is never an overflow.
        ("ThrottlingException", "Too many tokens, please wait before trying again.", 429, C::Throttled),
        (
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
            429,
            C::QuotaExceeded,
        ),
        ("Throttling", "", 400, C::Throttled),
        ("ModelNotReadyException", "", 429, C::ModelNotReady),
        ("ServiceQuotaExceededException", "", 400, C::QuotaExceeded),
        ("ResourceNotFoundException", "", 404, C::ModelNotFound),
        (
            "ResourceNotFoundException",
            "Model use case details have not been submitted for this account.",
            404,
            C::ModelNotGranted,
        ),
        ("InternalFailure", "", 0, C::Internal),
        ("SomethingNew", "", 503, C::Unavailable),
        ("SomethingNew", "", 418, C::Other),
        ("", "", 429, C::Throttled),
        ("", "Bad Gateway", 502, C::Unavailable),
        ("", "", 0, C::Other),
    ];

    #[test]
    fn types_before_words_before_status() {
        for (code, message, status, class) in CASES {
            assert_eq!(classify_code(code, message, status), class, "{code} {message}");
        }
    }
}
