//! What an answer cost: tokens by bucket, added up in one way, and priced.
//!
//! The service counts; models differ in what they count. Prices are the catalogue's or the user's, for the
//! standard tier; what is not known is `None` and never 0. Guardrails and storage are not priced.

use super::{CacheTtl, ConverseResponse, PerformanceConfigLatency, ServiceTierType, TokenUsage};
use crate::catalog::facts::{Family, Price};
use serde::Serialize;
use std::fmt;

/// A cache entry of one hour is written for twice the price of input.
const ONE_HOUR_FACTOR: f64 = 2.0;

/// Tokens of one answer, each counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCounts {
    /// Of the prompt, neither read from the cache nor written to it.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache, for whatever time.
    pub cache_write: u64,
    /// Those of `cache_write` that are kept for an hour.
    pub cache_write_one_hour: u64,
}

impl TokenCounts {
    /// Sorts what the service counted. The models of OpenAI count cached tokens among the input too.
    pub fn new(usage: &TokenUsage, family: Family) -> Self {
        let one_hour = usage.cache_details.iter().filter(|detail| detail.ttl == CacheTtl::ONE_HOUR);
        let one_hour = one_hour.fold(0_u64, |sum, detail| sum.saturating_add(detail.input_tokens));
        let cache_read = usage.cache_read_input_tokens.unwrap_or(0);
        let cache_write = usage.cache_write_input_tokens.unwrap_or(0);
        let cached = cache_read.saturating_add(cache_write);
        let counts_cached = matches!(family, Family::Gpt | Family::GptOss) && usage.input_tokens >= cached;
        Self {
            input: if counts_cached { usage.input_tokens - cached } else { usage.input_tokens },
            output: usage.output_tokens,
            cache_read,
            cache_write,
            cache_write_one_hour: one_hour.min(cache_write),
        }
    }

    /// Of the whole prompt, cached or not: what fills the context window.
    pub fn prompt(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }

    /// Of prompt and answer together. `totalTokens` is no use for that: some models leave the cache out of it,
    /// some count it twice.
    pub fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output)
    }
}

/// US dollars. A bucket without tokens costs 0; one whose price is not known is `None`, and so is the total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cost {
    /// Of input that is not cached.
    pub input: Option<f64>,
    /// Of output.
    pub output: Option<f64>,
    /// Of input read from the cache.
    pub cache_read: Option<f64>,
    /// Of input written to the cache.
    pub cache_write: Option<f64>,
    /// Of all.
    pub total: Option<f64>,
}

impl Cost {
    /// The price of these tokens.
    pub fn new(counts: &TokenCounts, price: &Price) -> Self {
        let short = counts.cache_write - counts.cache_write_one_hour.min(counts.cache_write);
        let input = bucket(counts.input, Some(price.input));
        let output = bucket(counts.output, Some(price.output));
        let cache_read = bucket(counts.cache_read, price.cache_read);
        let cache_write = sum([
            bucket(short, price.cache_write),
            bucket(counts.cache_write_one_hour, Some(price.input * ONE_HOUR_FACTOR)),
        ]);
        Self { input, output, cache_read, cache_write, total: sum([input, output, cache_read, cache_write]) }
    }

    /// What an answer cost, where that is known: the price is there, the service counted, and neither tier nor
    /// speed has a price of its own.
    pub fn of(response: &ConverseResponse, family: Family, price: Option<&Price>) -> Option<Self> {
        let has_own_price = |tier: &ServiceTierType| *tier != ServiceTierType::DEFAULT;
        let is_special = response.service_tier.as_ref().is_some_and(|tier| has_own_price(&tier.kind));
        let speed = response.performance_config.as_ref().and_then(|config| config.latency.as_ref());
        let is_fast = speed == Some(&PerformanceConfigLatency::OPTIMIZED);
        if is_special || is_fast {
            return None;
        }
        Some(Self::new(&TokenCounts::new(response.usage.as_ref()?, family), price?))
    }
}

