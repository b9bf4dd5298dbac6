//! Chance that is none: numbers drawn from a text, the same for the same text on every machine.
//!
//! It drives the emulator's choices of words and the length of padding. It is no cryptography.

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Seeds the sequence with a text (FNV-1a).
    pub(super) fn new(text: &str) -> Self {
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    /// The next number (SplitMix64).
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`, or 0.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.roll() % sides).unwrap_or(0)
    }

    /// One of `items`; the default value when there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let at = self.below(items.len());
        items.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_text_gives_the_same_numbers() {
        let rolls = |text| {
            let mut dice = Dice::new(text);
            (0..4).map(|_| dice.roll()).collect::<Vec<_>>()
        };
        assert_eq!(rolls("basalt"), rolls("basalt"));
        assert_ne!(rolls("basalt"), rolls("gneiss"));
        // A known answer, so that answers stay the same from version to version.
        assert_eq!(Dice::new("basalt").below(1_000_000), 415_456);
    }

    #[test]
    fn picks_stay_inside() {
        let mut dice = Dice::new("x");
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.pick::<u8>(&[]), 0);
        assert!((0..100).all(|_| dice.below(3) < 3));
    }
}
