//! Credentials in the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
//!
//! Values are used as they are, with their blanks; only a value of nothing but blanks counts as absent.
//! See <https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html>.

use super::{Answer, Credentials, Failure};
use crate::env::Env;
use crate::trail::Source;

const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
/// The name that early tools used, still read by the SDKs.
const OLD_SECRET: &str = "SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const ACCOUNT: &str = "AWS_ACCOUNT_ID";

/// Reads the variables.
pub fn credentials(env: &Env) -> Answer<Credentials> {
    for name in [KEY_ID, SECRET, TOKEN] {
        if env.is_not_unicode(name) {
            let problem = format!("`{name}` holds bytes that are no text");
            return Answer::Broken(Failure {
                problem,
                is_config: true,
                hints: vec![format!("set `{name}` again")],
            });
        }
    }
    let key_id = env.get_non_blank(KEY_ID);
    let secret = env.get_non_blank(SECRET).or_else(|| env.get_non_blank(OLD_SECRET));
    match (key_id, secret) {
        (Some(key_id), Some(secret)) => {
            let mut keys = Credentials::new(key_id, secret);
            keys.session_token = env.get_non_blank(TOKEN).map(|token| token.trim().into());
            keys.account_id = env.get_non_blank(ACCOUNT).map(|account| account.trim().to_owned());
            keys.source = Source::Environment;
            Answer::Found(keys)
        }
        (None, None) => Answer::NotHere(format!("`{KEY_ID}` is {}", state(env, KEY_ID))),
        (Some(_), None) => {
            Answer::NotHere(format!("`{KEY_ID}` is set, but `{SECRET}` is {}", state(env, SECRET)))
        }
        (None, Some(_)) => {
            Answer::NotHere(format!("`{SECRET}` is set, but `{KEY_ID}` is {}", state(env, KEY_ID)))
        }
    }
}

fn state(env: &Env, name: &str) -> &'static str {
    if env.is_set(name) { "empty" } else { "not set" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        vars.iter().fold(Env::empty(), |env, (name, value)| env.with(*name, *value))
    }

    #[test]
    fn found_with_blanks_kept_in_keys_and_cut_from_the_token() {
        let Answer::Found(keys) = credentials(&env(&[(KEY_ID, " AKID "), (SECRET, "s "), (TOKEN, " t\n")]))
        else {
            panic!("not found")
        };
        assert_eq!(keys.access_key_id, " AKID ");
        assert_eq!(keys.secret_access_key.expose(), "s ");
        assert_eq!(keys.session_token.unwrap().expose(), "t");
        assert_eq!(keys.source, Source::Environment);
    }

    #[test]
    fn the_old_name_of_the_secret_serves() {
        assert!(matches!(credentials(&env(&[(KEY_ID, "A"), (OLD_SECRET, "s")])), Answer::Found(_)));
    }

    #[test]
    fn absent_halves_say_which_variable_is_missing() {
        for (vars, why) in [
            (&[][..], "`AWS_ACCESS_KEY_ID` is not set"),
            (&[(KEY_ID, " ")], "`AWS_ACCESS_KEY_ID` is empty"),
            (&[(KEY_ID, "A")], "`AWS_ACCESS_KEY_ID` is set, but `AWS_SECRET_ACCESS_KEY` is not set"),
            (
                &[(KEY_ID, "A"), (SECRET, "")],
                "`AWS_ACCESS_KEY_ID` is set, but `AWS_SECRET_ACCESS_KEY` is empty",
            ),
            (&[(SECRET, "s")], "`AWS_SECRET_ACCESS_KEY` is set, but `AWS_ACCESS_KEY_ID` is not set"),
        ] {
            let Answer::NotHere(found) = credentials(&env(vars)) else { panic!("{vars:?}") };
            assert_eq!(found, why);
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_break_the_source() {
        use std::os::unix::ffi::OsStringExt;
        let env = Env::empty().with(KEY_ID, std::ffi::OsString::from_vec(vec![0xff]));
        assert!(matches!(credentials(&env), Answer::Broken(_)));
    }
}