/// Tokens and cost of several answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    answers: u64,
    prompt: u64,
    output: u64,
    dollars: f64,
    /// Answers without a count, as when one was stopped.
    uncounted: u64,
    /// The cost of an answer was not known.
    is_partial: bool,
}

impl Tally {
    /// Adds an answer.
    pub fn add(&mut self, counts: Option<TokenCounts>, cost: Option<Cost>) {
        self.answers += 1;
        self.uncounted += u64::from(counts.is_none());
        let counts = counts.unwrap_or_default();
        self.prompt = self.prompt.saturating_add(counts.prompt());
        self.output = self.output.saturating_add(counts.output);
        match cost.and_then(|cost| cost.total) {
            Some(total) => self.dollars += total,
            None => self.is_partial = true,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.answers == 1 { "" } else { "s" };
        write!(f, "{} answer{plural} · {} in · {} out", self.answers, self.prompt, self.output)?;
        if self.uncounted > 0 {
            write!(f, " ({} not counted)", self.uncounted)?;
        }
        match (self.is_partial, self.dollars > 0.0) {
            (false, _) => write!(f, " · {}", Dollars(self.dollars)),
            (true, true) => write!(f, " · more than {}", Dollars(self.dollars)),
            (true, false) => f.write_str(" · cost unknown"),
        }
    }
}

/// US dollars for people: `$0.004200`, `$12.50`, with digits that say something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dollars(pub f64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0 {
            1.0.. => 2,
            0.01..1.0 => 4,
            _ => 6,
        };
        write!(f, "${:.digits$}", self.0)
    }
}

fn bucket(tokens: u64, price: Option<f64>) -> Option<f64> {
    if tokens == 0 {
        return Some(0.0);
    }
    #[allow(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
    let millions = tokens as f64 / 1e6;
    price.filter(|price| price.is_finite() && *price >= 0.0).map(|price| millions * price)
}

