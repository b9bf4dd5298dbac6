//! Reports made by hand, for tests.

use super::{BenchReport, Drawn, Effort, ModelReport, Parameters};
use crate::bench::plan::Plan;
use crate::bench::run::Keeper;
use crate::bench::sample::Sample;
use std::time::Duration;

/// 200 requests, of which two fail, and ten of another model, whose price is not known.
pub(crate) fn two_models() -> BenchReport {
    let mut parameters = Parameters {
        region: "us-east-1".into(),
        endpoint: "https://bedrock-runtime.us-east-1.amazonaws.com".into(),
        max_tokens: 100,
        prompt_characters: 40,
        max_attempts: None,
        ..Parameters::default()
    };
    parameters.take(&Plan { requests: Some(200), duration: None, rate: None, concurrency: 8, warmup: 8 });
    BenchReport {
        outcrop: "0.0.0".into(),
        system: "linux x86_64".into(),
        date: "2025-01-02T03:04:05Z".into(),
        parameters,
        models: vec![model("amazon.nova-lite-v1:0", 200, Some(0.000_1)), model("acme.rock-v1:0", 10, None)],
        ..BenchReport::default()
    }
}

/// Requests whose times rise evenly.
pub(crate) fn model(name: &str, requests: u64, cost: Option<f64>) -> ModelReport {
    let keeper = Keeper::new(None);
    {
        let mut kept = keeper.lock();
        for index in 0..requests {
            let mut sample = Sample {
                index,
                due: Duration::from_millis(index * 50),
                first: Some(Duration::from_millis(200 + index)),
                latency: Duration::from_millis(1_200 + index),
                gaps_us: (0..50).map(|gap| 20_000 + gap * 10).collect(),
                events: 55,
                bytes: 11_000,
                input_tokens: Some(9),
                output_tokens: Some(51),
                cost,
                attempts: 1,
                ..Sample::default()
            };
            if requests > 100 && index == 7 {
                sample = Sample {
                    failure: Some("throttled"),
                    is_throttled: true,
                    attempts: 3,
                    ..Sample::default()
                };
            } else if requests > 100 && index == 9 {
                sample.failure = Some("stream_cut");
            }
            kept.stats.add(&sample);
        }
    }
    let effort = Effort {
        elapsed: Duration::from_secs(10),
        cpu: Some(Duration::from_millis(500)),
        retries: if requests > 100 { 3 } else { 0 },
        throttled_retries: u64::from(requests > 100),
    };
    let report = ModelReport::new(name, &keeper.lock(), &effort);
    assert_ne!(report.drawn, Drawn::default());
    report
}
