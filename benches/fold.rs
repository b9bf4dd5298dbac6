//! How fast the events of a stream become a whole answer.
//!
//! The events are made beforehand, so that neither frames nor JSON are in the figures. The workloads have the
//! sizes of those of the decoder's benchmark: chat (2,000 text deltas), tool (500 pieces of input), reasoning
//! (3,000 deltas and a signature).

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use outcrop::converse::{ConverseResponse, Fold, Role, StopReason};
use outcrop::stream::{BlockDelta, BlockStart, StreamEvent};
use std::hint::black_box;

fn framed(block: impl IntoIterator<Item = StreamEvent<'static>>) -> Vec<StreamEvent<'static>> {
    let mut events = vec![StreamEvent::MessageStart { role: Role::Assistant }];
    events.extend(block);
    events.push(StreamEvent::ContentBlockStop { index: 0 });
    events.push(StreamEvent::MessageStop { stop_reason: StopReason::EndTurn, additional: None });
    events
}

fn delta(delta: BlockDelta<'static>) -> StreamEvent<'static> {
    StreamEvent::ContentBlockDelta { index: 0, delta }
}

fn chat() -> Vec<StreamEvent<'static>> {
    framed((0..2_000).map(|_| delta(BlockDelta::Text("granite, ob".into()))))
}

fn tool() -> Vec<StreamEvent<'static>> {
    let start =
        BlockStart::ToolUse { tool_use_id: "tooluse_1".into(), name: "write_file".into(), kind: None };
    let piece = |input: &'static str| delta(BlockDelta::ToolUse { input: input.into() });
    let mut events = vec![StreamEvent::ContentBlockStart { index: 0, start }, piece(r#"{"lines": ["#)];
    events.extend((0..498).map(|_| piece(r#""let x = \"y\";\n", "#)));
    events.push(piece(r#"""]}"#));
    framed(events)
}

fn reasoning() -> Vec<StreamEvent<'static>> {
    let text = (0..3_000).map(|_| delta(BlockDelta::ReasoningText("so it melts".into())));
    framed(text.chain([delta(BlockDelta::ReasoningSignature("c2lnbmF0dXJl".repeat(64).into()))]))
}

fn fold(events: &[StreamEvent<'_>]) -> ConverseResponse {
    let mut fold = Fold::new();
    for event in events {
        fold.push(event);
    }
    fold.finish()
}

fn folding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold");
    for (name, events) in [("chat", chat()), ("tool", tool()), ("reasoning", reasoning())] {
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| fold(black_box(&events))));
    }
    group.finish();
}

criterion_group!(benches, folding);
criterion_main!(benches);
