//! `outcrop models status`: where configuration, region and credentials come from, the default model, and whether
//! models answer.

use super::probe::{self, Probe};
use super::table::Table;
use super::{Ask, Offered, PROVIDER, in_words, offered, rows};
use crate::Env;
use crate::auth::{Auth, Survey};
use crate::catalog::store::Freshness;
use crate::cli::args::{Global, ModelsStatus};
use crate::cli::model::{named, unresolved};
use crate::cli::out::Out;
use crate::cli::report::{Report, exit};
use crate::cli::session::Connection;
use crate::config::Owner;
use crate::emulator::DEMO_MODEL_ID;
use crate::error::Error;
use crate::origin::{Origin, Sourced};
use crate::time;
use serde_json::{Value, json};

/// All that is shown.
struct Status<'a> {
    connection: &'a Connection,
    survey: Survey,
    default: Option<Sourced<String>>,
    /// The id that the default stands for, or why it stands for none.
    resolved: Option<Result<String, Report>>,
    offered: Offered,
    probes: Vec<Probe>,
    /// The probed model was chosen here, since no default is set.
    chosen: bool,
}

pub(super) async fn run(
    env: &Env,
    connection: &Connection,
    args: &ModelsStatus,
    global: &Global,
    out: &Out,
) -> Result<(), Report> {
    let report = |error: Error| connection.report(&error);
    if let Some(name) = &args.probe_provider
        && !matches!(name.to_ascii_lowercase().as_str(), PROVIDER | "bedrock" | "aws-bedrock")
    {
        return Err(Report::usage(&format!("`{name}` is not here: the one provider is `{PROVIDER}`")));
    }
    if let Some(name) = args.probe_profile.first() {
        let text = "`--probe-profile` names a profile of OpenClaw, and here are those of the AWS files";
        let hint = format!("use `outcrop models status --probe --profile {name}`");
        return Err(Report::usage(text).with_hints(vec![hint]));
    }
    let settings = connection.client.settings().await.map_err(report)?;
    let default = default_model(env, connection, global);
    if args.plain {
        let key = default.map(|model| format!("{PROVIDER}/{}\n", model.value)).unwrap_or_default();
        return out.data(key.as_bytes()).map_err(report);
    }
    let survey = connection.client.survey().await.map_err(report)?;
    let resolved = match &default {
        Some(model) => {
            let found = named(connection, &model.value, &settings.region.value).await;
            let found = found.map(|found| found.id.as_str().to_owned());
            Some(found.map_err(|why| unresolved(&why, &model.origin)))
        }
        None => None,
    };
    let probing = args.probe || args.probe_provider.is_some() || !args.probe_model.is_empty();
    // The service is asked for its list only where something depends on it.
    let ask = if args.check || (probing && default.is_none() && args.probe_model.is_empty()) {
        Ask::IfNeeded
    } else {
        Ask::Nobody
    };
    let offered = offered(connection, ask).await;
    let offered = offered.unwrap_or_else(|error| Offered { found: None, missing: Some(error.to_string()) });
    let mut status =
        Status { connection, survey, default, resolved, offered, probes: Vec::new(), chosen: false };
    if probing && status.survey.auth.is_ok() {
        let models = status.targets(args).await?;
        if models.is_empty() {
            let why = status.offered.missing.clone().unwrap_or_else(|| "the region lists none".to_owned());
            let report = Report::usage(&format!("there is no model to probe: {why}"));
            return Err(report
                .with_hints(vec!["name one with `--probe-model`".to_owned()])
                .with_exit(exit::MODEL));
        }
        status.probes = probe::run(&connection.client, &models, args).await;
    }
    let text = if global.json { format!("{}\n", status.to_json(args)) } else { status.to_text(env) };
    out.data(text.as_bytes()).map_err(report)?;
    status.survey.warnings.iter().for_each(|warning| out.warn(warning));
    // The first failure is the command's own error; the others are told before it.
    let failed = status.probes.iter().filter_map(|probe| probe.outcome.as_ref().err());
    for failed in failed.skip(1).filter(|_| !global.json) {
        out.warn(failed.report.message());
    }
    status.verdict(args, probing).map_or(Ok(()), Err)
}

/// The demo's, else `OUTCROP_MODEL`, else the configuration.
fn default_model(env: &Env, connection: &Connection, global: &Global) -> Option<Sourced<String>> {
    if global.demo {
        return Some(Sourced::new(DEMO_MODEL_ID.to_owned(), Origin::Demo));
    }
    let variable = env.get_non_blank("OUTCROP_MODEL").map(|id| {
        let id = id.trim();
        let id = id.strip_prefix(&format!("{PROVIDER}/")).unwrap_or(id);
        Sourced::new(id.to_owned(), Origin::Variable("OUTCROP_MODEL".to_owned()))
    });
    variable.or_else(|| connection.config.model.clone())
}

