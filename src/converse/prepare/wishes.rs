//! Rules `request-metadata` and `service-tier`, and the wishes that are fields of their own.
//!
//! Guardrail, tier, latency and labels are copied into the request where it says nothing itself. Labels that
//! the service refuses go, since they would take the whole request with them, and so do tiers.

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{PerformanceConfiguration, ServiceTier, ServiceTierType};

/// As many labels as a request may have.
const MOST: usize = 16;

/// The longest key or value.
const LONGEST: usize = 256;

pub(super) fn apply(draft: &mut Draft<'_>) {
    let (request, options) = (&mut draft.request, draft.options);
    if request.guardrail_config.is_none() {
        request.guardrail_config.clone_from(&options.guardrail);
    }
    if request.performance_config.is_none() {
        let latency = options.latency.clone();
        request.performance_config =
            latency.map(|latency| PerformanceConfiguration { latency: Some(latency) });
    }
    service_tier(draft);
    metadata(draft);
}

/// A tier of the request's that comes to nothing leaves the place to the wish.
fn service_tier(draft: &mut Draft<'_>) {
    let own = draft.request.service_tier.take();
    let wish = draft.options.service_tier.clone().map(|kind| ServiceTier { kind });
    for (place, tier) in [("serviceTier", own), ("options.serviceTier", wish)] {
        let Some(tier) = tier else { continue };
        let (why, fact) = if draft.is_refused("serviceTier") {
            ("this model has refused this field before", None)
        } else if draft.facts.only_default_tier && tier.kind != ServiceTierType::DEFAULT {
            ("this model is offered in the tier `default` alone", Some("onlyDefaultTier"))
        } else {
            draft.request.service_tier = Some(tier);
            return;
        };
        draft.note(Rule::ServiceTier, place, why, fact);
    }
}

fn metadata(draft: &mut Draft<'_>) {
    let own = std::mem::take(&mut draft.request.request_metadata);
    let mut kept = own.clone();
    kept.retain(|key, value| fits(key, 1) && fits(value, 0));
    if kept.len() < own.len() {
        let why = "keys and values hold letters, digits, blanks and `:_@$#=/+,-.`, 256 at most";
        draft.note(Rule::RequestMetadata, "requestMetadata", why, None);
    }
    if kept.len() > MOST {
        draft.note(Rule::RequestMetadata, "requestMetadata", "a request has at most 16 labels", None);
        kept = kept.into_iter().take(MOST).collect();
    }
    for (key, value) in &draft.options.metadata {
        let (has_room, is_new) = (kept.len() < MOST, !kept.contains_key(key));
        if is_new && has_room && fits(key, 1) && fits(value, 0) {
            kept.insert(key.clone(), value.clone());
        } else if is_new {
            let why =
                "a label holds letters, digits, blanks and `:_@$#=/+,-.`, 256 at most, and there are 16";
            draft.note(Rule::RequestMetadata, "options.metadata", why, None);
        }
    }
    draft.request.request_metadata = kept;
}

fn fits(text: &str, shortest: usize) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || ":_@$#=/+,-.".contains(c);
    (shortest..=LONGEST).contains(&text.chars().count()) && text.chars().all(is_allowed)
}
