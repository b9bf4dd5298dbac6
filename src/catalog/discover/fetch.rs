//! Asks a region's control plane for its lists, all at once.
//!
//! Without the foundation models there is no listing; without the profiles there is one, marked as incomplete,
//! with a warning that says what is missing and which permission would give it.

use super::{DiscoveryOptions, Listing, entries};
use crate::client::Client;
use crate::control::{InferenceProfileSummary, InferenceProfileType};
use crate::error::{Error, Result, ServiceClass};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Finds what the client's region offers: see [`entries`]. Asks for the foundation models and for both types of
/// inference profiles, at the same time.
///
/// Needs the permissions `bedrock:ListFoundationModels` and, for profiles, `bedrock:ListInferenceProfiles`.
///
/// # Errors
/// Those of [`Client::list_foundation_models`]; a denial names the permission. When profiles cannot be listed, the
/// models are given with a warning.
pub async fn discover(client: &Client, options: &DiscoveryOptions) -> Result<Listing> {
    let region = client.settings().await?.region.value.as_str().to_owned();
    let endpoint = client.control_endpoint().await?.value.url.clone();
    // Boxed, since a call is some ten thousand bytes of state, and whoever waits for a listing would carry them all.
    let models = Box::pin(client.list_foundation_models());
    let (models, profiles) = if options.include_inference_profiles {
        let system = Box::pin(client.list_inference_profiles(InferenceProfileType::SYSTEM_DEFINED));
        let own = Box::pin(client.list_inference_profiles(InferenceProfileType::APPLICATION));
        let (models, (system, own)) = both(models, Box::pin(both(system, own))).await;
        (models, gather(system, own))
    } else {
        (models.await, (Vec::new(), None))
    };
    let models = models.map_err(|error| with_permission(error, "bedrock:ListFoundationModels"))?;
    let (profiles, warning) = profiles;
    Ok(Listing {
        region,
        endpoint,
        entries: entries(&models, &profiles, &options.provider_filter),
        complete: warning.is_none(),
        warnings: warning.into_iter().collect(),
    })
}

type Profiles = Result<Vec<InferenceProfileSummary>>;

/// All profiles that came, and what to say of those that did not.
fn gather(system: Profiles, own: Profiles) -> (Vec<InferenceProfileSummary>, Option<String>) {
    match (system, own) {
        (Ok(mut system), Ok(own)) => {
            system.extend(own);
            (system, None)
        }
        (Ok(system), Err(error)) => (system, Some(missing("the account's own inference profiles", &error))),
        (Err(error), Ok(own)) => (own, Some(missing("the inference profiles of AWS", &error))),
        (Err(error), Err(_)) => (Vec::new(), Some(missing("inference profiles", &error))),
    }
}

fn missing(what: &str, error: &Error) -> String {
    match error.service_failure() {
        Some(failure) if failure.class == ServiceClass::AccessDenied => {
            format!("{what} are missing: they need the permission `bedrock:ListInferenceProfiles`")
        }
        _ => format!("{what} are missing: {}", describe(error)),
    }
}

/// An error in one line, with the service's own words.
pub(in crate::catalog) fn describe(error: &Error) -> String {
    match error.service_failure() {
        Some(failure) if !failure.message.is_empty() => format!("{error} ({})", failure.message),
        _ => error.to_string(),
    }
}

/// A denial that names the permission, also where the service does not.
fn with_permission(mut error: Error, permission: &str) -> Error {
    if let Error::Service(failure) = &mut error
        && failure.class == ServiceClass::AccessDenied
        && !failure.message.contains(permission)
    {
        let message = failure.message.trim_end_matches('.');
        let before = if message.is_empty() { "" } else { ": " };
        failure.message = format!("{message}{before}it needs the permission `{permission}`");
    }
    error
}

/// Runs two futures at the same time, to the end of both.
async fn both<A, B>(mut a: A, mut b: B) -> (A::Output, B::Output)
where
    A: Future + Unpin,
    B: Future + Unpin,
{
    let (mut first, mut second) = (None, None);
    poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(output) = Pin::new(&mut a).poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = Pin::new(&mut b).poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests;
