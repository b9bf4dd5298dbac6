//! Credentials that a program prints: `credential_process`.
//!
//! The command line goes to the shell as it is written, with standard input closed. It may hold secrets, so no
//! message shows more of it than its first word, nor anything that it printed to standard output.
//!
//! See [process credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).

use super::call::Context;
use super::fields::Fields;
use super::world::CommandOutput;
use super::{Credentials, Failure};
use crate::secret::Secret;
use crate::trail::Source;
use std::time::Duration;

/// A program that has not answered by then waits for something that never comes.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `command`. `account_id` is the profile's, for an answer without account.
pub(super) async fn credentials(
    context: Context<'_>,
    command: &Secret,
    account_id: Option<&str>,
) -> Result<Credentials, Failure> {
    run(context, command, account_id, LIMIT).await.map_err(|why| Failure {
        problem: format!("`credential_process` (`{}`) {why}", first_word(command)),
        is_config: false,
        hints: vec!["run the command by hand: it must print one JSON object with `Version` 1".to_owned()],
    })
}

async fn run(
    context: Context<'_>,
    command: &Secret,
    account_id: Option<&str>,
    limit: Duration,
) -> Result<Credentials, String> {
    let output = tokio::time::timeout(limit, (context.world.run_command)(command.clone()))
        .await
        .map_err(|_| format!("did not end within {} s", limit.as_secs()))?
        .map_err(|error| format!("cannot be started: {}", error.kind()))?;
    if output.code != Some(0) {
        return Err(ending(&output, command));
    }
    read_answer(&output.stdout, account_id).map_err(|why| format!("printed what cannot be used: {why}"))
}

fn read_answer(stdout: &[u8], account_id: Option<&str>) -> Result<Credentials, String> {
    let fields = Fields::parse(stdout)?;
    match fields.get("Version").map(|version| version.as_u64()) {
        Some(Some(1)) => {}
        Some(_) => return Err("`Version` is not the number 1".to_owned()),
        None => return Err("`Version` is missing".to_owned()),
    }
    let mut keys = Credentials::new(fields.needed("AccessKeyId")?, fields.needed("SecretAccessKey")?);
    keys.session_token = fields.text("SessionToken").map(Secret::from);
    keys.expires_at = fields.date("Expiration")?;
    keys.account_id = fields.text("AccountId").or(account_id).map(str::to_owned);
    keys.source = Source::Profile;
    Ok(keys)
}

/// How a program failed: its exit code and the first line that it wrote to standard error.
fn ending(output: &CommandOutput, command: &Secret) -> String {
    let ended = output
        .code
        .map_or_else(|| "was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
    let text = String::from_utf8_lossy(&output.stderr);
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else { return ended };
    let mut line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    // Programs repeat arguments that they refuse, and an argument may be a secret.
    let words = command.expose().split_whitespace().skip(1).map(|word| word.trim_matches(['"', '\'']));
    for word in words.filter(|word| word.len() > 2) {
        line = line.replace(word, "...");
    }
    format!("{ended}: {line}")
}

/// The name of the program without its folders.
fn first_word(command: &Secret) -> String {
    let word = command.expose().split_whitespace().next().unwrap_or_default();
    let name = word.trim_matches(['"', '\'']).rsplit(['/', '\\']).next().unwrap_or_default();
    // `NAME=value program`: the first word is a value, perhaps a secret.
    if name.contains('=') || word.contains('=') { "...".to_owned() } else { name.escape_debug().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_checked_field_by_field() {
        let keys = r#""accesskeyid": "A", "SecretAccessKey": "s""#;
        for (text, problem) in [
            (format!(r#"{{"Version": 1, {keys}}}"#), None),
            (format!(r#"{{"Version": 2, {keys}}}"#), Some("`Version` is not the number 1")),
            (format!(r#"{{"Version": "1", {keys}}}"#), Some("`Version` is not the number 1")),
            (format!("{{{keys}}}"), Some("`Version` is missing")),
            (r#"{"Version": 1}"#.to_owned(), Some("`AccessKeyId` is missing")),
            (format!(r#"{{"Version": 1, {keys}, "Expiration": "x"}}"#), Some("`Expiration` is no date")),
            (String::new(), Some("it is empty")),
        ] {
            assert_eq!(read_answer(text.as_bytes(), Some("1")).err().as_deref(), problem, "{text}");
        }
        let text = format!(r#"{{"Version": 1, {keys}, "SessionToken": "", "AccountId": "2"}}"#);
        let found = read_answer(text.as_bytes(), Some("1")).unwrap();
        assert_eq!(found.session_token, Some(Secret::new("")));
        assert_eq!(found.account_id.as_deref(), Some("2"));
    }

    #[test]
    fn messages_hold_no_argument() {
        let command = Secret::new("/opt/get-keys --password 'hunter2' -v");
        let output = |code, stderr: &str| CommandOutput {
            code,
            stdout: b"secret".to_vec().into(),
            stderr: stderr.as_bytes().to_vec(),
        };
        for (output, text) in [
            (
                output(Some(3), "\nbad value hunter2 for --password\nmore"),
                "ended with exit code 3: bad value ... for ...",
            ),
            (output(Some(1), ""), "ended with exit code 1"),
            (output(None, ""), "was ended by a signal"),
        ] {
            assert_eq!(ending(&output, &command), text);
        }
        assert_eq!(first_word(&command), "get-keys");
        assert_eq!(first_word(&Secret::new("TOKEN=abc get-keys")), "...");
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_given_up() {
        use crate::auth::World;
        use crate::auth::call::Connections;
        use crate::auth::profile::Profiles;
        use crate::transport::{HttpResponse, Transport};
        let world = World {
            run_command: std::sync::Arc::new(|_| Box::pin(std::future::pending())),
            ..World::default()
        };
        let nobody = Transport::scripted(|_| async { Ok(HttpResponse::whole(500, vec![], "")) });
        let connections = Connections {
            services: nobody.clone(),
            local: nobody,
            bucket: Default::default(),
            skew: Default::default(),
            watch: std::sync::Arc::new(|_| {}),
        };
        let env = crate::Env::empty();
        let profiles = Profiles::new(&env, None, &*world.read_file);
        let region = crate::Region::fallback().value;
        let context = Context {
            env: &env,
            world: &world,
            profiles: &profiles,
            region: &region,
            connections: &connections,
        };
        let outcome = run(context, &Secret::new("tool"), None, Duration::ZERO).await;
        assert_eq!(outcome.unwrap_err(), "did not end within 0 s");
    }

    proptest::proptest! {
        #[test]
        fn any_output_is_read_without_panic(stdout: Vec<u8>, stderr: Vec<u8>, command in "\\PC{0,20}") {
            let _ = read_answer(&stdout, None);
            let command = Secret::from(command);
            let _ = (ending(&CommandOutput { code: Some(1), stdout: stdout.into(), stderr }, &command), first_word(&command));
        }
    }
}
