//! Decodes a recorded ConverseStream answer from stdin, without any cargo feature, and prints its text.

use outcrop::converse::Fold;
use outcrop::stream::StreamDecoder;
use std::io::Read;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut decoder, mut fold) = (StreamDecoder::new(), Fold::new());
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = std::io::stdin().read(&mut chunk)?;
        if read == 0 {
            break;
        }
        decoder.push(chunk.get(..read).unwrap_or_default().to_vec());
        while let Some(event) = decoder.next()? {
            fold.push(&event);
        }
    }
    decoder.finish()?;
    let answer = serde_json::to_string(&fold.finish())?;
    std::io::Write::write_all(&mut std::io::stdout(), answer.as_bytes())?;
    Ok(())
}
