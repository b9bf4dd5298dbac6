//! What to do about an error: for each kind a thing or two, best a command or flag that can be pasted.

use super::{Facts, signer};
use crate::auth::bearer;
use crate::client::Client;
use crate::error::{Error, ServiceClass, ServiceFailure, TransportFailure, TransportKind, Waiting};
use crate::origin::Origin;

pub(super) fn hints(error: &Error, facts: &Facts<'_>) -> Vec<String> {
    match error {
        Error::Config(problem) => problem.hints.clone(),
        Error::BrokenSource(broken) => broken.hints.clone(),
        Error::NoCredentials(_) => vec![
            "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`".into(),
            format!("or set `{}` to a Bedrock API key", bearer::VARIABLE),
            "or try it without an account: `outcrop chat --demo \"hello\"`".into(),
        ],
        Error::Service(failure) => service(failure, facts),
        Error::StreamException(_, failure) => match failure.class {
            ServiceClass::Throttled => vec!["wait a minute before the next try".into()],
            _ => vec![],
        },
        Error::Transport(failure) if failure.position.is_some() => vec![],
        Error::Transport(failure) => transport(failure, facts),
        Error::Timeout(timeout) => match timeout.waiting {
            Waiting::Response | Waiting::FirstEvent | Waiting::NextEvent => {
                vec!["allow longer silence with `--idle-timeout 600` (0 for no limit)".into()]
            }
            Waiting::Whole => vec!["allow more time with `--timeout`, or leave it out for no limit".into()],
        },
        Error::StreamEnded(_) | Error::StreamCut(_) => vec![],
        Error::StreamCorrupt(..) => vec![
            "if it happens again, something between here and Bedrock changes the bytes: see `HTTPS_PROXY` and `--endpoint`".into(),
        ],
        Error::StreamPayload(..) => vec!["see the events with `--output jsonl`".into()],
        Error::UnexpectedAnswer(_) => {
            vec!["a proxy or another server answered: see `--endpoint`, `AWS_ENDPOINT_URL` and `HTTPS_PROXY`".into()]
        }
        Error::ConfigSyntax(_) | Error::InvalidRequest(_) | Error::Io(_) => vec![],
    }
}

fn service(failure: &ServiceFailure, facts: &Facts<'_>) -> Vec<String> {
    let region = facts.client.and_then(Client::region).map_or("", |region| region.value.as_str());
    match failure.class {
        ServiceClass::AccessDenied => denied(failure),
        ServiceClass::ModelNotGranted => {
            vec![format!("ask for access in the Bedrock console of region `{region}`, under Model access")]
        }
        ServiceClass::CredentialsExpired => signer::expired(facts),
        ServiceClass::CredentialsRejected => signer::rejected(failure, facts),
        ServiceClass::ClockSkew => signer::clock(failure),
        ServiceClass::NeedsProfile => needs_profile(facts),
        ServiceClass::ModelNotFound => vec![
            "check the id (`--model`) and the region (`--region`): a model is offered in some regions only"
                .into(),
        ],
        ServiceClass::ContextOverflow => {
            vec!["shorten the prompt, or use a model with a larger window".into()]
        }
        ServiceClass::Throttled => {
            vec!["wait a minute and run it again, or retry longer with `--max-attempts 8`".into()]
        }
        ServiceClass::QuotaExceeded => {
            vec![format!("ask for a higher quota: Service Quotas, Amazon Bedrock, region `{region}`")]
        }
        ServiceClass::ModelNotReady | ServiceClass::Internal | ServiceClass::Unavailable => {
            vec!["run it again in a while, or retry longer with `--max-attempts 8`".into()]
        }
        ServiceClass::ModelTimeout => vec!["ask for a shorter answer with `--max-tokens`".into()],
        ServiceClass::ModelError => vec!["run it again; if it stays, use another model".into()],
        ServiceClass::Validation | ServiceClass::Other => vec![],
    }
}

/// IAM's sentence names action and resource: `... is not authorized to perform: A on resource: R because ...`.
fn denied(failure: &ServiceFailure) -> Vec<String> {
    let after = |text: &'_ str, mark: &str| {
        let rest = text.split_once(mark)?.1;
        Some(rest.split_whitespace().next()?.trim_end_matches(['.', ',']).to_owned())
    };
    let action = after(&failure.message, "to perform: ");
    let resource = after(&failure.message, "on resource: ");
    match (action, resource) {
        (Some(action), Some(resource)) => vec![format!("allow `{action}` on `{resource}` in the caller's IAM policy")],
        (Some(action), None) => vec![format!("allow `{action}` in the caller's IAM policy")],
        (None, _) => vec![
            "allow `bedrock:InvokeModel` and `bedrock:InvokeModelWithResponseStream` in the caller's IAM policy".into(),
        ],
    }
}

/// The profile that serves the caller's part of the world, where its name can be told from the region.
fn needs_profile(facts: &Facts<'_>) -> Vec<String> {
    let (Some(model), Some(client)) = (facts.model, facts.client) else { return vec![] };
    let id = model.value.rsplit_once("foundation-model/").map_or(model.value.as_str(), |(_, id)| id);
    let profiles = client
        .region()
        .map(|region| region.value.geographies())
        .unwrap_or_default()
        .iter()
        .map(|geography| format!("{geography}.{id}"));
    profiles.take(2).map(|profile| format!("use `--model {profile}`")).collect()
}

fn transport(failure: &TransportFailure, facts: &Facts<'_>) -> Vec<String> {
    let region = facts.client.and_then(Client::region).map_or("", |region| region.value.as_str());
    match failure.kind {
        TransportKind::Dns => vec![
            match facts.client.and_then(Client::endpoint).map(|endpoint| &endpoint.origin) {
                Some(Origin::Default) => {
                    format!("Bedrock may not exist in region `{region}`: check `--region`")
                }
                Some(origin) => format!("check the endpoint from {origin}"),
                None => "check `--endpoint` and `--region`".into(),
            },
            "check the network, and `HTTPS_PROXY` if there is a proxy".into(),
        ],
        TransportKind::Connect | TransportKind::ConnectTimeout => {
            vec!["check the network, `--endpoint`, and `HTTPS_PROXY` if there is a proxy".into()]
        }
        TransportKind::Tls => vec![
            "if a proxy or a private server stands there, name its certificates with `--ca-bundle FILE`"
                .into(),
        ],
        TransportKind::Closed | TransportKind::Other => vec!["run it again".into()],
    }
}
