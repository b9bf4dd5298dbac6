//! The calls to Bedrock's control plane: lists of foundation models and of inference profiles.
//!
//! They go the same way as calls to the runtime, to an endpoint of their own. Pages are followed here; what the
//! lists mean is decided in the catalogue.

use super::call::Call;
use super::{Client, non_zero, unexpected};
use crate::control::{
    FoundationModelSummary, FoundationModels, InferenceProfilePage, InferenceProfileSummary,
    InferenceProfileType,
};
use crate::error::{Error, Result};
use crate::uri::{encode_query, encode_segment};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longest wait for the head of one answer. No model thinks here.
const LIMIT: Duration = Duration::from_secs(30);

/// Profiles on one page at most: as many as the service gives.
const PAGE_SIZE: &str = "1000";

/// More pages than any account has profiles for. A list that is longer does not end.
const MOST_PAGES: usize = 100;

impl Client {
    /// The foundation models of the region, whether the account may call them or not.
    ///
    /// Needs the permission `bedrock:ListFoundationModels`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html>
    ///
    /// # Errors
    /// As [`Client::converse`].
    pub async fn list_foundation_models(&self) -> Result<Vec<FoundationModelSummary>> {
        let call = self.get::<FoundationModels>("/foundation-models");
        Ok(self.0.timeouts.bound(call).await?.model_summaries)
    }

    /// The inference profiles of one type, all pages of them. The service has no list of both types: asked for
    /// none, it gives the system's.
    ///
    /// Needs the permission `bedrock:ListInferenceProfiles`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html>
    ///
    /// # Errors
    /// As [`Client::converse`]; [`Error::UnexpectedAnswer`] for a list without an end.
    pub async fn list_inference_profiles(
        &self,
        profile_type: InferenceProfileType,
    ) -> Result<Vec<InferenceProfileSummary>> {
        self.0.timeouts.bound(self.profile_pages(&profile_type)).await
    }

    async fn profile_pages(
        &self,
        profile_type: &InferenceProfileType,
    ) -> Result<Vec<InferenceProfileSummary>> {
        let mut profiles = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let pairs = [("maxResults", PAGE_SIZE), ("type", profile_type.as_str())];
            let query =
                encode_query(pairs.into_iter().chain(token.as_deref().map(|token| ("nextToken", token))));
            let page: InferenceProfilePage = self.get(&format!("/inference-profiles?{query}")).await?;
            profiles.extend(page.inference_profile_summaries);
            let next = page.next_token.filter(|next| !next.is_empty());
            if next.is_none() {
                return Ok(profiles);
            }
            if next == token {
                return Err(endless("a page of the inference profiles names itself as the next one"));
            }
            token = next;
        }
        Err(endless(&format!("the list of inference profiles does not end after {MOST_PAGES} pages")))
    }

    /// One inference profile, by id or ARN.
    ///
    /// Needs the permission `bedrock:GetInferenceProfile`.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetInferenceProfile.html>
    ///
    /// # Errors
    /// As [`Client::converse`].
    pub async fn get_inference_profile(&self, id: &str) -> Result<InferenceProfileSummary> {
        // Dots alone would be taken for steps in the path, whatever their escaping.
        if matches!(id.trim(), "" | "." | "..") {
            return Err(Error::InvalidRequest(format!("`{id}` is no inference profile id").into()));
        }
        let target = format!("/inference-profiles/{}", encode_segment(id));
        self.0.timeouts.bound(self.get(&target)).await
    }

    /// What tells this client's lists from those of other credentials, without asking anyone. No secret.
    pub(crate) fn credential_marks(&self) -> String {
        self.0.given.credential_marks()
    }

    /// Asks for `target`, path and query, and reads the whole answer.
    async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T> {
        let settings = self.settings().await?;
        let endpoint = &self.control_endpoint().await?.value;
        let limit = non_zero(self.0.timeouts.first_event).map_or(LIMIT, |limit| limit.min(LIMIT));
        let call = Call {
            inner: &self.0,
            settings,
            endpoint,
            method: "GET",
            target,
            body: Bytes::new(),
            limit: Some(limit),
        };
        let (response, _) = call.send().await?;
        let (body, request_id) = self.whole_answer(response).await?;
        serde_json::from_slice(&body).map_err(|problem| {
            unexpected(
                200,
                Some("application/json"),
                &format!("no list as asked for ({problem})"),
                request_id,
            )
        })
    }
}

fn endless(problem: &str) -> Error {
    unexpected(200, None, problem, None)
}

#[cfg(test)]
mod tests;
