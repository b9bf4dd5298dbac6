//! Bedrock's checks of a Converse request, in Bedrock's words.
//!
//! Four steps in the service's order: types of members (`shape`), bounds of the service model (`bounds`), the
//! conversation's order with its tool calls (`conversation`), and what the model can do (`ability`). The
//! first step that finds something ends it. The texts follow what the live service is known to answer;
//! clients should rely on their stable fragments alone.

mod ability;
mod bounds;
mod claude;
mod conversation;
mod nova;
mod shape;
mod unsupported;

use super::catalog::Model;
use super::refusal::Refusal;
use super::routes::Operation;
use serde_json::Value;

/// Checks a request body for `model`.
///
/// # Errors
///
/// `SerializationException` or `ValidationException`, and `AccessDeniedException` for caching where there is
/// none.
pub(super) fn validate(body: &Value, model: &Model, operation: Operation) -> Result<(), Refusal> {
    shape::check(body)?;
    bounds::check(body)?;
    conversation::check(body)?;
    ability::check(body, model, operation)
}

#[cfg(test)]
mod tests;
