//! Records one answer: the bytes of its event stream, as they came.

use super::measure::Target;
use crate::error::{Error, IoFailure, Result, StreamPosition};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Sends one request and writes what comes to `path`, until the answer is whole.
///
/// # Errors
/// Those of the call, with what came in the file; [`Error::Io`] when the file cannot be written.
pub(crate) async fn record(target: &Target, path: &Path) -> Result<StreamPosition> {
    let failed =
        |source| Error::Io(Box::new(IoFailure { action: "write", path: Some(path.to_owned()), source }));
    let mut events = target.client.converse_stream_raw(&target.model, target.body.clone()).await?;
    // Only now: a refused request leaves an earlier recording alone.
    let mut file = File::create(path).map_err(failed)?;
    while let Some(chunk) = events.next_chunk().await? {
        file.write_all(&chunk).map_err(failed)?;
        while events.is_ready() {
            events.next().await?;
        }
    }
    // The end of the bytes: whether the answer is whole.
    events.next().await?;
    Ok(events.position())
}