impl Status<'_> {
    /// The models to probe: those of the flags, else the default, else the cheapest one.
    async fn targets(&mut self, args: &ModelsStatus) -> Result<Vec<String>, Report> {
        let region = self.connection.client.region().map(|region| region.value.clone());
        if let Some(region) = region.filter(|_| !args.probe_model.is_empty()) {
            let mut models = Vec::new();
            for typed in &args.probe_model {
                let found = named(self.connection, typed, &region).await;
                let found = found.map_err(|why| unresolved(&why, &Origin::Flag("--probe-model")))?;
                models.push(found.id.as_str().to_owned());
            }
            return Ok(models);
        }
        if let Some(Ok(id)) = &self.resolved {
            return Ok(vec![id.clone()]);
        }
        self.chosen = true;
        Ok(cheapest(self.connection, &self.offered).into_iter().collect())
    }

    fn to_text(&self, env: &Env) -> String {
        let mut lines = self.head();
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        if self.chosen && !self.probes.is_empty() {
            lines.push(("probed", "the cheapest listed model, since no default is set".to_owned()));
        }
        let mut text: String =
            lines.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect();
        if self.probes.is_empty() {
            return text;
        }
        text.push('\n');
        let cells = |probe: &Probe| {
            let outcome = match &probe.outcome {
                Ok(ms) => format!("ok · {ms}ms"),
                Err(failed) => failed.status.to_owned(),
            };
            vec![format!("{PROVIDER}/{}", probe.model), outcome]
        };
        let table = Table { head: vec!["Model", "Status"], rows: self.probes.iter().map(cells).collect() };
        text.push_str(&table.render(env));
        text
    }

    fn head(&self) -> Vec<(&'static str, String)> {
        let config = &self.connection.config;
        let mut lines = vec![("config", self.config())];
        if let Some(region) = self.connection.client.region() {
            lines.push(("region", format!("{} (from {})", region.value.as_str(), region.origin)));
        }
        if let Some(endpoint) = self.connection.client.endpoint() {
            lines.push(("endpoint", format!("{} (from {})", endpoint.value.url, endpoint.origin)));
        }
        lines.push(("credentials", self.credentials()));
        let default = match (&self.default, &self.resolved) {
            (Some(model), Some(Ok(id))) if *id != model.value => {
                format!("{PROVIDER}/{} (from {}), called as `{id}`", model.value, model.origin)
            }
            (Some(model), Some(Err(_))) => {
                format!("{} (from {}), which no model has as its name", model.value, model.origin)
            }
            (Some(model), _) => format!("{PROVIDER}/{} (from {})", model.value, model.origin),
            (None, _) => "none; name one with `--model`, or set `model` in the configuration".to_owned(),
        };
        lines.push(("default", default));
        let fallbacks: Vec<&str> = config.fallbacks.iter().map(|model| model.value.as_str()).collect();
        lines.push(("fallbacks", counted(fallbacks.len(), &fallbacks.join(", "))));
        let aliases: Vec<String> =
            config.aliases.iter().map(|(alias, target)| format!("{alias} = {}", target.value)).collect();
        lines.push(("aliases", counted(aliases.len(), &aliases.join(", "))));
        let configured: Vec<&str> =
            config.provider.models.iter().map(|model| model.id.value.as_str()).collect();
        lines.push(("models", format!("{} configured", counted(configured.len(), &configured.join(", ")))));
        lines.push(("discovery", self.discovery()));
        lines
    }

    fn config(&self) -> String {
        let Some(location) = &self.connection.config.location else { return "none is read".to_owned() };
        let path = location.path.display();
        let absent = if location.path.exists() { "" } else { ", which does not exist" };
        match location.owner {
            Owner::Outcrop => format!("{path} (from {}){absent}", location.origin),
            Owner::OpenClaw => format!("{path} (OpenClaw's, read only)"),
        }
    }

    fn credentials(&self) -> String {
        let used = self.survey.steps.iter().find_map(|step| match &step.outcome {
            crate::trail::Outcome::Used(how) => Some(format!("{}: {how}", step.source)),
            crate::trail::Outcome::NotHere(_)
            | crate::trail::Outcome::Broken(_)
            | crate::trail::Outcome::NotAsked(_) => None,
        });
        match (&self.survey.auth, used) {
            (Ok(Auth::None), _) => "none; requests are not signed".to_owned(),
            (Ok(_), Some(used)) => used,
            (Ok(_), None) => "given by the program".to_owned(),
            (Err(error), _) => format!("none to use: {error}"),
        }
    }

    fn discovery(&self) -> String {
        let enabled = &self.connection.config.discovery.enabled;
        let mode = match enabled {
            Some(enabled) => {
                format!("{} (from {})", if enabled.value { "on" } else { "off" }, enabled.origin)
            }
            None => "automatic: on where there are credentials".to_owned(),
        };
        match &self.offered.found {
            Some(found) => {
                let age = match found.freshness {
                    Freshness::Fetched => "just now".to_owned(),
                    Freshness::Cached { age } | Freshness::Stale { age } => format!("{} ago", in_words(age)),
                };
                format!("{mode}; {} models listed, {age}", found.listing.entries.len())
            }
            None => mode,
        }
    }

    fn to_json(&self, args: &ModelsStatus) -> Value {
        let config = &self.connection.config;
        let region = self.connection.client.region();
        let endpoint = self.connection.client.endpoint();
        let results: Vec<Value> = self.probes.iter().map(result).collect();
        let sources: Vec<Value> = self
            .survey
            .steps
            .iter()
            .map(|step| json!({ "source": step.source.as_str(), "outcome": step.outcome.as_str() }))
            .collect();
        json!({
            "configPath": config.location.as_ref().map(|location| location.path.display().to_string()),
            "region": region.map(|region| json!({ "value": region.value.as_str(), "origin": region.origin.to_string() })),
            "endpoint": endpoint.map(|endpoint| json!({ "value": endpoint.value.url, "origin": endpoint.origin.to_string() })),
            "defaultModel": self.default.as_ref().map(|model| format!("{PROVIDER}/{}", model.value)),
            "resolvedDefault": self.resolved.as_ref().and_then(|id| id.as_ref().ok()),
            "fallbacks": config.fallbacks.iter().map(|model| &model.value).collect::<Vec<_>>(),
            "aliases": config.aliases.iter().map(|(alias, target)| (alias.clone(), json!(target.value))).collect::<serde_json::Map<_, _>>(),
            "configured": config.provider.models.iter().map(|model| &model.id.value).collect::<Vec<_>>(),
            "auth": {
                "usable": self.survey.auth.is_ok(),
                "sources": sources,
                "probes": {
                    "totalTargets": self.probes.len(),
                    "options": {
                        "timeoutMs": u64::try_from(args.probe_timeout.as_millis()).unwrap_or(u64::MAX),
                        "concurrency": args.probe_concurrency,
                        "maxTokens": args.probe_max_tokens,
                    },
                    "results": results,
                },
            },
        })
    }

    /// What is wrong, if that is asked: credentials first, then the probes, then the default model.
    fn verdict(self, args: &ModelsStatus, probing: bool) -> Option<Report> {
        if args.check || probing {
            match &self.survey.auth {
                Err(error) => return Some(self.connection.report(error)),
                Ok(Auth::SigV4(keys)) if keys.expires_at.is_some_and(|end| end <= time::now()) => {
                    return Some(Report::usage("the credentials have ended").with_exit(exit::CREDENTIALS));
                }
                Ok(_) => {}
            }
        }
        if let Some(failed) = self.probes.into_iter().find_map(|probe| probe.outcome.err()) {
            return Some(failed.report);
        }
        if !args.check {
            return None;
        }
        match (self.resolved, self.offered.listing()) {
            (None, _) => Some(Report::no_model().with_exit(exit::MODEL)),
            (Some(Err(report)), _) => Some(report.with_exit(exit::MODEL)),
            (Some(Ok(id)), Some(_)) => {
                let rows = rows(self.connection, &self.offered);
                let missing = rows.iter().any(|row| row.id == id && row.available == Some(false));
                let text = format!("`{id}` is not listed in this region");
                missing.then(|| Report::usage(&text).with_exit(exit::MODEL))
            }
            (Some(Ok(_)), None) => None,
        }
    }
}

fn result(probe: &Probe) -> Value {
    match &probe.outcome {
        Ok(ms) => json!({
            "provider": PROVIDER, "model": probe.model, "status": "ok",
            "latencyMs": u64::try_from(*ms).unwrap_or(u64::MAX),
        }),
        Err(failed) => json!({
            "provider": PROVIDER, "model": probe.model, "status": failed.status,
            "error": serde_json::from_slice::<Value>(failed.report.to_json().as_bytes()).unwrap_or_default(),
        }),
    }
}

/// The listed model whose tokens cost least, of those with a known price.
fn cheapest(connection: &Connection, offered: &Offered) -> Option<String> {
    let priced = rows(connection, offered).into_iter().filter(|row| row.available == Some(true));
    let priced = priced.filter_map(|row| Some((row.price.map(|price| price.input + price.output)?, row.id)));
    let cheapest =
        priced.min_by(|(one, first), (other, second)| one.total_cmp(other).then_with(|| first.cmp(second)));
    cheapest.map(|(_, id)| id)
}

fn counted(count: usize, names: &str) -> String {
    if count == 0 { "0".to_owned() } else { format!("{count}: {names}") }
}
