//! Streams one answer with what the environment offers: `cargo run --example stream -- MODEL PROMPT`.

use outcrop::converse::{ConverseRequest, Message};
use outcrop::stream::{BlockDelta, StreamEvent};
use outcrop::{Client, Env};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(model), Some(prompt)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stream MODEL PROMPT".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::from_env(&Env::from_process())?;
        let request = ConverseRequest::new(model).message(Message::user(prompt));
        let mut events = client.converse_stream(&request).await?;
        let mut stdout = std::io::stdout();
        while let Some(event) = events.next().await? {
            if let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. } = event {
                stdout.write_all(text.as_bytes())?;
                stdout.flush()?;
            }
        }
        Ok(())
    })
}
