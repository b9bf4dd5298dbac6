//! Decoding, in time: ours, the SDK's frame reader with serde_json, and the checksum alone as the limit.

#[path = "workloads/ours.rs"]
mod ours;
#[path = "workloads/peer.rs"]
mod peer;
#[path = "workloads/mod.rs"]
mod workloads;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn decode(criterion: &mut Criterion) {
    for workload in [workloads::chat(), workloads::tool(), workloads::reasoning(), workloads::long()] {
        let mut group = criterion.benchmark_group(format!("decode/{}", workload.name));
        group.throughput(Throughput::Elements(workload.events as u64));
        if workload.name == "long" {
            group.sample_size(10);
        }
        let by_16_kib = workloads::chunks(&workload.bytes, 16 * 1024);
        let by_frame = workloads::frames(&workload.bytes);
        assert_eq!(ours::decode(&by_16_kib), peer::decode(&by_16_kib), "both must see the same text");
        group.bench_function("ours, 16 KiB", |bencher| bencher.iter(|| ours::decode(black_box(&by_16_kib))));
        group.bench_function("peer, 16 KiB", |bencher| bencher.iter(|| peer::decode(black_box(&by_16_kib))));
        group.bench_function("ours, frame by frame", |bencher| {
            bencher.iter(|| ours::decode(black_box(&by_frame)));
        });
        group.bench_function("limit: crc32 frame by frame", |bencher| {
            bencher.iter(|| checksums(black_box(&by_frame)));
        });
        if workload.name != "long" {
            let by_byte = workloads::chunks(&workload.bytes, 1);
            group.bench_function("ours, byte by byte", |bencher| {
                bencher.iter(|| ours::decode(black_box(&by_byte)));
            });
            group.bench_function("peer, byte by byte", |bencher| {
                bencher.iter(|| peer::decode(black_box(&by_byte)));
            });
        }
        group.finish();
    }
}

fn checksums(frames: &[Bytes]) -> u32 {
    frames.iter().map(|frame| crc32fast::hash(frame)).fold(0, |sum, checksum| sum ^ checksum)
}

criterion_group!(benches, decode);
criterion_main!(benches);
