//! CountTokens: how many tokens a request has, without running it.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html>. It counts nothing
//! itself.

use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{Blob, ConverseRequest, Document, Message, SystemContentBlock, ToolConfiguration};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

/// A request of CountTokens. Serialising it gives the body, without `model_id`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CountTokensRequest {
    /// Id of the model; sent in the URL.
    #[serde(skip)]
    pub model_id: String,
    /// What to count.
    #[serde(deserialize_with = "null_as_default")]
    pub input: CountTokensInput,
}

impl From<ConverseRequest> for CountTokensRequest {
    /// Takes over what counts; the rest of the request has no tokens.
    fn from(request: ConverseRequest) -> Self {
        Self {
            model_id: request.model_id,
            input: CountTokensInput::Converse(ConverseTokensRequest {
                messages: request.messages,
                system: request.system,
                tool_config: request.tool_config,
                additional_model_request_fields: request.additional_model_request_fields,
            }),
        }
    }
}

/// What to count.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokensInput.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CountTokensInput {
    /// A body of InvokeModel.
    InvokeModel(InvokeModelTokensRequest),
    /// A request of Converse.
    Converse(ConverseTokensRequest),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Default for CountTokensInput {
    fn default() -> Self {
        Self::Converse(ConverseTokensRequest::default())
    }
}

impl Union for CountTokensInput {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "invokeModel" => member(values, Self::InvokeModel),
            "converse" => member(values, Self::Converse),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for CountTokensInput {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// A body of InvokeModel, to be counted.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelTokensRequest.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InvokeModelTokensRequest {
    /// The body, in the model's own form.
    #[serde(deserialize_with = "null_as_default")]
    pub body: Blob,
}

/// The members of a [`ConverseRequest`] that count.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseTokensRequest.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConverseTokensRequest {
    /// The conversation.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub messages: Vec<Message>,
    /// The system prompt.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub system: Vec<SystemContentBlock>,
    /// The tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfiguration>,
    /// What only this model understands, an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_request_fields: Option<Document>,
}

/// The answer of CountTokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CountTokensResponse {
    /// How many tokens the input has.
    #[serde(deserialize_with = "null_as_default")]
    pub input_tokens: u64,
}
