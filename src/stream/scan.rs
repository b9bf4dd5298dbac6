//! The three ordinary deltas, read without a JSON parser.
//!
//! Nearly all events of an answer are pieces of text, of a tool's input or of reasoning, and Bedrock writes each of
//! them in one way: no white space, the same order of members, padding at the end. That form is compared byte by
//! byte. Anything that differs in the slightest, be it right or wrong, is no business of this file: it says `None`,
//! and serde_json decides. So it never judges, and what it does read is what serde_json would have read; a property
//! test holds it to that.

use super::event::{BlockDelta, StreamEvent};
use std::borrow::Cow;
use std::str;

/// Reads the payload of a `contentBlockDelta`, if it has one of the three ordinary forms. Text with escapes is lent
/// from `unescaped`, whose old contents are lost.
#[inline(always)]
pub(super) fn delta<'a>(payload: &'a [u8], unescaped: &'a mut Vec<u8>) -> Option<StreamEvent<'a>> {
    let mut json = Scanner { rest: payload };
    json.skip(br#"{"contentBlockIndex":"#)?;
    let index = json.index()?;
    json.skip(br#","delta":{""#)?;
    let delta = if json.skip(br#"text":""#).is_some() {
        BlockDelta::Text(json.text(unescaped)?)
    } else if json.skip(br#"toolUse":{"input":""#).is_some() {
        let input = json.text(unescaped)?;
        json.skip(b"}")?;
        BlockDelta::ToolUse { input }
    } else {
        json.skip(br#"reasoningContent":{"text":""#)?;
        let text = json.text(unescaped)?;
        json.skip(b"}")?;
        BlockDelta::ReasoningText(text)
    };
    json.skip(b"}")?;
    let is_whole = if json.skip(br#","p":""#).is_some() {
        json.rest.split_last_chunk().is_some_and(|(padding, end)| end == br#""}"# && is_plain(padding))
    } else {
        json.rest == b"}"
    };
    is_whole.then_some(StreamEvent::ContentBlockDelta { index, delta })
}

/// What is left of a payload.
struct Scanner<'a> {
    rest: &'a [u8],
}

// The program is built for size, where the compiler leaves even these few instructions in functions of their own;
// what each event goes through is therefore put in its place by hand.
impl<'a> Scanner<'a> {
    /// Skips a literal that must stand here. Its length is known, so that it is compared in words.
    #[inline(always)]
    fn skip<const N: usize>(&mut self, literal: &[u8; N]) -> Option<()> {
        let (begin, rest) = self.rest.split_first_chunk()?;
        if begin != literal {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// Takes one byte.
    #[inline(always)]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Takes a whole number of at most nine digits. A further one is no business of this file: what must follow is
    /// not there then.
    #[inline(always)]
    fn index(&mut self) -> Option<u32> {
        let first = self.byte().filter(u8::is_ascii_digit)?;
        let mut number = u32::from(first - b'0');
        let longest = if first == b'0' { 1 } else { 9 };
        for _ in 1..longest {
            let Some(digit) = self.rest.first().filter(|byte| byte.is_ascii_digit()) else { break };
            number = number * 10 + u32::from(digit - b'0');
            self.byte();
        }
        Some(number)
    }

    /// Takes a string whose opening quote is behind, with its closing quote.
    #[inline(always)]
    fn text(&mut self, unescaped: &'a mut Vec<u8>) -> Option<Cow<'a, str>> {
        let begin = self.plain();
        let text = match self.byte()? {
            b'"' => begin,
            b'\\' => self.unescape(begin, unescaped)?,
            _ => return None,
        };
        str::from_utf8(text).ok().map(Cow::Borrowed)
    }

    /// Takes the rest of a string that begins with `begin` and a backslash. Gives up at `\u`, which Bedrock does not
    /// write. Kept apart, so that text without escapes does not pay for its registers.
    #[inline(never)]
    fn unescape<'t>(&mut self, begin: &[u8], text: &'t mut Vec<u8>) -> Option<&'t [u8]> {
        // The text cannot be longer than what is left.
        let longest = begin.len() + self.rest.len();
        if text.len() < longest {
            text.resize(longest, 0);
        }
        let mut room = text.as_mut_slice();
        put(&mut room, begin)?;
        loop {
            *room.split_off_first_mut()? = match self.byte()? {
                escaped @ (b'"' | b'\\' | b'/') => escaped,
                b'b' => 0x8,
                b'f' => 0xc,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            };
            self.copy_plain(&mut room)?;
            match self.byte()? {
                b'"' => break,
                b'\\' => {}
                _ => return None,
            }
        }
        let unused = room.len();
        text.get(..text.len() - unused)
    }

    /// Moves the bytes that stand for themselves to `room`, which is never shorter than what is left.
    #[inline(always)]
    fn copy_plain(&mut self, room: &mut &mut [u8]) -> Option<()> {
        while let Some(word) = self.rest.first_chunk() {
            let special = special_bytes(u64::from_le_bytes(*word));
            // All eight at once: those that are too many are written over.
            *room.first_chunk_mut()? = *word;
            let plain = special.trailing_zeros() as usize / 8;
            self.rest = self.rest.get(plain..)?;
            room.split_off_mut(..plain)?;
            if special != 0 {
                return Some(());
            }
        }
        put(room, self.plain())
    }

    /// Takes the bytes that stand for themselves in a JSON string.
    #[inline(always)]
    fn plain(&mut self) -> &'a [u8] {
        let (plain, rest) = self.rest.split_at_checked(plain_length(self.rest)).unwrap_or((self.rest, b""));
        self.rest = rest;
        plain
    }
}

/// Writes `bytes` to the beginning of `room`, and leaves what is behind them.
#[inline(always)]
fn put(room: &mut &mut [u8], bytes: &[u8]) -> Option<()> {
    room.split_off_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(())
}

/// How many bytes there are before the first quote, backslash or control character.
#[inline(always)]
fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut length = 0;
    while let Some((word, after)) = rest.split_first_chunk() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += word.len();
        rest = after;
    }
    length + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// Whether there is no quote, backslash or control character.
#[inline(always)]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else { return plain_length(bytes) == bytes.len() };
    // The last eight bytes stand for those that make no whole word, and may be looked at twice.
    let (words, _) = bytes.as_chunks();
    words.iter().fold(special_bytes(u64::from_le_bytes(*last)), |special, word| {
        special | special_bytes(u64::from_le_bytes(*word))
    }) == 0
}

/// Marks the highest bit of bytes that are a quote, a backslash or a control character.
///
/// Eight bytes at once, in the way of <https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>. The lowest
/// mark is always right. Marks above it may be wrong, since the subtraction borrows from the bytes above.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST_BITS: u64 = ONES << 7;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHEST_BITS;
    // Flipping this bit takes a quote (0x22) to 0x20, next to the control characters, and moves these among themselves.
    let quotes_and_controls = below(word ^ (ONES << 1), 0x21);
    let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
    quotes_and_controls | backslashes
}

#[cfg(test)]
mod tests;
