//! Sums and quantiles of samples made by hand, and quantiles against sorted values.

use super::*;
use proptest::prelude::*;

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[test]
fn sums_are_of_all_and_times_of_those_that_succeeded() {
    let good = Sample {
        first: Some(ms(20)),
        latency: ms(80),
        gaps_us: vec![30_000, 0, 30_000],
        events: 8,
        bytes: 1_000,
        input_tokens: Some(5),
        output_tokens: Some(4),
        cost: Some(0.25),
        attempts: 1,
        ..Sample::default()
    };
    let cut = Sample { failure: Some("stream_cut"), cost: None, due: ms(100), delay: ms(6), ..good.clone() };
    let refused =
        Sample { failure: Some("throttled"), is_throttled: true, latency: ms(3), ..Sample::default() };
    let unpriced = Sample { cost: None, ..good.clone() };
    let mut stats = Stats::new();
    for sample in [&good, &cut, &refused, &refused, &unpriced] {
        stats.add(sample);
    }
    assert_eq!((stats.ended(), stats.succeeded, stats.failed()), (5, 2, 3));
    assert_eq!(stats.errors, BTreeMap::from([("stream_cut", 1), ("throttled", 2)]));
    assert_eq!((stats.events, stats.bytes, stats.deltas), (24, 3_000, 12));
    assert_eq!((stats.input_tokens, stats.output_tokens), (10, 8));
    assert_eq!((stats.cost, stats.without_cost), (0.25, 1));
    assert_eq!((stats.first_us.count(), stats.gap_us.count(), stats.latency_us.count()), (2, 6, 2));
    assert_eq!((stats.late, stats.joined_deltas, stats.throttled), (1, 3, 2));
    // Four pieces of two streams at 20, 50, 50 and 80 ms, and those of the cut one at 120 to 180.
    assert_eq!(stats.timeline, [8, 4]);
    assert_eq!(stats.pace.max(), Some(50_000.0));
}

#[test]
fn quantiles_of_too_few_values_are_not_told() {
    let mut values = Values::new();
    assert_eq!((values.percentile(50), values.min(), values.max(), values.mean()), (None, None, None, None));
    for (up_to, known) in [
        (1, [false; 4]),
        (2, [true, false, false, false]),
        (10, [true, true, false, false]),
        (20, [true, true, true, false]),
        (100, [true; 4]),
    ] {
        while values.count() < up_to {
            values.add(values.count() + 1);
        }
        let told = [50, 90, 95, 99].map(|percent| values.percentile(percent).is_some());
        assert_eq!(told, known, "{up_to}");
    }
    assert_eq!(values.percentile(99), Some(99.0));
}

#[test]
fn what_is_told_is_true_to_its_last_digit() {
    for (all, [p50, mean, max]) in [
        (&[2_505_000][..], [None, Some(2_505_000.0), Some(2_505_000.0)]),
        (&[2_503_224, 2_504_327], [Some(2_503_224.0), Some(2_503_775.5), Some(2_504_327.0)]),
        (&[7, 1_000_040, 1_000_060, 2_503_724], [Some(1_000_000.0), Some(1_125_957.75), Some(2_503_724.0)]),
        (&[u64::MAX, u64::MAX], [Some(u64::MAX as f64); 3]),
    ] {
        let mut values = Values::new();
        all.iter().for_each(|value| values.add(*value));
        assert_eq!([values.percentile(50), values.mean(), values.max()], [p50, mean, max], "{all:?}");
    }
}

proptest! {
    #[test]
    fn quantiles_are_those_of_the_sorted_values(mut all in prop::collection::vec(0_u64..10_000_000, 100..300)) {
        let mut values = Values::new();
        all.iter().for_each(|value| values.add(*value));
        all.sort_unstable();
        for percent in [50, 90, 95, 99_u64] {
            let rank = (all.len() * percent as usize).div_ceil(100);
            let exact = float(all[rank - 1]);
            let told = values.percentile(percent).unwrap();
            // Half of the fourth digit, and less than one of the fifth.
            prop_assert!((told - exact).abs() <= exact * 0.000_6 + 1.0, "p{}: {} {}", percent, told, exact);
        }
        let mean = float(all.iter().sum()) / float(all.len() as u64);
        prop_assert_eq!(values.mean(), Some(mean));
        prop_assert_eq!(values.min(), Some(float(all[0])));
        prop_assert_eq!(values.max(), Some(float(all[all.len() - 1])));
        let counts: Vec<(f64, u64)> = values.counts().collect();
        prop_assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), all.len() as u64);
        prop_assert!(counts.is_sorted());
    }
}
