//! `outcrop models list`: configured models, then those that the region lists.

use super::table::Table;
use super::{Ask, Offered, PROVIDER, Row, joined, medium_name, offered, rows, tell, tokens_in_words};
use crate::Env;
use crate::catalog::facts::Price;
use crate::cli::args::{Global, ModelsList};
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::Connection;
use crate::error::Error;
use crate::uri;
use serde_json::{Value, json};

pub(super) async fn run(
    env: &Env,
    connection: &Connection,
    args: &ModelsList,
    global: &Global,
    out: &Out,
) -> Result<(), Report> {
    let report = |error: Error| connection.report(&error);
    if args.provider.as_deref().is_some_and(|name| name.chars().any(char::is_whitespace)) {
        return Err(Report::usage("`--provider` takes one name, without white space"));
    }
    let ask = match (args.refresh, args.offline) {
        (true, _) => Ask::Anew,
        (false, true) => Ask::Nobody,
        (false, false) => Ask::IfNeeded,
    };
    let offered = if args.configured {
        Offered { found: None, missing: None }
    } else {
        offered(connection, ask).await.map_err(report)?
    };
    let settings = connection.lister.settings().await.map_err(report)?;
    let local = uri::split_url(&settings.endpoint.value.url).is_some_and(|url| url.is_loopback());
    let rows: Vec<Row> = rows(connection, &offered)
        .into_iter()
        .filter(|row| !args.configured || !row.tags.is_empty())
        .filter(|row| !args.profiles || row.profile_of.is_some())
        .filter(|_| !args.local || local)
        .filter(|row| args.provider.as_deref().is_none_or(|name| is_of(row, name)))
        .collect();
    tell(&offered, out);
    let text = if global.json {
        format!("{}\n", to_json(&rows, settings.region.value.as_str(), &offered))
    } else if args.plain {
        rows.iter().map(|row| format!("{}\n", row.id)).collect()
    } else {
        table(&rows, settings.region.value.as_str()).render(env)
    };
    if rows.is_empty() && !global.json {
        out.note("no models found");
    }
    out.data(text.as_bytes()).map_err(report)
}

/// Whether a model is of a vendor, by any of its names. The provider itself has them all.
fn is_of(row: &Row, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let by_id = crate::catalog::ModelId::parse(&row.id);
    let word = by_id.as_ref().and_then(crate::catalog::ModelId::vendor);
    matches!(name.as_str(), PROVIDER | "bedrock" | "aws-bedrock")
        || row.vendor.eq_ignore_ascii_case(&name)
        || word.is_some_and(|word| word.eq_ignore_ascii_case(&name))
}

fn table(rows: &[Row], region: &str) -> Table {
    // A foundation model runs where it is listed, a profile sends calls on. Where all stay here there is nothing to
    // tell.
    let leaves = rows.iter().any(|row| row.regions.iter().any(|other| other != region));
    let place = |row: &Row| if row.regions.is_empty() { region.to_owned() } else { row.regions.join(",") };
    let cells = |row: &Row| {
        let mut cells = vec![
            row.id.clone(),
            joined(&row.input),
            tokens_in_words(row.context_window),
            tokens_in_words(row.max_tokens),
            row.price.as_ref().map_or_else(|| "-".to_owned(), prices),
            row.tags.join(","),
        ];
        cells.extend(leaves.then(|| place(row)));
        cells
    };
    let mut head = vec!["Model", "Input", "Ctx", "Out", "US$/M", "Tags"];
    head.extend(leaves.then_some("Regions"));
    Table { head, rows: rows.iter().map(cells).collect() }
}

/// `3/15`: of a million tokens in, and out.
fn prices(price: &Price) -> String {
    format!("{}/{}", price.input, price.output)
}

fn to_json(rows: &[Row], region: &str, offered: &Offered) -> Value {
    let models: Vec<Value> = rows.iter().map(model).collect();
    json!({
        "count": rows.len(),
        "region": region,
        "source": offered.source(),
        "warnings": offered.warnings(),
        "models": models,
    })
}

pub(super) fn model(row: &Row) -> Value {
    let input: Vec<&str> = row.input.iter().map(|medium| medium_name(*medium)).collect();
    let output: Vec<String> = row.output.iter().map(|name| name.to_lowercase()).collect();
    json!({
        "key": row.key(),
        "id": row.id,
        "name": row.name,
        "provider": row.vendor,
        "input": input,
        "output": output,
        "contextWindow": row.context_window,
        "maxTokens": row.max_tokens,
        "reasoning": row.reasoning,
        "cost": row.price.as_ref().map(cost),
        "inferenceTypes": row.inference_types,
        "profileOf": row.profile_of,
        "regions": row.regions,
        "tags": row.tags,
        "available": row.available,
    })
}

pub(super) fn cost(price: &Price) -> Value {
    json!({
        "input": price.input,
        "output": price.output,
        "cacheRead": price.cache_read,
        "cacheWrite": price.cache_write,
    })
}
