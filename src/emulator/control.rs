//! The control plane's lists: foundation models and inference profiles, filtered and paged as Bedrock does
//! it.
//!
//! It reads the catalogue and nothing else. Pages are cut at an offset that the token carries.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html>

use super::catalog::{Catalog, Model, Profile};
use super::refusal::Refusal;
use crate::uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Bytes that every page token begins with: in base64 they are `++++////`, so that a client which forgets to
/// escape a token in the query is found out.
const TOKEN_MARK: [u8; 6] = [0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff];

/// The decoded value of a query parameter. `None` when it is absent.
fn parameter(query: &str, name: &str) -> Option<String> {
    let (_, value) =
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name)?;
    // A value that cannot be decoded is taken as it stands, and then matches nothing.
    Some(uri::decode_segment(value).unwrap_or_else(|| value.to_owned()))
}

/// A query parameter that must be one of the enum's values.
fn enum_parameter(query: &str, name: &str, allowed: &[&str]) -> Result<Option<String>, Refusal> {
    match parameter(query, name) {
        Some(value) if !allowed.contains(&value.as_str()) => Err(Refusal::constraints(&[format!(
            "Value '{value}' at '{name}' failed to satisfy constraint: Member must satisfy enum value set: \
             [{}]",
            allowed.join(", ")
        )])),
        value => Ok(value),
    }
}

/// ListFoundationModels: one page, filtered.
pub(super) fn list_models(catalog: &Catalog, region: &str, query: &str) -> Result<Value, Refusal> {
    let provider = parameter(query, "byProvider");
    let output = enum_parameter(query, "byOutputModality", &["TEXT", "IMAGE", "EMBEDDING"])?;
    let inference = enum_parameter(query, "byInferenceType", &["ON_DEMAND", "PROVISIONED"])?;
    let customization = enum_parameter(
        query,
        "byCustomizationType",
        &["FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION"],
    )?;
    let summaries: Vec<Value> = catalog
        .models
        .iter()
        .filter(|model| {
            provider.as_deref().is_none_or(|wanted| model.provider.eq_ignore_ascii_case(wanted))
                && output.as_ref().is_none_or(|wanted| model.output.contains(wanted))
                && inference.as_ref().is_none_or(|wanted| model.inference.contains(wanted))
                // No model of the list can be customised.
                && customization.is_none()
        })
        .map(|model| model_summary(model, region))
        .collect();
    Ok(json!({ "modelSummaries": summaries }))
}

/// GetFoundationModel, by id or ARN.
pub(super) fn get_model(catalog: &Catalog, region: &str, id: &str) -> Result<Value, Refusal> {
    let name = id.rsplit_once('/').map_or(id, |(_, name)| name);
    let model = catalog
        .model(name)
        .ok_or_else(|| Refusal::validation("The provided model identifier is invalid."))?;
    Ok(json!({ "modelDetails": model_summary(model, region) }))
}

fn model_summary(model: &Model, region: &str) -> Value {
    json!({
        "modelArn": model.arn(region),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": model.input,
        "outputModalities": model.output,
        "responseStreamingSupported": model.streaming,
        "customizationsSupported": [],
        "inferenceTypesSupported": model.inference,
        "modelLifecycle": { "status": model.status },
    })
}

/// ListInferenceProfiles: one page of at most `maxResults` profiles, and never more than `page_size`. Without a
/// `type` the service lists the system's profiles alone, as <https://github.com/aws/aws-cli/issues/9728> found.
pub(super) fn list_profiles(
    catalog: &Catalog,
    region: &str,
    query: &str,
    page_size: usize,
) -> Result<Value, Refusal> {
    let kind = enum_parameter(query, "type", &["SYSTEM_DEFINED", "APPLICATION"])?;
    let kind = kind.as_deref().unwrap_or("SYSTEM_DEFINED");
    let limit = match parameter(query, "maxResults") {
        Some(text) => max_results(&text)?.min(page_size),
        None => page_size,
    }
    .max(1);
    let offset = match parameter(query, "nextToken") {
        Some(token) => read_token(&token)
            .ok_or_else(|| Refusal::validation("The provided next token is invalid or has expired."))?,
        None => 0,
    };
    let profiles: Vec<Profile<'_>> =
        catalog.profiles(region).into_iter().filter(|profile| kind == profile_kind(profile)).collect();
    let page: Vec<Value> = profiles.iter().skip(offset).take(limit).map(profile_summary).collect();
    let end = offset.saturating_add(limit);
    let mut answer = Map::new();
    answer.insert("inferenceProfileSummaries".to_owned(), Value::Array(page));
    if end < profiles.len() {
        answer.insert("nextToken".to_owned(), Value::String(write_token(end)));
    }
    Ok(Value::Object(answer))
}

/// GetInferenceProfile, by id or ARN.
pub(super) fn get_profile(catalog: &Catalog, region: &str, id: &str) -> Result<Value, Refusal> {
    let profiles = catalog.profiles(region);
    let profile = profiles
        .iter()
        .find(|profile| profile.id == id || profile.arn == id)
        .ok_or_else(|| Refusal::not_found(format!("Inference profile not found: {id}")))?;
    Ok(profile_summary(profile))
}

