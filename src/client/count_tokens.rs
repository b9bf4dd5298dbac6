//! CountTokens: how many tokens a conversation is for a model, without calling the model.
//!
//! It counts what is sent, not what a model would answer.

use super::{Client, unexpected};
use crate::converse::{ConverseRequest, Document, Message, SystemContentBlock, ToolConfiguration};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct CountTokensRequest<'a> {
    input: CountTokensInput<'a>,
}

#[derive(Serialize)]
struct CountTokensInput<'a> {
    converse: ConverseTokensRequest<'a>,
}

/// The members of a request that count.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConverseTokensRequest<'a> {
    messages: &'a [Message],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    system: &'a [SystemContentBlock],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<&'a ToolConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_request_fields: Option<&'a Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountTokensResponse {
    input_tokens: u64,
}

impl Client {
    /// The tokens that a request is for its model: messages, system prompt, tools and additional fields.
    ///
    /// It costs nothing. Bedrock counts for foundation models alone and for few of them; a profile's id or ARN is
    /// replaced by that of its model. Needs the permission `bedrock:CountTokens`; `bedrock:GetInferenceProfile` too
    /// for the ARN of an application inference profile.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html>
    ///
    /// # Errors
    /// As [`Client::converse`]; a model that Bedrock does not count for is
    /// [`ServiceClass::Validation`](crate::ServiceClass::Validation).
    pub async fn count_tokens(&self, request: &ConverseRequest) -> Result<u64> {
        let converse = ConverseTokensRequest {
            messages: &request.messages,
            system: &request.system,
            tool_config: request.tool_config.as_ref(),
            additional_model_request_fields: request.additional_model_request_fields.as_ref(),
        };
        let body = CountTokensRequest { input: CountTokensInput { converse } };
        let body = serde_json::to_vec(&body).map_err(|problem| {
            Error::InvalidRequest(format!("the request cannot be written ({problem})").into())
        })?;
        let model_id = self.foundation_model(&request.model_id).await?;
        let call = async {
            let (response, _) = self.post(&model_id, "count-tokens", body.into()).await?;
            self.whole_answer(response).await
        };
        let (answer, request_id) = self.0.timeouts.bound(call).await?;
        let counted: CountTokensResponse = serde_json::from_slice(&answer).map_err(|problem| {
            let problem = format!("no count of tokens ({problem})");
            unexpected(200, Some("application/json"), &problem, request_id)
        })?;
        Ok(counted.input_tokens)
    }
}
