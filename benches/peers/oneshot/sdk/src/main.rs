//! One call with the AWS SDK: `oneshot-sdk MODEL` streams an answer to stdout. Keys, region and endpoint come from the
//! environment.
//!
//! It does what `oneshot/ours` does, in the same order, and nothing else. Text is written when no more of it is at
//! hand: the receiver does not say so, but it has to wait then. `oneshot/sdk-lean` is this file with fewer features.

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message,
};
use std::future::{Future, poll_fn};
use std::io::{BufWriter, Write};
use std::pin::pin;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: oneshot-sdk MODEL")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
        let question = ContentBlock::Text("Why is the sky blue?".to_owned());
        let message = Message::builder().role(ConversationRole::User).content(question).build()?;
        let mut events = client.converse_stream().model_id(model).messages(message).send().await?.stream;
        let mut out = BufWriter::new(std::io::stdout());
        loop {
            let mut written = Ok(());
            let mut event = pin!(events.recv());
            let event = poll_fn(|context| {
                let polled = event.as_mut().poll(context);
                if polled.is_pending() {
                    written = out.flush();
                }
                polled
            })
            .await?;
            written?;
            match event {
                Some(ConverseStreamOutput::ContentBlockDelta(event)) => {
                    if let Some(ContentBlockDelta::Text(text)) = event.delta {
                        out.write_all(text.as_bytes())?;
                    }
                }
                Some(_) => {}
                None => return out.flush().map_err(Into::into),
            }
        }
    })
}
