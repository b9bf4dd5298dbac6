//! Frames as Bedrock writes them, for the emulator and for tests.
//!
//! They are written by `aws-smithy-eventstream`, not by code of our own, so that reader and writer cannot
//! share a mistake.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;

/// An event with a JSON payload.
pub fn event(event_type: &str, payload: impl Into<Bytes>) -> Vec<u8> {
    let headers =
        [(":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")];
    frame(&headers, payload.into())
}

/// A modelled exception: `throttlingException` with `{"message": ...}`.
pub fn exception(exception_type: &str, payload: impl Into<Bytes>) -> Vec<u8> {
    let headers = [
        (":exception-type", exception_type),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, payload.into())
}

/// An error that no model knows: headers only.
pub fn error(code: &str, message: &str) -> Vec<u8> {
    let headers = [(":error-code", code), (":error-message", message), (":message-type", "error")];
    frame(&headers, Bytes::new())
}

fn frame(headers: &[(&str, &str)], payload: Bytes) -> Vec<u8> {
    let message = headers.iter().fold(Message::new(payload), |message, (name, value)| {
        message.add_header(Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())))
    });
    let mut out = Vec::new();
    // It fails only for headers or payloads beyond the limits of the format; nothing here makes such.
    if write_message_to(&message, &mut out).is_err() {
        out.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::samples::Recording;

    #[test]
    fn frames_are_those_that_were_recorded() {
        let recordings = [
            Recording::text(),
            Recording::tool(),
            Recording::exception(),
            Recording::error(),
            Recording::invoke_stream(),
        ];
        for recording in recordings {
            for (line, frame) in recording.lines.iter().zip(&recording.frames) {
                let header = |name: &str| line["headers"][name].as_str().unwrap_or_default();
                let payload = line["payload"].as_str().unwrap().to_owned();
                let encoded = match header(":message-type") {
                    "event" => event(header(":event-type"), payload),
                    "exception" => exception(header(":exception-type"), payload),
                    "error" => error(header(":error-code"), header(":error-message")),
                    other => panic!("{other}"),
                };
                assert_eq!(&encoded, frame, "{line}");
            }
        }
    }
}
