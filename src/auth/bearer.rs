//! A Bedrock API key as bearer token, from `AWS_BEARER_TOKEN_BEDROCK`.
//!
//! It wins over every other source, and the chain does not run when it is there. It goes to https or to
//! loopback, and nowhere else. See <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>.

use super::{Answer, Failure};
use crate::env::Env;
use crate::error::{BrokenSource, Error, Result};
use crate::secret::Secret;
use crate::trail::{Source, Trail};
use crate::uri;

/// The variable; its name comes from the signing name `bedrock`, so it serves both endpoints.
pub const VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// Reads the variable. A blank value counts as absent. A line break at its end is cut, since files and commands
/// leave one there and no header can carry it; everything else is sent as it is, as the AWS SDKs do.
pub fn token(env: &Env) -> Answer<Secret> {
    if env.is_not_unicode(VARIABLE) {
        return broken("holds bytes that are no text");
    }
    let Some(token) = env.get_non_blank(VARIABLE) else {
        let state = if env.is_set(VARIABLE) { "empty" } else { "not set" };
        return Answer::NotHere(format!("`{VARIABLE}` is {state}"));
    };
    let token = token.trim_end_matches(['\r', '\n']);
    if !token.bytes().all(|byte| matches!(byte, b'\t' | b' '..0x7f)) {
        return broken("holds characters that no header can carry (line breaks, letters outside ASCII)");
    }
    Answer::Found(Secret::new(token))
}

fn broken(problem: &str) -> Answer<Secret> {
    Answer::Broken(Failure {
        problem: format!("`{VARIABLE}` {problem}"),
        is_config: true,
        hints: vec![format!("set `{VARIABLE}` to the key alone, or unset it to use other credentials")],
    })
}

/// The `Authorization` header for a call to `url`.
///
/// # Errors
/// [`Error::BrokenSource`] for a URL that is neither https nor loopback: the token would be readable on the
/// way.
pub fn header(token: &Secret, url: &str) -> Result<(String, String)> {
    let safe = uri::split_url(url).is_some_and(|parts| parts.is_https() || parts.is_loopback());
    if !safe {
        return Err(Error::BrokenSource(Box::new(BrokenSource {
            source: Source::BearerToken,
            problem: "it is not sent over plain http to another host".into(),
            is_config: true,
            hints: vec![
                "use an `https` endpoint".into(),
                format!("unset `{VARIABLE}` to sign with AWS keys"),
            ],
            trail: Trail::new(),
        })));
    }
    Ok(("authorization".into(), format!("Bearer {}", token.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_at_the_end_is_cut_and_blank_tokens_are_absent() {
        let read = |value: &str| token(&Env::empty().with(VARIABLE, value));
        for (value, sent) in
            [("ABSKabc=\n", "ABSKabc="), ("ABSKabc=\r\n", "ABSKabc="), (" ABSK abc ", " ABSK abc ")]
        {
            assert!(matches!(read(value), Answer::Found(found) if found.expose() == sent), "{value:?}");
        }
        assert!(matches!(read(" \n"), Answer::NotHere(why) if why == "`AWS_BEARER_TOKEN_BEDROCK` is empty"));
        assert!(matches!(token(&Env::empty()), Answer::NotHere(_)));
        for bad in ["a\nb", "\nab", "a\0b", "ключ"] {
            let Answer::Broken(failure) = read(bad) else { panic!("{bad}") };
            assert!(!failure.problem.contains(bad), "{}", failure.problem);
        }
    }

    #[test]
    fn only_https_and_loopback_see_the_token() {
        let token = Secret::new("t");
        for (url, safe) in [
            ("https://bedrock-runtime.us-east-1.amazonaws.com/x", true),
            ("http://127.0.0.1:1/x", true),
            ("http://[::1]/x", true),
            ("http://localhost:9/", true),
            ("http://bedrock.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://127.0.0.1@evil.example/", false),
        ] {
            assert_eq!(header(&token, url).is_ok(), safe, "{url}");
        }
    }
}
