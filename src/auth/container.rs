//! Credentials of a container's task or pod, from the agent beside it (ECS, EKS Pod Identity, Greengrass).
//!
//! [`super::container_uri`] says where the agent is and which hosts it may have; this is the exchange. The token of
//! the workload is read anew each time, since EKS replaces its file.
//!
//! See [container credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).

use super::call::Context;
use super::container_uri::{self, ContainerUri, is_allowed_address};
use super::fields::Fields;
use super::world::trouble;
use super::{Answer, Credentials, Failure, local};
use crate::secret::Secret;
use crate::trail::Source;
use std::time::Duration;
use zeroize::Zeroizing;

const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const ATTEMPTS: u32 = 3;
const LIMIT: Duration = Duration::from_secs(5);

/// Asks the agent that the variables name.
pub(super) async fn credentials(context: Context<'_>) -> Answer<Credentials> {
    let uri = match container_uri::resolve(context.env) {
        Ok(Some(uri)) => uri.value,
        Ok(None) => {
            return Answer::NotHere(container_uri::UNSET.to_owned());
        }
        Err(error) => return Answer::Broken(config(error.to_string())),
    };
    match ask(context, &uri).await {
        Ok(mut keys) => {
            // A query could hold a secret.
            let place = uri.url.split('?').next().unwrap_or_default();
            keys.via = Some(format!("the agent at `{place}`"));
            Answer::Found(keys)
        }
        Err(failure) => Answer::Broken(failure),
    }
}

async fn ask(context: Context<'_>, uri: &ContainerUri) -> Result<Credentials, Failure> {
    check_host(context, uri).await?;
    let token = token(context)?;
    let mut headers = vec![("accept", "application/json")];
    headers.extend(token.as_ref().map(|token| ("authorization", token.expose())));
    let mut attempt = 1;
    loop {
        let trouble = match local::exchange(context, "GET", &uri.url, &headers, LIMIT).await {
            Ok(answer) if (200..300).contains(&answer.status) => match read_answer(&answer.body) {
                Ok(keys) => return Ok(keys),
                Err(Trouble::Lasting(why)) => return Err(runtime(&uri.url, &why)),
                Err(Trouble::Passing(why)) => why,
            },
            Ok(answer) if local::is_passing(answer.status) => format!("status {}", answer.status),
            Ok(answer) => return Err(refused(&uri.url, answer.status)),
            Err(error) => error.to_string(),
        };
        if attempt == ATTEMPTS {
            return Err(runtime(&uri.url, &trouble));
        }
        local::pause(context, attempt).await;
        attempt += 1;
    }
}

enum Trouble {
    Passing(String),
    Lasting(String),
}

/// A host that is called over plain `http` under a name: every address that it has must be allowed.
async fn check_host(context: Context<'_>, uri: &ContainerUri) -> Result<(), Failure> {
    let Some(host) = &uri.host_to_check else { return Ok(()) };
    let addresses = (context.world.look_up_host)(host.clone()).await.map_err(|_| {
        config(format!("the address of the container's credential endpoint `{host}` cannot be found"))
    })?;
    match addresses.iter().find(|address| !is_allowed_address(**address)) {
        None if !addresses.is_empty() => Ok(()),
        None => {
            Err(config(format!("the host `{host}` of the container's credential endpoint has no address")))
        }
        Some(address) => Err(config(format!(
            "the container's credential endpoint `{host}` is at `{address}`; plain `http` may go to loopback \
             addresses, `169.254.170.2`, `169.254.170.23` and `fd00:ec2::23` only"
        ))),
    }
}

/// The workload's token: from the file, else from the variable.
fn token(context: Context<'_>) -> Result<Option<Secret>, Failure> {
    let (token, place) = if let Some(path) = context.env.path(TOKEN_FILE) {
        let place = format!("`{}`, which `{TOKEN_FILE}` names,", path.display());
        let bytes = (context.world.read_file)(&path).map_err(|error| Failure {
            problem: format!("{place} cannot be read: {}", trouble(&error)),
            is_config: false,
            hints: Vec::new(),
        })?;
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| config(format!("{place} is not UTF-8 text")))?;
        (Secret::from(text), place)
    } else if let Some(text) = context.env.get(TOKEN).filter(|text| !text.is_empty()) {
        (Secret::from(text), format!("`{TOKEN}`"))
    } else {
        return Ok(None);
    };
    if token.expose().ends_with(['\r', '\n']) {
        let problem = format!("{place} ends in a line break, which no header can carry");
        return Err(Failure {
            hints: vec!["write the token without a line break, as `printf %s` does".to_owned()],
            ..config(problem)
        });
    }
    if !token.expose().bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte)) {
        return Err(config(format!("{place} holds characters that no header can carry")));
    }
    Ok(Some(token))
}

fn read_answer(body: &[u8]) -> Result<Credentials, Trouble> {
    let fields = Fields::parse(body).map_err(Trouble::Passing)?;
    if let Some(code) = fields.text("Code").filter(|code| !code.eq_ignore_ascii_case("Success")) {
        return Err(Trouble::Lasting(coded(code, fields.text("Message"))));
    }
    read_keys(&fields, Source::Container).map_err(Trouble::Passing)
}

/// An error that came with status 200.
pub(super) fn coded(code: &str, message: Option<&str>) -> String {
    message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
}

/// The fields that containers and instances answer with; all are needed but the account.
pub(super) fn read_keys(fields: &Fields<'_>, source: Source) -> Result<Credentials, String> {
    let token = fields.text("SessionToken").map_or_else(|| fields.needed("Token"), Ok)?;
    let expires_at = match fields.date("ExpiresAt")? {
        Some(date) => date,
        None => fields.needed_date("Expiration")?,
    };
    Ok(Credentials {
        access_key_id: fields.needed("AccessKeyId")?.to_owned(),
        secret_access_key: fields.needed("SecretAccessKey")?.into(),
        session_token: Some(token.into()),
        expires_at: Some(expires_at),
        account_id: fields.text("AccountId").map(str::to_owned),
        source,
        via: None,
    })
}

fn config(problem: String) -> Failure {
    Failure { problem, is_config: true, hints: Vec::new() }
}

fn refused(url: &str, status: u16) -> Failure {
    let mut failure = runtime(url, &format!("status {status}"));
    if matches!(status, 401 | 403) {
        failure.hints.push(format!("check `{TOKEN_FILE}` or `{TOKEN}`: the agent wants its own token"));
    }
    failure
}

fn runtime(url: &str, why: &str) -> Failure {
    // A query may hold a secret.
    let url = url.split('?').next().unwrap_or(url);
    let problem = format!("the container's credential endpoint `{url}` gave no credentials: {why}");
    Failure { problem, is_config: false, hints: Vec::new() }
}
