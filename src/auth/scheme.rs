//! The preference among authentication schemes, as far as it matters for Bedrock.
//!
//! A preference for bearer tokens makes other tools send the SSO access token of the profile, which Bedrock
//! refuses as no API key. That token is never sent from here, so such a preference without a Bedrock API key cannot
//! be met. With a key it changes nothing: a key wins in any case.
//!
//! See [authentication scheme](https://docs.aws.amazon.com/sdkref/latest/guide/feature-auth-scheme.html).

use super::bearer;
use super::profile::Profiles;
use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};

const VARIABLE: &str = "AWS_AUTH_SCHEME_PREFERENCE";

/// Refuses a preference for bearer tokens when there is none.
///
/// # Errors
/// [`Error::Config`] that names the place of the preference.
pub(crate) fn check(env: &Env, profiles: &Profiles<'_>) -> Result<()> {
    if env.get_non_blank(bearer::VARIABLE).is_some() {
        return Ok(());
    }
    let preference = match env.get(VARIABLE) {
        Some(value) => Some(Sourced::new(value, Origin::Variable(VARIABLE.to_owned()))),
        None => profiles.setting("auth_scheme_preference"),
    };
    match preference {
        Some(preference) if prefers_bearer(preference.value) => Err(Error::Config(Box::new(ConfigProblem {
            origin: preference.origin,
            key: None,
            problem: format!(
                "it prefers `httpBearerAuth`, and `{}` holds no Bedrock API key (an SSO token is none)",
                bearer::VARIABLE
            ),
            hints: vec![
                format!("set `{}` to a Bedrock API key", bearer::VARIABLE),
                "take the preference away to sign with AWS keys".to_owned(),
            ],
        }))),
        Some(_) | None => Ok(()),
    }
}

/// Whether the first scheme that Bedrock supports is the bearer token. An empty element voids the whole list.
fn prefers_bearer(list: &str) -> bool {
    let schemes: Vec<&str> = list
        .split(',')
        .map(|scheme| scheme.trim_matches([' ', '\t']))
        .map(|scheme| scheme.rsplit_once('#').map_or(scheme, |(_, name)| name))
        .collect();
    let is_void = schemes.iter().any(|scheme| scheme.is_empty());
    let first = schemes.into_iter().find(|scheme| matches!(*scheme, "sigv4" | "httpBearerAuth"));
    !is_void && first == Some("httpBearerAuth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_scheme_that_bedrock_has_counts() {
        for (list, bearer) in [
            ("httpBearerAuth", true),
            (" httpBearerAuth\t, sigv4", true),
            ("smithy.api#httpBearerAuth", true),
            ("sigv4a, unknown, httpBearerAuth", true),
            ("sigv4,httpBearerAuth", false),
            ("aws.auth#sigv4", false),
            ("httpBearerAuth,,sigv4", false),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(prefers_bearer(list), bearer, "{list}");
        }
    }

    #[test]
    fn a_preference_without_a_key_names_its_place() {
        let read = |_: &std::path::Path| Ok(b"[default]\nauth_scheme_preference = httpBearerAuth\n".to_vec());
        let outcome =
            |env: Env| check(&env, &Profiles::new(&env, None, &read)).map_err(|error| error.to_string());
        let env = Env::empty().with("HOME", "/h");
        let refused = "`/h/.aws/credentials:2` cannot be used: it prefers `httpBearerAuth`, and \
                       `AWS_BEARER_TOKEN_BEDROCK` holds no Bedrock API key (an SSO token is none)";
        assert_eq!(outcome(env.clone()).unwrap_err(), refused);
        outcome(env.clone().with(VARIABLE, "sigv4")).unwrap();
        outcome(env.with(bearer::VARIABLE, "ABSK")).unwrap();
    }
}
