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
    let is_whole = match json.rest.strip_prefix(br#","p":""#) {
        Some(padding) => padding.strip_suffix(br#""}"#).is_some_and(is_plain),
        None => json.rest == b"}",
    };
    is_whole.then_some(StreamEvent::ContentBlockDelta { index, delta })
}

/// What is left of a payload.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// Skips a literal that must stand here.
    fn skip(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// Takes a whole number of at most nine digits.
    fn index(&mut self) -> Option<u32> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).take(10).count();
        let digits = self.rest.split_off(..length)?;
        match digits {
            [b'0'..=b'9'] | [b'1'..=b'9', ..] if length < 10 => {
                Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
            }
            _ => None,
        }
    }

    /// Takes a string whose opening quote is behind, with its closing quote.
    fn text(&mut self, unescaped: &'a mut Vec<u8>) -> Option<Cow<'a, str>> {
        let begin = self.plain();
        let text = match self.rest.split_off_first()? {
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
        text.clear();
        // At once: the text cannot be longer than what is left.
        text.reserve(begin.len() + self.rest.len());
        text.extend_from_slice(begin);
        loop {
            text.push(match self.rest.split_off_first()? {
                escaped @ (b'"' | b'\\' | b'/') => *escaped,
                b'b' => 0x8,
                b'f' => 0xc,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            });
            self.copy_plain(text);
            match self.rest.split_off_first()? {
                b'"' => return Some(text),
                b'\\' => {}
                _ => return None,
            }
        }
    }

    /// Appends the bytes that stand for themselves to `text`.
    fn copy_plain(&mut self, text: &mut Vec<u8>) {
        if let Some((word, _)) = self.rest.split_first_chunk()
            && let special @ 1.. = special_bytes(u64::from_le_bytes(*word))
        {
            // Between escapes there is little. Eight bytes are copied in one go, more than are wanted.
            let length = special.trailing_zeros() as usize / 8;
            let end = text.len() + length;
            text.extend_from_slice(word);
            text.truncate(end);
            self.rest = self.rest.get(length..).unwrap_or_default();
        } else {
            text.extend_from_slice(self.plain());
        }
    }

    /// Takes the bytes that stand for themselves in a JSON string.
    fn plain(&mut self) -> &'a [u8] {
        let (plain, rest) = self.rest.split_at_checked(plain_length(self.rest)).unwrap_or((self.rest, b""));
        self.rest = rest;
        plain
    }
}

/// How many bytes there are before the first quote, backslash or control character.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks();
    let mut length = 0;
    for word in words {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += word.len();
    }
    length + tail.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// Whether there is no quote, backslash or control character.
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
