//! Times the contenders in one process, one after the other in each round, and prints medians and minima in nanoseconds.
//!
//! A line is `ns/WORKLOAD/CONTENDER/CUT MEDIAN MINIMUM`, an event or (for `one-N`) a byte.

use peers::{Contender, Cut, Stream};
use std::time::{Duration, Instant};

const ALL: [Contender; 3] = [Contender::Ours, Contender::Smithy, Contender::Sdk];
const OUTER: [Contender; 2] = [Contender::Ours, Contender::Sdk];
const CHUNK: usize = 16 * 1024;

fn main() {
    for workload in ["chat", "tool", "reasoning"] {
        compare(workload, CHUNK, &ALL, 60);
    }
    compare("long", CHUNK, &ALL, 15);
    compare("chat", 1, &OUTER, 15);
    compare("long", CHUNK, &[Contender::Frames, Contender::Checksums], 40);
    for workload in ["one-65536", "one-262144", "one-1048576"] {
        compare(workload, 1, &OUTER, 7);
    }
}

fn compare(workload: &str, size: usize, contenders: &[Contender], rounds: usize) {
    let stream = Stream::of(workload).expect("a workload");
    let (chunks, frames) = (stream.cut(Cut::Every(size)), stream.cut(Cut::Frames));
    let units = if workload.starts_with("one-") { stream.bytes.len() } else { stream.events };
    let mut times = vec![Vec::new(); contenders.len()];
    let mut sums = vec![0; contenders.len()];
    for _ in 0..rounds {
        for ((contender, times), sum) in contenders.iter().zip(&mut times).zip(&mut sums) {
            let chunks = if *contender == Contender::Checksums { &frames } else { &chunks };
            let mut elapsed = Duration::ZERO;
            *sum = contender.decode(chunks, |work| {
                let began = Instant::now();
                work();
                elapsed = began.elapsed();
            });
            times.push(elapsed);
        }
    }
    if contenders.contains(&Contender::Sdk) {
        assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "{workload}: not the same text: {sums:?}");
    }
    for (contender, mut times) in contenders.iter().zip(times) {
        times.sort();
        let per_unit = |time: Duration| time.as_nanos() as f64 / units as f64;
        let (median, least) = (per_unit(times[times.len() / 2]), per_unit(times[0]));
        println!("ns/{workload}/{}/{size} {median:.2} {least:.2}", contender.name());
    }
}
