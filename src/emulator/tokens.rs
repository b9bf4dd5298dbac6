//! An estimate of tokens: text cut into pieces of about one word, which are also the deltas of a stream.
//!
//! One rule serves counting and streaming, so that `usage` agrees with what was sent. It is no model's
//! tokenizer.

/// What a character joins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Ideograph,
    Letter,
    Digit,
    Sign,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            '\u{2e80}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Class::Ideograph,
            _ if c.is_numeric() => Class::Digit,
            _ if c.is_alphabetic() => Class::Letter,
            _ => Class::Sign,
        }
    }

    /// Most characters of one piece.
    fn limit(self) -> usize {
        match self {
            Class::Ideograph => 1,
            Class::Letter => 12,
            Class::Digit => 4,
            Class::Sign => 16,
        }
    }
}

/// Accents, joiners, skin tones: what belongs to the character before it.
fn continues_character(c: char) -> bool {
    let is_accent = matches!(c, '\u{300}'..='\u{36f}' | '\u{20e3}');
    is_accent || matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Cuts `text` into pieces that join to it again. A piece is never empty, and no character is cut, accents
/// and joined emoji included.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(piece_length(rest)).unwrap_or((rest, ""));
        rest = after;
        Some(piece)
    })
}

/// Number of pieces.
pub(super) fn count(text: &str) -> u64 {
    u64::try_from(pieces(text).count()).unwrap_or(u64::MAX)
}

/// Bytes of the first piece: white space, and the run of characters of one class after it.
fn piece_length(text: &str) -> usize {
    let run = text.trim_start();
    let Some(first) = run.chars().next() else { return text.len() };
    let class = Class::of(first);
    let (mut taken, mut is_joined) = (0, false);
    let end = run.char_indices().find(|&(at, c)| {
        if continues_character(c) || is_joined {
            // What follows a zero-width joiner is part of the same emoji.
            is_joined = c == '\u{200d}';
            return false;
        }
        let ends = at > 0 && (taken == class.limit() || c.is_whitespace() || Class::of(c) != class);
        taken += 1;
        ends
    });
    text.len() - run.len() + end.map_or(run.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::{count, pieces};

    #[test]
    fn words_signs_and_ideographs_are_pieces() {
        for (text, expected) in [
            ("", vec![]),
            ("Basalt is dark.", vec!["Basalt", " is", " dark", "."]),
            ("a\n\n b ", vec!["a", "\n\n b", " "]),
            ("12345 °C", vec!["1234", "5", " °", "C"]),
            ("玄武岩。", vec!["玄", "武", "岩", "。"]),
            ("cafe\u{301}s", vec!["cafe\u{301}s"]),
            ("👩\u{200d}🔬 🪨", vec!["👩\u{200d}🔬", " 🪨"]),
            ("Zürich", vec!["Zürich"]),
            ("metamorphosed", vec!["metamorphose", "d"]),
        ] {
            assert_eq!(pieces(text).collect::<Vec<_>>(), expected, "{text}");
            assert_eq!(count(text), expected.len() as u64);
        }
    }

    proptest::proptest! {
        #[test]
        fn pieces_join_to_the_text(text in "\\PC{0,60}") {
            proptest::prop_assert_eq!(pieces(&text).collect::<String>(), text.clone());
            proptest::prop_assert!(pieces(&text).all(|piece| !piece.is_empty()));
        }
    }
}
