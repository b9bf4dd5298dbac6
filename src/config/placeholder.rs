//! `${NAME}` in a text of the file: the value of a variable in its place.
//!
//! A name is made of capital letters, digits and underscores and does not begin with a digit; anything else
//! between the braces stays as it is. `$${NAME}` stands for the text `${NAME}`. What a variable holds is not
//! looked at for further placeholders.

use std::borrow::Cow;

/// Puts the values of variables in. `Err` is the name of a variable that `lookup` does not know.
pub(super) fn substitute(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Cow<'_, str>, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        match before.strip_suffix('$') {
            Some(before) => {
                out.push_str(before);
                out.push_str(&format!("${{{name}}}"));
            }
            None => {
                out.push_str(before);
                out.push_str(&lookup(name).ok_or_else(|| name.to_owned())?);
            }
        }
        rest = after;
    }
    if rest.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Whether a text is nothing but one placeholder, so that showing it shows no value.
pub(super) fn is_only(text: &str) -> bool {
    next(text).is_some_and(|(before, _, after)| before.is_empty() && after.is_empty())
}

/// Whether a text holds a placeholder that is replaced.
pub(super) fn is_in(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, _, after)) = next(rest) {
        if !before.ends_with('$') {
            return true;
        }
        rest = after;
    }
    false
}

/// What stands before the first placeholder, its name, and what follows it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find("${")?;
        let inside = text.get(open + 2..)?;
        let length = inside.find(|c: char| !is_name(c)).unwrap_or(inside.len());
        let (name, after) = inside.split_at(length);
        let is_named = name.starts_with(|c: char| !c.is_ascii_digit());
        if let (true, Some(after)) = (is_named, after.strip_prefix('}')) {
            return Some((text.get(..open)?, name, after));
        }
        from = open + 2;
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("1".to_owned()),
            "LONG_NAME_2" => Some("two".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${A}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn the_rules() {
        for (text, expected) in [
            ("plain", Ok("plain")),
            ("${A}", Ok("1")),
            ("x${A}y${LONG_NAME_2}", Ok("x1ytwo")),
            ("${EMPTY}", Ok("")),
            ("${NESTED}", Ok("${A}")),
            ("$${A}", Ok("${A}")),
            ("$$${A}", Ok("$${A}")),
            ("$$ and ${A}", Ok("$$ and 1")),
            ("${a}", Ok("${a}")),
            ("${1A}", Ok("${1A}")),
            ("${}", Ok("${}")),
            ("${A", Ok("${A")),
            ("${${A}", Ok("${1")),
            ("$A", Ok("$A")),
            ("${A-B}", Ok("${A-B}")),
            ("${ABSENT}", Err("ABSENT")),
            ("$${ABSENT}", Ok("${ABSENT}")),
        ] {
            let found = substitute(text, lookup).map(Cow::into_owned);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_placeholder_alone_or_among_text() {
        for (text, only, inside) in [
            ("${A}", true, true),
            ("x${A}", false, true),
            ("${A}${A}", false, true),
            ("$${A}", false, false),
            ("$${A}${A}", false, true),
            ("A", false, false),
        ] {
            assert_eq!((is_only(text), is_in(text)), (only, inside), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_without_dollars_stays(text in "[^$]*") {
            prop_assert_eq!(substitute(&text, |_| None).unwrap(), text.as_str());
        }

        #[test]
        fn any_text_is_read(text in "[$${}A-C_a1]{0,20}") {
            let replaced = substitute(&text, |_| Some("v".to_owned())).unwrap();
            prop_assert_eq!(replaced == text.as_str(), next(&text).is_none());
        }
    }
}
