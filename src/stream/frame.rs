//! Frames of an AWS event stream, read where they lie in the bytes that arrived.
//!
//! A frame is `total length | headers length | CRC-32 of these 8 bytes | headers | payload | CRC-32 of all before`,
//! numbers as big-endian u32. A frame that lies whole in one chunk is lent from that chunk. Only a frame that is
//! split over chunks is copied, into one buffer that is used again for the next one; every byte is copied at most
//! once, so the cost is linear in the bytes however they are cut.
//!
//! What the headers say is [`headers`](super::headers)' business.
//!
//! Format: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use crate::error::FrameFault;
use bytes::Bytes;
use crc32fast::Hasher;
use std::collections::VecDeque;

/// Two lengths and their checksum.
const PRELUDE_LEN: usize = LENGTHS_LEN + CHECKSUM_LEN;
const LENGTHS_LEN: usize = 8;
/// What a frame has beside headers and payload: the prelude and its own checksum.
const OVERHEAD: u32 = 16;
const CHECKSUM_LEN: usize = 4;
/// Room for a frame of an ordinary event, several times over.
const ORDINARY_LEN: usize = 1024;
const LARGE_LEN: usize = 64 * ORDINARY_LEN;
/// The limits of AWS's own decoders. They stand before any wait or allocation: a wrong length must cause neither.
const MAX_HEADERS: u32 = 128 * 1024;
const MAX_PAYLOAD: u32 = 24 * 1024 * 1024;

/// A whole frame with right checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The header block, not yet read.
    pub(super) headers: &'a [u8],
    /// The payload.
    pub(super) payload: &'a [u8],
}

/// Where the frame lies that [`FrameReader::advance`] found; good until `advance` is called again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    is_split: bool,
    headers: usize,
    payload: usize,
    end: usize,
}

/// Finds frames in chunks of bytes.
#[derive(Default)]
pub(super) struct FrameReader {
    /// The chunk that is being read, and how far it has been.
    chunk: Bytes,
    at: usize,
    /// Chunks that came before the first one was used up.
    queue: VecDeque<Bytes>,
    split: SplitFrame,
    /// A chunk that leaves the split frame shorter than this goes to it at once: it completes nothing, and nothing
    /// comes before it. 0 when there is something to read first.
    open_until: usize,
    known: KnownPreludes,
    /// A checksum of nothing, to begin others with: a new one would ask the processor each time what it can do.
    checksum: Hasher,
}

impl FrameReader {
    /// Takes the bytes of a chunk that continues a split frame and completes nothing: a queue would only delay the
    /// copy. False when the chunk is more than that, and nothing was taken.
    #[inline]
    pub(super) fn continues_split(&mut self, chunk: &[u8]) -> bool {
        let does = self.split.bytes.len() + chunk.len() < self.open_until;
        if does {
            self.split.append(chunk);
        }
        does
    }

