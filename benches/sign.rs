//! Signing one request: what every call pays before it is sent.

use criterion::{Criterion, criterion_group, criterion_main};
use outcrop::Secret;
use outcrop::auth::sign::{Scope, SigningKeys, ToSign, sign};
use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

fn signing(criterion: &mut Criterion) {
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let keys = SigningKeys { access_key_id: "AKIDEXAMPLE", secret_access_key: &secret, session_token: None };
    let scope = Scope { region: "us-east-1", service: "bedrock" };
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse-stream";
    let now = UNIX_EPOCH + Duration::from_secs(1_735_787_045);
    let mut group = criterion.benchmark_group("sign");
    for kib in [1, 100] {
        let body = vec![b'x'; kib * 1024];
        group.throughput(criterion::Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("{kib} KiB body"), |bencher| {
            bencher.iter(|| {
                let request = ToSign {
                    method: "POST",
                    url,
                    headers: &[("content-type", "application/json")],
                    body: black_box(&body),
                };
                sign(request, keys, scope, now)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, signing);
criterion_main!(benches);