fn sum<const N: usize>(buckets: [Option<f64>; N]) -> Option<f64> {
    buckets.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converse::{CacheDetail, PerformanceConfiguration, ServiceTier};

    fn usage(input: u64, output: u64, read: u64, write: u64, one_hour: u64) -> TokenUsage {
        let details = [(CacheTtl::FIVE_MINUTES, write - one_hour), (CacheTtl::ONE_HOUR, one_hour)];
        TokenUsage {
            input_tokens: input,
            output_tokens: output,
            total_tokens: input + output,
            cache_read_input_tokens: Some(read),
            cache_write_input_tokens: Some(write),
            cache_details: details
                .map(|(ttl, input_tokens)| CacheDetail { ttl, input_tokens })
                .into_iter()
                .filter(|detail| detail.input_tokens > 0)
                .collect(),
        }
    }

    const PRICE: Price = Price { input: 1.0, output: 5.0, cache_read: Some(0.1), cache_write: Some(1.25) };

    fn micros(dollars: Option<f64>) -> Option<f64> {
        dollars.map(|dollars| (dollars * 1e9).round() / 1e3)
    }

    #[test]
    fn one_hour_in_the_cache_costs_twice_the_input() {
        let counts = TokenCounts::new(&usage(0, 0, 0, 10, 6), Family::Claude);
        assert_eq!((counts.cache_write, counts.cache_write_one_hour), (10, 6));
        let cost = Cost::new(&counts, &PRICE);
        assert_eq!((micros(cost.cache_write), micros(cost.total)), (Some(17.0), Some(17.0)));
    }

    #[test]
    fn buckets_add_up() {
        let counts = TokenCounts::new(&usage(100, 10, 2_000, 40, 0), Family::Claude);
        assert_eq!((counts.prompt(), counts.total()), (2_140, 2_150));
        let cost = Cost::new(&counts, &PRICE);
        let buckets = [cost.input, cost.output, cost.cache_read, cost.cache_write, cost.total];
        assert_eq!(buckets.map(micros), [100.0, 50.0, 200.0, 50.0, 400.0].map(Some));
    }

    #[test]
    fn models_of_openai_count_cached_tokens_twice() {
        let both = usage(2_100, 10, 2_000, 0, 0);
        assert_eq!(TokenCounts::new(&both, Family::Gpt).input, 100);
        assert_eq!(TokenCounts::new(&both, Family::Claude).input, 2_100);
        let apart = usage(100, 10, 2_000, 0, 0);
        assert_eq!(TokenCounts::new(&apart, Family::Gpt).input, 100);
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let bare = Price { cache_read: None, cache_write: None, ..PRICE };
        let cost = Cost::new(&TokenCounts::new(&usage(100, 10, 0, 0, 0), Family::Claude), &bare);
        assert_eq!((micros(cost.total), cost.cache_read), (Some(150.0), Some(0.0)));
        let cost = Cost::new(&TokenCounts::new(&usage(100, 10, 1, 0, 0), Family::Claude), &bare);
        assert_eq!((cost.cache_read, cost.total), (None, None));
        let broken = Price { input: f64::NAN, ..PRICE };
        assert_eq!(Cost::new(&TokenCounts::new(&usage(1, 1, 0, 0, 0), Family::Claude), &broken).total, None);
    }

    #[test]
    fn tiers_and_speeds_with_prices_of_their_own_are_not_guessed() {
        let answer = ConverseResponse { usage: Some(usage(1, 1, 0, 0, 0)), ..ConverseResponse::default() };
        let tier = |kind| ConverseResponse { service_tier: Some(ServiceTier { kind }), ..answer.clone() };
        let latency = Some(PerformanceConfigLatency::OPTIMIZED);
        let performance_config = Some(PerformanceConfiguration { latency });
        for (answer, price, is_known) in [
            (answer.clone(), Some(&PRICE), true),
            (tier(ServiceTierType::DEFAULT), Some(&PRICE), true),
            (tier(ServiceTierType::FLEX), Some(&PRICE), false),
            (ConverseResponse { performance_config, ..answer.clone() }, Some(&PRICE), false),
            (ConverseResponse { usage: None, ..answer.clone() }, Some(&PRICE), false),
            (answer.clone(), None, false),
        ] {
            assert_eq!(Cost::of(&answer, Family::Claude, price).is_some(), is_known, "{answer:?}");
        }
    }

    #[test]
    fn money_is_told_with_digits_that_say_something() {
        for (amount, told) in
            [(0.0, "$0.000000"), (0.000_012, "$0.000012"), (0.012_34, "$0.0123"), (12.5, "$12.50")]
        {
            assert_eq!(Dollars(amount).to_string(), told);
        }
    }

    #[test]
    fn a_tally_says_when_it_does_not_know_all() {
        let counts = TokenCounts::new(&usage(100, 10, 2_000, 0, 0), Family::Claude);
        let mut tally = Tally::default();
        tally.add(Some(counts), None);
        assert_eq!(tally.to_string(), "1 answer · 2100 in · 10 out · cost unknown");
        tally.add(Some(counts), Some(Cost::new(&counts, &PRICE)));
        assert_eq!(tally.to_string(), "2 answers · 4200 in · 20 out · more than $0.000350");
        let mut tally = Tally::default();
        tally.add(Some(counts), Some(Cost::new(&counts, &PRICE)));
        assert_eq!(tally.to_string(), "1 answer · 2100 in · 10 out · $0.000350");
        tally.add(None, None);
        assert_eq!(tally.to_string(), "2 answers · 2100 in · 10 out (1 not counted) · more than $0.000350");
    }

    #[test]
    fn counts_that_make_no_sense_do_no_harm() {
        let odd = TokenUsage {
            input_tokens: u64::MAX,
            cache_read_input_tokens: Some(u64::MAX),
            cache_details: vec![CacheDetail { ttl: CacheTtl::ONE_HOUR, input_tokens: 7 }; 2],
            ..TokenUsage::default()
        };
        let counts = TokenCounts::new(&odd, Family::Gpt);
        assert_eq!((counts.cache_write_one_hour, counts.total()), (0, u64::MAX));
    }
}
