//! How often the decoder allocates: a program of its own, since counting takes the place of the allocator.

#[path = "../benches/workloads/ours.rs"]
mod ours;
#[path = "../benches/workloads/mod.rs"]
mod workloads;

#[test]
fn ordinary_events_are_decoded_without_allocating() {
    for workload in [workloads::chat(), workloads::tool(), workloads::reasoning()] {
        let chunks = workloads::chunks(&workload.bytes, 16 * 1024);
        let mut sum = 0;
        let counted = allocation_counter::measure(|| sum = ours::decode(&chunks));
        assert!(sum > 0);
        // A tenth an event is the ceiling; what there is comes from frames split over chunks, and from the
        // four events around the deltas.
        let ceiling = workload.events as u64 / 10;
        assert!(counted.count_total <= ceiling, "{}: {} allocations", workload.name, counted.count_total);
        println!("{}: {} allocations for {} events", workload.name, counted.count_total, workload.events);
    }
}
