//! Which operation a request is for: method and path, and nothing of the body.
//!
//! Routes: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations.html>.

use super::received::Received;
use super::refusal::Refusal;
use crate::uri;

/// An operation that the emulator answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    CountTokens,
    ListFoundationModels,
    GetFoundationModel,
    ListInferenceProfiles,
    GetInferenceProfile,
}

impl Operation {
    /// The name that AWS uses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::Converse => "Converse",
            Operation::ConverseStream => "ConverseStream",
            Operation::InvokeModel => "InvokeModel",
            Operation::CountTokens => "CountTokens",
            Operation::ListFoundationModels => "ListFoundationModels",
            Operation::GetFoundationModel => "GetFoundationModel",
            Operation::ListInferenceProfiles => "ListInferenceProfiles",
            Operation::GetInferenceProfile => "GetInferenceProfile",
        }
    }
}

/// An operation with the id in its path, decoded; empty where the path has none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) id: String,
}

/// Finds the operation.
///
/// # Errors
///
/// 404 `UnknownOperationException`.
pub(super) fn route(received: &Received) -> Result<Route, Refusal> {
    let path = received.path();
    let found = match received.method.as_str() {
        "POST" => path.strip_prefix("/model/").and_then(|rest| {
            // The last slash, since a model id may come with its own slashes unescaped.
            let (id, operation) = rest.rsplit_once('/')?;
            let operation = match operation {
                "converse" => Operation::Converse,
                "converse-stream" => Operation::ConverseStream,
                "invoke" => Operation::InvokeModel,
                "count-tokens" => Operation::CountTokens,
                _ => return None,
            };
            Some((operation, id))
        }),
        "GET" => match path {
            "/foundation-models" => Some((Operation::ListFoundationModels, "")),
            "/inference-profiles" => Some((Operation::ListInferenceProfiles, "")),
            _ => path
                .strip_prefix("/foundation-models/")
                .map(|id| (Operation::GetFoundationModel, id))
                .or_else(|| {
                    path.strip_prefix("/inference-profiles/").map(|id| (Operation::GetInferenceProfile, id))
                }),
        },
        _ => None,
    };
    let (operation, id) = found.ok_or_else(Refusal::unknown_operation)?;
    let id = uri::decode_segment(id).ok_or_else(Refusal::unknown_operation)?;
    Ok(Route { operation, id })
}

#[cfg(test)]
mod tests {
    use super::{Operation, route};
    use crate::emulator::received::Received;
    use bytes::Bytes;

    fn request(method: &str, target: &str) -> Received {
        Received {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn paths_name_operations() {
        for (method, target, operation, id) in [
            ("POST", "/model/amazon.nova-lite-v1%3A0/converse", Operation::Converse, "amazon.nova-lite-v1:0"),
            ("POST", "/model/m/converse-stream?x=1", Operation::ConverseStream, "m"),
            ("POST", "/model/m/invoke", Operation::InvokeModel, "m"),
            ("POST", "/model/arn%3Aaws%3Ax%2Fy/count-tokens", Operation::CountTokens, "arn:aws:x/y"),
            ("POST", "/model/arn:aws:x/y/converse", Operation::Converse, "arn:aws:x/y"),
            ("GET", "/foundation-models?byProvider=x", Operation::ListFoundationModels, ""),
            ("GET", "/foundation-models/a%3A0", Operation::GetFoundationModel, "a:0"),
            ("GET", "/inference-profiles", Operation::ListInferenceProfiles, ""),
            ("GET", "/inference-profiles/us.a", Operation::GetInferenceProfile, "us.a"),
        ] {
            let found = route(&request(method, target)).unwrap();
            assert_eq!((found.operation, found.id.as_str()), (operation, id), "{target}");
        }
    }

    #[test]
    fn everything_else_is_unknown() {
        for (method, target) in [
            ("GET", "/"),
            ("GET", "/model/m/converse"),
            ("POST", "/foundation-models"),
            ("POST", "/model/m/invoke-with-response-stream"),
            ("POST", "/model/converse"),
            ("POST", "/model/%/converse"),
            ("PUT", "/model/m/converse"),
            ("OPTIONS", "*"),
        ] {
            let refusal = route(&request(method, target)).unwrap_err();
            assert_eq!(
                (refusal.status, refusal.code.as_ref()),
                (404, "UnknownOperationException"),
                "{target}"
            );
        }
    }
}
