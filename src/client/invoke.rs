//! InvokeModel: a body in the model's own JSON, sent and handed back as it is.
//!
//! Conversations go through Converse; this is for what Converse does not do. What the bodies mean is not known
//! here.

use super::Client;
use crate::catalog::{ModelId, ResourceKind};
use crate::error::{Error, Result};
use bytes::Bytes;

/// The answer of a model to its own JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvokedModel {
    /// The body, as the model wrote it.
    pub body: Bytes,
    /// Tokens of the request, if Bedrock counted them.
    pub input_tokens: Option<u64>,
    /// The request id, for support cases.
    pub request_id: Option<String>,
}

impl Client {
    /// Sends a body in the model's own JSON, and waits for the whole answer.
    ///
    /// Needs the permission `bedrock:InvokeModel`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>
    ///
    /// # Errors
    /// As [`Client::converse`]; [`Error::UnexpectedAnswer`] for an answer that is no JSON.
    pub async fn invoke_model_raw(&self, model_id: &str, body: Bytes) -> Result<InvokedModel> {
        let call = async {
            let (response, _) = self.post(model_id, "invoke", body).await?;
            let tokens = response.header("x-amzn-bedrock-input-token-count");
            let input_tokens = tokens.and_then(|tokens| tokens.trim().parse().ok());
            let (body, request_id) = self.whole_answer(response).await?;
            Ok(InvokedModel { body, input_tokens, request_id })
        };
        self.0.timeouts.bound(call).await
    }

    /// The foundation model behind an id. It is asked of the service for an application inference profile, whose
    /// ARN does not tell; other ids that do not tell are given back as they are.
    pub(super) async fn foundation_model(&self, model_id: &str) -> Result<String> {
        let id = ModelId::parse(model_id)
            .ok_or_else(|| Error::InvalidRequest(format!("`{model_id}` is no model id").into()))?;
        if let Some(base) = id.base() {
            return Ok(base.to_owned());
        }
        if id.resource() != Some(ResourceKind::ApplicationInferenceProfile) {
            return Ok(id.as_str().to_owned());
        }
        let profile = self.get_inference_profile(id.as_str()).await?;
        let arn = profile.models.into_iter().find_map(|model| model.model_arn);
        let base = arn.as_deref().and_then(ModelId::parse).and_then(|id| id.base().map(str::to_owned));
        Ok(base.unwrap_or_else(|| id.as_str().to_owned()))
    }
}
