//! Carries out the faults of streams: frames in, the steps of a broken delivery out.
//!
//! It touches bytes and order only; faults that are error answers, or that change what is said, have nothing
//! to do here.

use super::answer::{Break, Step};
use super::events::{FrameError, error_frame, event_frame, exception_frame};
use super::faults::Fault;
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;

/// Longer than any client waits.
const FOREVER: Duration = Duration::from_secs(24 * 3_600);

/// The total length that [`Fault::Oversized`] claims.
const OVERSIZED: u32 = 0x7fff_ffff;

/// Bytes of the two length fields, which the prelude's checksum covers.
const LENGTHS: usize = 8;

/// The steps that deliver `frames`, each step of a frame in `steps`, with `fault` in them.
///
/// `steps[n]` is how frame `n` goes out when nothing is wrong with it, its pause included.
///
/// # Errors
///
/// When a frame of the fault cannot be encoded.
pub(super) fn spoil(
    frames: &[Bytes],
    steps: Vec<Vec<Step>>,
    fault: Option<&Fault>,
) -> Result<Vec<Step>, FrameError> {
    let Some(fault) = fault else { return Ok(steps.concat()) };
    let frame = |at: usize| frames.get(at).cloned().unwrap_or_default();
    let send = |bytes: Bytes| vec![Step::Send(bytes)];
    let (after, inserted, goes_on) = match fault {
        Fault::Stall { after_events, ms } => {
            let pause = ms.map_or(FOREVER, Duration::from_millis);
            (*after_events, vec![Step::Flush, Step::Wait(pause)], true)
        }
        Fault::Cut { after_events } => {
            let frame = frame(*after_events);
            (*after_events, send(frame.slice(..frame.len() / 2)), false)
        }
        Fault::End { after_events } => {
            (after_events.unwrap_or_else(|| frames.len().saturating_sub(2)), Vec::new(), false)
        }
        Fault::CorruptPrelude { after_events } => {
            (*after_events, send(flipped(&frame(*after_events), LENGTHS)), false)
        }
        Fault::CorruptMessage { after_events } => {
            let frame = frame(*after_events);
            (*after_events, send(flipped(&frame, frame.len().saturating_sub(1))), false)
        }
        Fault::Oversized { after_events } => (*after_events, send(oversized(&frame(*after_events))), false),
        Fault::Exception { after_events, name } => (*after_events, send(exception_frame(*name)?), false),
        Fault::ErrorFrame { after_events } => (*after_events, send(error_frame()?), false),
        Fault::UnknownEvent { after_events } => {
            let payload = json!({ "p": "abc", "strata": [1, 2, { "deep": null }] });
            (*after_events, send(event_frame("stratumChanged", &payload)?), true)
        }
        Fault::Reset { after_events: Some(after) } => (*after, broken(Break::Reset), false),
        Fault::Close { after_events: Some(after) } => (*after, broken(Break::Close), false),
        Fault::Trickle => return Ok(trickle(&steps.concat())),
        // Faults of the head and of the script.
        Fault::Throttle { .. }
        | Fault::Http { .. }
        | Fault::Denied
        | Fault::NotGranted
        | Fault::Expired
        | Fault::Quota
        | Fault::NotReady
        | Fault::ContextOverflow
        | Fault::Html { .. }
        | Fault::Empty { .. }
        | Fault::Slow { .. }
        | Fault::Reset { after_events: None }
        | Fault::Close { after_events: None }
        | Fault::Stop { .. } => return Ok(steps.concat()),
    };
    let mut delivered: Vec<Step> = steps.iter().take(after).flatten().cloned().collect();
    delivered.extend(inserted);
    if goes_on {
        delivered.extend(steps.into_iter().skip(after).flatten());
    }
    Ok(delivered)
}

/// The steps of a body that is no stream, with the fault of a connection in them.
pub(super) fn spoil_whole(body: &Bytes, steps: Vec<Step>, fault: Option<&Fault>) -> Vec<Step> {
    if matches!(fault, Some(Fault::Trickle)) {
        return trickle(&steps);
    }
    let how = if matches!(fault, Some(Fault::Reset { .. })) {
        Break::Reset
    } else if matches!(fault, Some(Fault::Close { .. })) {
        Break::Close
    } else {
        return steps;
    };
    let mut half = vec![Step::Send(body.slice(..body.len() / 2))];
    half.extend(broken(how));
    half
}

/// What was sent before must be on the wire when the connection breaks.
fn broken(how: Break) -> Vec<Step> {
    vec![Step::Flush, Step::Break(how)]
}

/// Every byte in a write of its own.
fn trickle(steps: &[Step]) -> Vec<Step> {
    let mut slow = Vec::new();
    for step in steps {
        match step {
            Step::Send(bytes) => {
                for at in 0..bytes.len() {
                    slow.extend([Step::Send(bytes.slice(at..=at)), Step::Flush]);
                }
            }
            Step::Flush | Step::Wait(_) | Step::Break(_) => slow.push(step.clone()),
        }
    }
    slow
}

/// `frame` with one byte changed.
fn flipped(frame: &Bytes, at: usize) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0xff;
    }
    bytes.into()
}