fn profile_kind(profile: &Profile<'_>) -> &'static str {
    if profile.is_application { "APPLICATION" } else { "SYSTEM_DEFINED" }
}

fn profile_summary(profile: &Profile<'_>) -> Value {
    let models: Vec<Value> = profile.model_arns.iter().map(|arn| json!({ "modelArn": arn })).collect();
    json!({
        "inferenceProfileName": profile.name,
        "description": format!("Routes requests to {} in several regions.", profile.model.name),
        "createdAt": "2025-05-14T00:00:00Z",
        "updatedAt": "2025-06-01T12:34:56.789Z",
        "inferenceProfileArn": profile.arn,
        "models": models,
        "inferenceProfileId": profile.id,
        "status": profile.status,
        "type": profile_kind(profile),
    })
}

fn max_results(text: &str) -> Result<usize, Refusal> {
    let violation = |bound: &str| {
        Refusal::constraints(&[format!(
            "Value '{text}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
        )])
    };
    match text.parse::<usize>() {
        Ok(0) => Err(violation("greater than or equal to 1")),
        Ok(number @ 1..=1000) => Ok(number),
        Ok(_) => Err(violation("less than or equal to 1000")),
        Err(_) => Err(Refusal::serialization(format!("'{text}' can not be converted to an Integer"))),
    }
}

fn write_token(offset: usize) -> String {
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    STANDARD.encode([TOKEN_MARK.as_slice(), &offset.to_be_bytes()].concat())
}

fn read_token(token: &str) -> Option<usize> {
    let bytes = STANDARD.decode(token).ok()?;
    let offset: [u8; 4] = bytes.strip_prefix(TOKEN_MARK.as_slice())?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(offset)).ok()
}

#[cfg(test)]
mod tests {
    use super::{Catalog, get_model, get_profile, list_models, list_profiles, read_token, write_token};
    use crate::uri::encode_segment;
    use std::collections::BTreeSet;

    #[test]
    fn model_lists_are_filtered() {
        let catalog = Catalog::built_in().unwrap();
        let count = |query: &str| {
            list_models(&catalog, "us-east-1", query).unwrap()["modelSummaries"].as_array().unwrap().len()
        };
        assert_eq!(count(""), catalog.models.len());
        assert_eq!(count("byProvider=stability%20ai"), 1);
        assert!(count("byOutputModality=EMBEDDING") >= 2);
        assert!(count("byInferenceType=ON_DEMAND") < count(""));
        assert_eq!(count("byProvider=nobody"), 0);
        assert_eq!(count("byCustomizationType=DISTILLATION"), 0);
        let refusal = list_models(&catalog, "us-east-1", "byOutputModality=SMELL").unwrap_err();
        assert!(refusal.message.contains("Member must satisfy enum value set"), "{}", refusal.message);
    }

    #[test]
    fn pages_join_to_the_whole_list() {
        let catalog = Catalog::built_in().unwrap();
        for query in ["maxResults=1", "maxResults=7&type=SYSTEM_DEFINED", "type=APPLICATION", ""] {
            let mut seen = Vec::new();
            let mut token = None;
            loop {
                let next = token
                    .map(|token: String| format!("&nextToken={}", encode_segment(&token)))
                    .unwrap_or_default();
                let page = list_profiles(&catalog, "us-east-1", &format!("{query}{next}"), 5).unwrap();
                let summaries = page["inferenceProfileSummaries"].as_array().unwrap();
                seen.extend(summaries.iter().map(|one| one["inferenceProfileId"].to_string()));
                let Some(next) = page["nextToken"].as_str() else { break };
                token = Some(next.to_owned());
            }
            let wanted: BTreeSet<String> = catalog
                .profiles("us-east-1")
                .iter()
                .filter(|profile| profile.is_application == (query == "type=APPLICATION"))
                .map(|profile| format!("\"{}\"", profile.id))
                .collect();
            assert_eq!(seen.len(), wanted.len(), "{query}: nothing comes twice");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), wanted, "{query}");
        }
    }

    #[test]
    fn page_tokens_need_escaping() {
        let token = write_token(3);
        assert!(token.contains('+') && token.contains('/') && token.contains('='), "{token}");
        assert_eq!(read_token(&token), Some(3));
        assert_eq!(read_token(&token.replace('+', " ")), None);
    }

    #[test]
    fn bad_queries_are_refused() {
        let catalog = Catalog::built_in().unwrap();
        for (query, fragment) in [
            ("maxResults=0", "greater than or equal to 1"),
            ("maxResults=1001", "less than or equal to 1000"),
            ("maxResults=x", "can not be converted"),
            ("nextToken=%2B", "next token"),
            ("type=OTHER", "enum value set"),
        ] {
            let refusal = list_profiles(&catalog, "us-east-1", query, 5).unwrap_err();
            assert!(refusal.message.contains(fragment), "{query}: {}", refusal.message);
        }
    }

    #[test]
    fn single_items_are_found_by_id_and_by_arn() {
        let catalog = Catalog::built_in().unwrap();
        let region = "us-east-1";
        for id in ["us.amazon.nova-lite-v1:0", "a1b2c3d4e5f6"] {
            let by_id = get_profile(&catalog, region, id).unwrap();
            let arn = by_id["inferenceProfileArn"].as_str().unwrap().to_owned();
            assert_eq!(get_profile(&catalog, region, &arn).unwrap(), by_id);
        }
        assert_eq!(get_profile(&catalog, region, "us.none").unwrap_err().status, 404);
        let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
        let model = get_model(&catalog, region, arn).unwrap();
        assert_eq!(model["modelDetails"]["modelArn"], arn);
        assert_eq!(get_model(&catalog, region, "none").unwrap_err().status, 400);
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_answered_or_refused(query in "[ -~]{0,40}", token in "\\PC{0,12}") {
            let catalog = Catalog::built_in().unwrap();
            let _ = list_models(&catalog, "us-east-1", &query);
            let query = format!("{query}&nextToken={token}");
            let _ = list_profiles(&catalog, "us-east-1", &query, 5);
        }
    }
}
