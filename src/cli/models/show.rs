//! `outcrop models show`: everything known of one model, where each fact comes from, and how its name resolves.

use super::table::one_line;
use super::{Ask, Offered, PROVIDER, joined, known, list, offered, row, tokens_in_words};
use crate::catalog::facts::{
    CacheSupport, Price, Sampling, StructuredOutput, Thinking, ToolChoices, ToolSupport, TopK,
};
use crate::catalog::{FactSource, KnownModel, ResolveStep};
use crate::cli::args::Global;
use crate::cli::model::{named, unresolved};
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::Connection;
use crate::error::Error;
use crate::origin::Origin;
use serde_json::json;

pub(super) async fn run(
    connection: &Connection,
    typed: &str,
    global: &Global,
    out: &Out,
) -> Result<(), Report> {
    let report = |error: Error| connection.report(&error);
    let settings = connection.client.settings().await.map_err(report)?;
    let region = &settings.region;
    let resolved = named(connection, typed, &region.value).await;
    let resolved = resolved.map_err(|why| unresolved(&why, &Origin::Flag("MODEL")))?;
    // The network is not asked: what the cache has is enough to show.
    let offered = offered(connection, Ask::Nobody).await.unwrap_or(Offered { found: None, missing: None });
    let id = resolved.id.as_str();
    let entry = offered.entries().iter().find(|entry| entry.id == id);
    let written = connection.config.provider.models.iter().find(|model| model.id.value == id);
    let row = row(id, entry, written, connection);
    let known = known(id, entry, written);
    if global.json {
        let mut shown = list::model(&row);
        if let (Some(members), Some(known)) = (shown.as_object_mut(), &known) {
            members.insert("typed".to_owned(), json!(typed));
            members
                .insert("resolution".to_owned(), json!(resolved.steps.iter().map(step).collect::<Vec<_>>()));
            members.insert("rules".to_owned(), json!(known.rules));
            members.insert("baseModel".to_owned(), json!(known.id));
            members.insert(
                "sources".to_owned(),
                json!(known.documents().into_iter().collect::<std::collections::BTreeMap<_, _>>()),
            );
        }
        return out.data(format!("{shown}\n").as_bytes()).map_err(report);
    }
    let mut lines = vec![("model", format!("{PROVIDER}/{id}"))];
    lines.push(("name", row.name.clone()));
    if id != typed {
        let steps: Vec<String> = resolved.steps.iter().map(step).collect();
        lines.push(("resolved", format!("from `{typed}`: {}", steps.join("; "))));
    }
    lines.push(("region", format!("{} (from {})", region.value.as_str(), region.origin)));
    if let Some(base) = &row.profile_of {
        lines.push(("profile of", base.clone()));
    }
    if !row.regions.is_empty() {
        lines.push(("regions", row.regions.join(", ")));
    }
    if let Some(known) = &known {
        lines.extend(facts(known, &row));
    }
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let text: String =
        lines.iter().map(|(name, value)| format!("{name:width$}  {}\n", one_line(value))).collect();
    out.data(text.as_bytes()).map_err(report)
}

fn step(step: &ResolveStep) -> String {
    match step {
        ResolveStep::Alias { alias, target } => format!("alias `{alias}` of `{target}`"),
        ResolveStep::Name { typed, id } => format!("`{typed}` is part of the name of `{id}` alone"),
        ResolveStep::Profile { base, geography, listed } => format!(
            "`{base}` is called through its profile for `{geography}`, which {}",
            if *listed { "the region lists" } else { "the built-in catalogue names" }
        ),
    }
}

fn facts(known: &KnownModel, row: &super::Row) -> Vec<(&'static str, String)> {
    let (facts, from) = (&known.facts, &known.sources);
    let tokens = |tokens: Option<u32>, shown: u32, from: FactSource| match tokens {
        Some(tokens) => format!("{} ({}; {tokens})", tokens_in_words(tokens), source(from)),
        None => format!("{} (not known; the default)", tokens_in_words(shown)),
    };
    let mut lines = vec![
        ("context", tokens(facts.context_window, row.context_window, from.context_window)),
        ("output", tokens(facts.max_output_tokens, row.max_tokens, from.max_output_tokens)),
        ("input", format!("{} ({})", joined(&row.input), source(from.input))),
        (
            "price",
            facts.price.as_ref().map_or_else(
                || "not known".to_owned(),
                |price| format!("{} ({})", price_in_words(price), source(from.price)),
            ),
        ),
        ("rules", format!("{} ({})", known.rules, source(from.family))),
        ("thinking", thinking(facts.thinking).to_owned()),
        ("sampling", sampling(&facts.sampling)),
        ("cache points", cache(&facts.cache)),
        ("tools", tools(&facts.tools)),
        ("json schema", structured(facts.structured_output).to_owned()),
    ];
    lines.extend(
        known.documents().into_iter().map(|(member, document)| ("source", format!("{member}: {document}"))),
    );
    lines
}

fn source(from: FactSource) -> &'static str {
    match from {
        FactSource::Row => "of this model",
        FactSource::Family => "of its family",
        FactSource::Default => "of any model",
        FactSource::Override => "from the configuration",
        FactSource::Unknown => "not known",
    }
}

fn price_in_words(price: &Price) -> String {
    let mut text = format!("US$ {} in, {} out", price.input, price.output);
    if let Some(read) = price.cache_read {
        text.push_str(&format!(", {read} read from the cache"));
    }
    if let Some(write) = price.cache_write {
        text.push_str(&format!(", {write} written to it"));
    }
    text + " for a million tokens"
}

fn thinking(style: Thinking) -> &'static str {
    match style {
        Thinking::None => "cannot be asked for",
        Thinking::Budget => "with a budget of tokens",
        Thinking::Adaptive { mandatory: true, .. } => "adaptive, with an effort; it cannot be switched off",
        Thinking::Adaptive { mandatory: false, .. } => "adaptive, with an effort",
        Thinking::NovaEffort | Thinking::FlatEffort | Thinking::NestedEffort => "with an effort",
    }
}

fn sampling(rules: &Sampling) -> String {
    let taken = [
        (rules.temperature, "temperature"),
        (rules.top_p, "top_p"),
        (rules.top_k != TopK::Refused, "top_k"),
        (rules.stop_sequences, "stop sequences"),
    ];
    let text = named_or_none(&taken);
    let not_both = rules.temperature && rules.top_p && !rules.temperature_with_top_p;
    if not_both { text + " (not temperature and top_p together)" } else { text }
}

fn cache(rules: &CacheSupport) -> String {
    let text =
        named_or_none(&[(rules.system, "system"), (rules.tools, "tools"), (rules.messages, "messages")]);
    if rules.one_hour { text + "; for an hour too" } else { text }
}

fn tools(rules: &ToolSupport) -> String {
    if !rules.supported {
        return "none".to_owned();
    }
    let choice = match rules.choice {
        ToolChoices::Absent => "no choice",
        ToolChoices::Auto => "choice `auto`",
        ToolChoices::Any => "choices `auto` and `any`",
        ToolChoices::Named => "choices `auto`, `any` and by name",
    };
    if rules.streaming { choice.to_owned() } else { format!("{choice}; not in streams") }
}

fn structured(style: StructuredOutput) -> &'static str {
    match style {
        StructuredOutput::Native => "native",
        StructuredOutput::Tool => "through a forced tool",
        StructuredOutput::Prompt => "through the prompt",
    }
}

fn named_or_none(taken: &[(bool, &str)]) -> String {
    let names: Vec<&str> = taken.iter().filter(|(taken, _)| *taken).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
