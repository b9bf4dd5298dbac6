//! The known names nearest to a mistyped one, for messages.
//!
//! It compares letters only; it knows nothing of what is named.

/// At most three of `known`, nearest first, that differ from `name` in few letters (case does not count).
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    let near = known.into_iter().map(|known| (distance(&name, &known.to_lowercase()), known));
    let mut near: Vec<_> = near.filter(|(distance, _)| *distance <= limit).collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// The Levenshtein distance, one row of the table at a time.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (at, from) in from.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "ac", 1),
            ("ac", "abc", 1),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn only_near_names_are_offered_nearest_first() {
        let known = ["dev", "prod", "Prod-EU", "prod-us", "staging"];
        for (name, expected) in [
            ("prod", vec!["prod"]),
            ("prd", vec!["prod"]),
            ("prod-eu", vec!["Prod-EU", "prod-us"]),
            ("DEV", vec!["dev"]),
            ("stagging", vec!["staging"]),
            ("nothing", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
