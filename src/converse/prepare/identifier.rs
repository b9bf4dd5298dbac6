//! Identifiers that fit the service's patterns and stay unique: for ids of calls, and for names of tools.
//!
//! What fits is kept. What does not is rewritten with a checksum of the original at its end, so that two of
//! them stay different, and the same one becomes the same in every request: a prompt cache lives from that.

use std::collections::HashSet;

/// The longest name or id.
const LONGEST: usize = 64;

/// What identifiers must look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// 1 to 64 letters, digits, underscores and hyphens.
    Plain,
    /// 9 letters and digits, which Mistral's models demand of ids.
    Nine,
}

impl Shape {
    /// Whether `text` fits.
    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Plain => (1..=LONGEST).contains(&text.len()) && text.chars().all(is_plain),
            Self::Nine => text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        }
    }

    /// The `attempt`th rewriting of `text`.
    fn rewritten(self, text: &str, attempt: u32) -> String {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(text.as_bytes());
        if attempt > 0 {
            checksum.update(&attempt.to_be_bytes());
        }
        let checksum = checksum.finalize();
        match self {
            Self::Plain => {
                let kept = text.chars().take(LONGEST - 9).map(|c| if is_plain(c) { c } else { '_' });
                format!("{}_{checksum:08x}", kept.collect::<String>())
            }
            Self::Nine => format!("t{checksum:08x}"),
        }
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The identifiers that are taken.
pub(super) struct Identifiers {
    shape: Shape,
    taken: HashSet<String>,
}

impl Identifiers {
    /// None is taken but those of `reserved` that fit.
    pub(super) fn new<'a>(shape: Shape, reserved: impl IntoIterator<Item = &'a str>) -> Self {
        let fitting = reserved.into_iter().filter(|text| shape.fits(text));
        Self { shape, taken: fitting.map(str::to_owned).collect() }
    }

    /// Takes `text` itself if it fits and is free, else a rewriting of it.
    pub(super) fn claim(&mut self, text: &str) -> String {
        if self.shape.fits(text) && self.taken.insert(text.to_owned()) {
            return text.to_owned();
        }
        let mut attempt = 0;
        loop {
            let candidate = self.shape.rewritten(text, attempt);
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
            attempt += 1;
        }
    }
}