    /// Takes any bytes in. Nothing is looked at here.
    pub(super) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() && !self.continues_split(&chunk) {
            self.queue.push_back(chunk);
            self.open_until = 0;
        }
    }

    /// Finds the next whole frame; `None` when more bytes are needed.
    ///
    /// After an error the reader must not be asked again: nobody knows where the next frame begins.
    pub(super) fn advance(&mut self) -> Result<Option<Place>, FrameFault> {
        loop {
            let found = if self.split.missing() == 0 { self.find_in_chunk()? } else { self.gather()? };
            if found.is_some() {
                return Ok(found);
            }
            match self.queue.pop_front() {
                Some(next) => {
                    self.chunk = next;
                    self.at = 0;
                }
                None => {
                    self.release_chunk();
                    self.open_until = self.split.wanted;
                    return Ok(None);
                }
            }
        }
    }

    /// Whether [`advance`](Self::advance) would give a frame or a fault, without more bytes.
    pub(super) fn is_ready(&self) -> bool {
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        let unread = rest.len() + self.queue.iter().map(Bytes::len).sum::<usize>();
        let missing = self.split.missing();
        if self.split.prelude.is_some() && missing > 0 {
            return missing <= unread;
        }
        if missing == 0
            && let Some(prelude) = rest.first_chunk()
        {
            return is_decided(prelude, &self.checksum, unread);
        }
        // The next prelude is in pieces.
        let begun = if missing > 0 { self.split.bytes.as_slice() } else { &[] };
        let mut prelude = [0; PRELUDE_LEN];
        let bytes = begun.iter().chain(rest).chain(self.queue.iter().flatten());
        let filled = prelude.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        filled == PRELUDE_LEN && is_decided(&prelude, &self.checksum, begun.len() + unread)
    }

    /// Whether the bytes that are here are known not to complete a frame: the quick answer for small chunks.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        self.split.bytes.len() < self.open_until
    }

    /// The frame at `place`.
    pub(super) fn frame(&self, place: Place) -> Frame<'_> {
        let bytes = if place.is_split { self.split.bytes.as_slice() } else { &self.chunk };
        Frame {
            headers: bytes.get(place.headers..place.payload).unwrap_or_default(),
            payload: bytes.get(place.payload..place.end).unwrap_or_default(),
        }
    }

    /// Whether bytes are here of which no frame has been made.
    pub(super) fn has_rest(&self) -> bool {
        self.split.missing() > 0 || self.at < self.chunk.len() || !self.queue.is_empty()
    }

    /// The next frame, if all of it lies in the current chunk. Else it becomes the split frame.
    fn find_in_chunk(&mut self) -> Result<Option<Place>, FrameFault> {
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        if let Some(prelude) = rest.first_chunk() {
            let prelude = self.known.read(prelude, &self.checksum)?;
            if let Some(frame) = rest.get(..prelude.total) {
                check(frame, &self.checksum, FrameFault::MessageChecksum)?;
                let place = prelude.place(false, self.at);
                self.at = place.end + CHECKSUM_LEN;
                return Ok(Some(place));
            }
        }
        if rest.is_empty() {
            return Ok(None);
        }
        self.split.begin();
        self.gather()
    }

    /// Moves bytes of the current chunk to the split frame until that is whole or the chunk is used up.
    fn gather(&mut self) -> Result<Option<Place>, FrameFault> {
        while self.at < self.chunk.len() {
            let rest = self.chunk.get(self.at..).unwrap_or_default();
            let step = rest.get(..self.split.missing()).unwrap_or(rest);
            self.at += step.len();
            self.split.append(step);
            if let Some(prelude) = self.split.check(&self.checksum)? {
                return Ok(Some(prelude.place(true, 0)));
            }
        }
        Ok(None)
    }

    /// Gives the used chunk back, so that its owner can use the memory again.
    fn release_chunk(&mut self) {
        if !self.chunk.is_empty() {
            self.chunk = Bytes::new();
            self.at = 0;
        }
    }
}

/// Whether a frame that begins like this is whole or at fault when `there` bytes from its first on are in.
fn is_decided(prelude: &[u8; PRELUDE_LEN], checksum: &Hasher, there: usize) -> bool {
    // With as many bytes in as it states there is an answer, be the statement right or wrong.
    let [t0, t1, t2, t3, ..] = *prelude;
    u32::from_be_bytes([t0, t1, t2, t3]) as usize <= there || Prelude::read(prelude, checksum).is_err()
}

/// A frame that does not lie whole in one chunk, as far as it is here.
#[derive(Default)]
struct SplitFrame {
    bytes: Vec<u8>,
    /// Once the bytes are here that it consists of.
    prelude: Option<Prelude>,
    /// How long it is to become: first the prelude, then the frame.
    wanted: usize,
}

impl SplitFrame {
    fn begin(&mut self) {
        self.bytes.clear();
        // What a rare large frame took is given back.
        self.bytes.shrink_to(LARGE_LEN);
        self.bytes.reserve(ORDINARY_LEN);
        self.prelude = None;
        self.wanted = PRELUDE_LEN;
    }

