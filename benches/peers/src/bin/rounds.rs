//! Decodes one workload with one contender, for callgrind: `rounds CONTENDER WORKLOAD TIMES`.
//!
//! The answer has the workload TIMES over in one body. The difference between two numbers of times, over that
//! number of events, is instructions an event; start and request cancel out.

use peers::{Contender, Cut, Stream};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [contender, workload, times] = words.as_slice() else { panic!("rounds CONTENDER WORKLOAD TIMES") };
    let contender = Contender::from_name(contender).expect("a contender");
    let stream = Stream::of(workload).expect("a workload").repeat(times.parse().expect("a number"));
    let cut = if contender == Contender::Checksums { Cut::Frames } else { Cut::Every(16 * 1024) };
    let chunks = stream.cut(cut);
    let sum = contender.decode(&chunks, |work| work());
    println!("{} {sum}", stream.events);
}