/// `frame` with a length that no reader should believe, under a checksum that is right.
fn oversized(frame: &Bytes) -> Bytes {
    let mut bytes = OVERSIZED.to_be_bytes().to_vec();
    bytes.extend_from_slice(frame.get(4..LENGTHS).unwrap_or_default());
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.extend_from_slice(frame.get(LENGTHS + 4..).unwrap_or_default());
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::{Break, FOREVER, Fault, Step, spoil, spoil_whole};
    use crate::emulator::events::event_frame;
    use crate::emulator::faults::StreamException;
    use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
    use bytes::{Bytes, BytesMut};
    use serde_json::json;
    use std::time::Duration;

    fn frames() -> Vec<Bytes> {
        (0..5).map(|at| event_frame("e", &json!({ "at": at })).unwrap()).collect()
    }

    fn spoiled(fault: &Fault) -> Vec<Step> {
        let steps = frames().into_iter().map(|frame| vec![Step::Send(frame)]).collect();
        spoil(&frames(), steps, Some(fault)).unwrap()
    }

    /// How many whole messages AWS's decoder finds, and what stops it.
    fn decoded(steps: &[Step]) -> (usize, Result<usize, String>) {
        let mut bytes = BytesMut::new();
        for step in steps {
            if let Step::Send(sent) = step {
                bytes.extend_from_slice(sent);
            }
        }
        let mut decoder = MessageFrameDecoder::new();
        let mut messages = 0;
        loop {
            match decoder.decode_frame(&mut bytes) {
                Ok(DecodedFrame::Complete(_)) => messages += 1,
                Ok(_) => return (messages, Ok(bytes.len())),
                Err(error) => return (messages, Err(format!("{error:?}"))),
            }
        }
    }

    #[test]
    fn whole_streams_have_the_messages_they_should() {
        for (fault, messages) in [
            (Fault::End { after_events: Some(2) }, 2),
            (Fault::End { after_events: None }, 3),
            (Fault::End { after_events: Some(99) }, 5),
            (Fault::Exception { after_events: 1, name: StreamException::Throttling }, 2),
            (Fault::ErrorFrame { after_events: 0 }, 1),
            (Fault::UnknownEvent { after_events: 2 }, 6),
            (Fault::Stall { after_events: 2, ms: None }, 5),
            (Fault::Trickle, 5),
            (Fault::Denied, 5),
        ] {
            assert_eq!(decoded(&spoiled(&fault)), (messages, Ok(0)), "{fault:?}");
        }
    }

    #[test]
    fn broken_frames_are_broken_in_their_own_way() {
        let half = frames()[2].len() / 2;
        // The decoder keeps the prelude of the frame that it waits for.
        let (messages, rest) = decoded(&spoiled(&Fault::Cut { after_events: 2 }));
        assert!(messages == 2 && rest.is_ok_and(|left| left <= half));
        for (fault, error) in [
            (Fault::CorruptPrelude { after_events: 2 }, "PreludeChecksumMismatch"),
            (Fault::CorruptMessage { after_events: 2 }, "MessageChecksumMismatch"),
        ] {
            let (messages, outcome) = decoded(&spoiled(&fault));
            assert_eq!(messages, 2);
            assert!(outcome.unwrap_err().contains(error), "{fault:?}");
        }
        let steps = spoiled(&Fault::Oversized { after_events: 2 });
        let Some(Step::Send(frame)) = steps.last() else { panic!("no frame") };
        assert_eq!(frame[..4], 0x7fff_ffff_u32.to_be_bytes());
        assert_eq!(frame[8..12], crc32fast::hash(&frame[..8]).to_be_bytes());
    }

    #[test]
    fn pauses_and_breaks_stand_where_they_should() {
        let stall = spoiled(&Fault::Stall { after_events: 1, ms: Some(20) });
        assert_eq!(stall[1..3], [Step::Flush, Step::Wait(Duration::from_millis(20))]);
        let stall = spoiled(&Fault::Stall { after_events: 1, ms: None });
        assert_eq!(stall[2], Step::Wait(FOREVER));
        let reset = spoiled(&Fault::Reset { after_events: Some(1) });
        assert_eq!(reset[1..], [Step::Flush, Step::Break(Break::Reset)]);
        assert!(
            spoiled(&Fault::Trickle)
                .iter()
                .all(|step| matches!(step, Step::Flush) || matches!(step, Step::Send(one) if one.len() == 1))
        );
    }

    #[test]
    fn whole_bodies_are_cut_by_connections_only() {
        let body = Bytes::from_static(b"{\"a\":1}");
        let steps = vec![Step::Send(body.clone())];
        let close = Fault::Close { after_events: Some(3) };
        let cut = spoil_whole(&body, steps.clone(), Some(&close));
        assert_eq!(cut, [Step::Send(body.slice(..3)), Step::Flush, Step::Break(Break::Close)]);
        assert_eq!(spoil_whole(&body, steps.clone(), Some(&Fault::Cut { after_events: 1 })), steps);
        assert_eq!(spoil_whole(&body, steps.clone(), None), steps);
    }
}
