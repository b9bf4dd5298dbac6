//! A model to measure: the session that calls it, and the request that it is sent.

use crate::Env;
use crate::bench::measure::Target;
use crate::bench::plan::Plan as Load;
use crate::bench::run::Retries;
use crate::bench::sample::float;
use crate::cli::args::{Bench, Global};
use crate::cli::chat::Plan;
use crate::cli::input;
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::{Naming, Session};
use crate::converse::cost::Dollars;
use crate::converse::prepare::{CacheRetention, PrepareOptions};
use crate::converse::{ConverseRequest, Message};
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Origin;
use std::sync::Arc;

/// What is asked when nothing is said: an answer of some length, the same from every model.
const QUESTION: &str = "Describe how basalt is made, from the mantle to the outcrop, in about 300 words.";

/// Filling text: words that most models read as one token each.
const WORDS: [&str; 8] = ["rock", "sand", "lava", "clay", "iron", "salt", "coal", "gold"];

/// A model to measure.
pub(super) struct Subject {
    pub(super) session: Session,
    pub(super) target: Arc<Target>,
    pub(super) retries: Arc<Retries>,
    pub(super) prompt_characters: usize,
    /// More than it has tokens: there is none without a byte.
    prompt_bytes: u64,
}

/// All models that were named, or the default one. Nothing is sent.
pub(super) async fn open(
    env: &Env,
    global: &Global,
    args: &Bench,
    out: &Out,
) -> std::result::Result<Vec<Subject>, Box<Report>> {
    let prompt = prompt(args).map_err(|error| Box::new(Report::plain(&error)))?;
    if prompt.trim().is_empty() {
        return Err(Box::new(Report::usage("the prompt is empty")));
    }
    let named: Vec<Option<String>> =
        if args.model.is_empty() { vec![None] } else { args.model.iter().cloned().map(Some).collect() };
    let mut subjects = Vec::new();
    for model in named {
        let retries = Arc::new(Retries::default());
        let watcher = Arc::clone(&retries);
        let watcher: crate::cli::session::Watcher = Arc::new(move |notice| watcher.note(notice));
        let call = args.call(model);
        let opened = Session::open_watched(env, global, &call, None, Naming::Resolved, out, Some(watcher));
        let session = opened.await?;
        let target = target(&session, &prompt, args.asking.max_tokens, out).await;
        let target = Arc::new(target.map_err(|error| Box::new(session.report(&error)))?);
        let (prompt_characters, prompt_bytes) = (prompt.chars().count(), prompt.len() as u64);
        subjects.push(Subject { session, target, retries, prompt_characters, prompt_bytes });
    }
    Ok(subjects)
}

fn prompt(args: &Bench) -> Result<String> {
    let asking = &args.asking;
    if let Some(path) = &asking.prompt_file {
        return String::from_utf8(input::file(path)?).map_err(|_| {
            Error::Config(Box::new(ConfigProblem {
                origin: Origin::Flag("--prompt-file"),
                key: None,
                problem: format!("`{}` is no UTF-8 text", path.display()),
                hints: vec![format!("save `{}` as UTF-8", path.display())],
            }))
        });
    }
    Ok(match (&asking.prompt, asking.input_tokens) {
        (Some(prompt), _) => prompt.clone(),
        (None, Some(tokens)) => filling(tokens),
        (None, None) => QUESTION.to_owned(),
    })
}

/// The question behind so many words that both together make about `tokens` tokens.
fn filling(tokens: u32) -> String {
    let question = QUESTION.split_whitespace().count();
    let words = usize::try_from(tokens).unwrap_or(usize::MAX).saturating_sub(question);
    let mut text = String::new();
    for word in WORDS.iter().cycle().take(words) {
        text.push_str(word);
        text.push(' ');
    }
    text.push_str(QUESTION);
    text
}

async fn target(session: &Session, prompt: &str, max_tokens: u32, out: &Out) -> Result<Target> {
    let wish = ConverseRequest::default().message(Message::user(prompt)).max_tokens(max_tokens);
    let guardrail = session.connection.config.guardrail.as_ref().map(|guardrail| guardrail.value.clone());
    let options =
        PrepareOptions { cache: Some(CacheRetention::None), guardrail, ..PrepareOptions::default() };
    let mut plan = Plan::new(wish, options, true);
    plan.fit(session, out).await?;
    let model = session.choice.model.value.clone();
    let Some(facts) = plan.facts().filter(|_| plan.streams()) else {
        return Err(Error::InvalidRequest(format!("`{model}` does not stream").into()));
    };
    Ok(Target {
        client: session.connection.client.clone(),
        model,
        body: plan.body()?,
        family: facts.family,
        price: facts.price,
    })
}

/// Says before the first request what all of them may cost, or one where their number is not known.
pub(super) fn tell_price(subjects: &[Subject], load: &Load, max_tokens: u32, out: &Out) {
    let requests = load.requests.map_or(1, |requests| requests.saturating_add(load.warmup));
    let prices = subjects.iter().filter_map(|subject| Some((subject, subject.target.price.as_ref()?)));
    let dollars: f64 = prices
        .map(|(subject, price)| {
            (float(subject.prompt_bytes) * price.input + f64::from(max_tokens) * price.output) / 1e6
                * float(requests)
        })
        .sum();
    if dollars > 0.0 {
        let whole = subjects.iter().all(|subject| subject.target.price.is_some());
        let partly = if whole { "" } else { " for those models whose price is known" };
        let what = match (load.requests, subjects) {
            (Some(_), _) => "this",
            (None, [_]) => "a request",
            (None, _) => "a request to each model",
        };
        out.note(&format!("{what} costs about {} at most{partly}; Ctrl-C ends it", Dollars(dollars)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_has_as_many_words_as_tokens_were_asked_for() {
        for (tokens, words) in [(1, 15), (15, 15), (16, 16), (1_000, 1_000)] {
            assert_eq!(filling(tokens).split_whitespace().count(), words, "{tokens}");
            assert!(filling(tokens).ends_with(QUESTION));
        }
    }
}