    /// How many bytes are lacking. 0 when no split frame is under way.
    #[inline]
    fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.bytes.len())
    }

    /// Appends at most as many bytes as are missing. The buffer doubles as bytes come and is never sized by the length
    /// that the frame states: until they come, that is only a claim.
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        match *bytes {
            // To call memcpy for it would cost more than all the rest.
            [byte] => self.bytes.push(byte),
            _ => self.bytes.extend_from_slice(bytes),
        }
    }

    /// Checks what is complete: the prelude, then the frame. Gives the prelude when the frame is whole.
    fn check(&mut self, checksum: &Hasher) -> Result<Option<&Prelude>, FrameFault> {
        if self.missing() > 0 {
            return Ok(None);
        }
        match (&mut self.prelude, self.bytes.first_chunk()) {
            (Some(prelude), _) => {
                check(&self.bytes, checksum, FrameFault::MessageChecksum).map(|()| Some(&*prelude))
            }
            (lacking @ None, Some(bytes)) => {
                let prelude = Prelude::read(bytes, checksum)?;
                self.wanted = prelude.total;
                *lacking = Some(prelude);
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }
}

/// Preludes with a right checksum that came before. The frames of a stream differ by few bytes in length, so most
/// preludes are an earlier one again, and comparing costs less than a checksum.
#[derive(Default)]
struct KnownPreludes(Vec<Option<[u8; PRELUDE_LEN]>>);

impl KnownPreludes {
    const SLOTS: u8 = 128;

    /// As [`Prelude::read`].
    #[inline(always)]
    fn read(&mut self, bytes: &[u8; PRELUDE_LEN], checksum: &Hasher) -> Result<Prelude, FrameFault> {
        let [_, _, _, length, ..] = *bytes;
        let slot = usize::from(length % Self::SLOTS);
        if let Some(Some(known)) = self.0.get(slot)
            && known == bytes
        {
            return Prelude::of_lengths(bytes);
        }
        let prelude = Prelude::read(bytes, checksum)?;
        self.0.resize(usize::from(Self::SLOTS), None);
        if let Some(known) = self.0.get_mut(slot) {
            *known = Some(*bytes);
        }
        Ok(prelude)
    }
}

/// A frame's prelude with a right checksum and possible lengths.
struct Prelude {
    total: usize,
    headers: usize,
}

impl Prelude {
    fn read(bytes: &[u8; PRELUDE_LEN], checksum: &Hasher) -> Result<Self, FrameFault> {
        check(bytes, checksum, FrameFault::PreludeChecksum)?;
        Self::of_lengths(bytes)
    }

    #[inline(always)]
    fn of_lengths(bytes: &[u8; PRELUDE_LEN]) -> Result<Self, FrameFault> {
        let [t0, t1, t2, t3, h0, h1, h2, h3, ..] = *bytes;
        let total = u32::from_be_bytes([t0, t1, t2, t3]);
        let headers = u32::from_be_bytes([h0, h1, h2, h3]);
        match total.checked_sub(OVERHEAD).and_then(|content| content.checked_sub(headers)) {
            Some(payload) if headers <= MAX_HEADERS && payload <= MAX_PAYLOAD => {
                Ok(Self { total: total as usize, headers: headers as usize })
            }
            _ => Err(FrameFault::Length { total, headers }),
        }
    }

    fn place(&self, is_split: bool, start: usize) -> Place {
        let headers = start + PRELUDE_LEN;
        Place { is_split, headers, payload: headers + self.headers, end: start + self.total - CHECKSUM_LEN }
    }
}

/// Checks that `bytes` end with the checksum of what stands before it.
#[inline(always)]
fn check(bytes: &[u8], checksum: &Hasher, fault: FrameFault) -> Result<(), FrameFault> {
    let Some((content, expected)) = bytes.split_last_chunk() else { return Err(fault) };
    let mut checksum = checksum.clone();
    checksum.update(content);
    if checksum.finalize() == u32::from_be_bytes(*expected) { Ok(()) } else { Err(fault) }
}

#[cfg(test)]
mod tests;
