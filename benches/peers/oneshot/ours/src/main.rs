//! One call with this crate: `oneshot-ours MODEL` streams an answer to stdout. Keys, region and endpoint come from
//! the environment.
//!
//! It does what `oneshot/sdk` does, in the same order, and nothing else. Text is written when no more of it is at
//! hand.

use outcrop::converse::{ConverseRequest, Message};
use outcrop::stream::{BlockDelta, StreamEvent};
use outcrop::{Client, Env};
use std::io::{BufWriter, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: oneshot-ours MODEL")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::from_env(&Env::from_process())?;
        let request = ConverseRequest::new(model).message(Message::user("Why is the sky blue?"));
        let mut events = client.converse_stream(&request).await?;
        let mut out = BufWriter::new(std::io::stdout());
        loop {
            if !events.is_ready() {
                out.flush()?;
            }
            match events.next().await? {
                Some(StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. }) => {
                    out.write_all(text.as_bytes())?;
                }
                Some(_) => {}
                None => return Ok(()),
            }
        }
    })
}
