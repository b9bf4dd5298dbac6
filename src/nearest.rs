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

/// How many letters must be put in, taken out, replaced or swapped with their neighbour: the optimal string
/// alignment distance, of which the last two rows of the table are kept.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut before = None;
    for (at, from) in from.chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, &here) in to.iter().enumerate() {
            let cell = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = cell(&row, column) + usize::from(from != here);
            let mut least = replaced.min(cell(&row, column + 1) + 1).min(cell(&next, column) + 1);
            let is_swap = column > 0 && before == Some(here) && to.get(column - 1) == Some(&from);
            if is_swap {
                least = least.min(cell(&above, column - 1) + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
        before = Some(from);
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
            ("modle", "model", 1),
            ("ab", "ba", 1),
            ("abc", "ca", 3),
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
            ("pord", vec!["prod"]),
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
