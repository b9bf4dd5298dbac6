//! One streamed answer over a kept connection: client, loopback and emulator in one process.

use criterion::{Criterion, criterion_group, criterion_main};
use outcrop::Client;
use outcrop::auth::Credentials;
use outcrop::converse::{ConverseRequest, Message};
use outcrop::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions,
};

fn answers(criterion: &mut Criterion) {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = built else { return };
    let Ok(emulator) = runtime.block_on(Emulator::start(EmulatorOptions::default())) else { return };
    let client = Client::builder()
        .region("us-east-1")
        .endpoint(emulator.url())
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .build();
    let Ok(client) = client else { return };
    let request =
        ConverseRequest::new(DEMO_MODEL_ID).message(Message::user("Why is the sky blue?")).max_tokens(100);
    let mut group = criterion.benchmark_group("end_to_end");
    group.throughput(criterion::Throughput::Elements(100));
    group.bench_function("100 tokens streamed", |bencher| {
        bencher.iter(|| runtime.block_on(async { client.converse_stream(&request).await?.collect().await }));
    });
    group.bench_function("100 tokens whole", |bencher| {
        bencher.iter(|| runtime.block_on(client.converse(&request)));
    });
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
