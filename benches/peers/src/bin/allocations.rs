//! Counts allocations an event. A program of its own: counting takes the place of the allocator, and would show in
//! the times.

use peers::{Contender, Cut, Stream};

fn main() {
    for workload in ["chat", "tool", "reasoning"] {
        let stream = Stream::of(workload).expect("a workload");
        let chunks = stream.cut(Cut::Every(16 * 1024));
        for contender in [Contender::Ours, Contender::Smithy, Contender::Sdk] {
            let mut count = 0;
            contender.decode(&chunks, |work| count = allocation_counter::measure(work).count_total);
            println!(
                "allocations/{workload}/{} {:.4}",
                contender.name(),
                count as f64 / stream.events as f64
            );
        }
    }
}
