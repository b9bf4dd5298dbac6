//! The SDK's client behind a connector that answers from memory.
//!
//! Its receiver polls the body for chunks as it does over a network. The defaults of the SDK are left alone.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Config, Region};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as Output;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message,
    ReasoningContentBlockDelta,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::runtime::{Builder, Runtime};

/// An answer whose head is in and whose events are not.
pub(crate) struct Answer {
    runtime: Runtime,
    output: Output,
}

impl Answer {
    pub(crate) fn begin(chunks: &[Bytes]) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connector = SharedHttpConnector::new(Replay(chunks.into()));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .allow_no_auth()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let question = ContentBlock::Text("Why is the sky blue?".to_owned());
        let message = Message::builder().role(ConversationRole::User).content(question).build();
        let call = Client::from_conf(config)
            .converse_stream()
            .model_id("amazon.nova-lite-v1:0")
            .messages(message.expect("a message"));
        let output = runtime.block_on(call.send()).expect("the replayed answer");
        Self { runtime, output }
    }

    /// Decodes all events; the sum that the other contenders make.
    pub(crate) fn drain(&mut self) -> usize {
        let events = &mut self.output.stream;
        self.runtime.block_on(async {
            let mut sum = 0;
            while let Some(event) = events.recv().await.expect("an event") {
                if let ConverseStreamOutput::ContentBlockDelta(event) = event {
                    sum += usize::try_from(event.content_block_index).unwrap_or_default();
                    sum += match &event.delta {
                        Some(ContentBlockDelta::Text(text)) => text.len(),
                        Some(ContentBlockDelta::ToolUse(tool)) => tool.input.len(),
                        Some(ContentBlockDelta::ReasoningContent(
                            ReasoningContentBlockDelta::Text(text)
                            | ReasoningContentBlockDelta::Signature(text),
                        )) => text.len(),
                        _ => 0,
                    };
                }
            }
            sum
        })
    }
}

/// Answers any request with the same chunks.
#[derive(Debug)]
struct Replay(Arc<[Bytes]>);

impl HttpConnector for Replay {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from_body_1_x(Chunks { all: self.0.clone(), next: 0 });
        let mut response = HttpResponse::new(StatusCode::try_from(200).expect("a status"), body);
        response.headers_mut().insert("content-type", "application/vnd.amazon.eventstream");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// A body that is always ready.
struct Chunks {
    all: Arc<[Bytes]>,
    next: usize,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.all.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
