//! Reads the text of a few named elements from the small XML answers of the Security Token Service.
//!
//! STS answers in XML alone, with flat elements of text: `<AccessKeyId>..</AccessKeyId>`. Five fields do not pay
//! for a parser crate. It knows elements, the predefined entities and character references; it does not validate
//! documents, and it expands no other entity, so no document can make it grow.

/// The text of the first element `name`, its entities resolved. `None`: there is no such element, it holds other
/// elements, or its text holds an entity that XML does not define.
pub(crate) fn text_of(document: &str, name: &str) -> Option<String> {
    let mut rest = document;
    loop {
        let (_, tail) = rest.split_once('<')?;
        let (tag, after) = tail.split_once('>')?;
        rest = after;
        let is_open =
            tag.split(|c: char| c.is_ascii_whitespace()).next() == Some(name) && !tag.ends_with('/');
        if is_open {
            let (text, end) = after.split_once('<')?;
            let closed = end.strip_prefix('/')?.strip_prefix(name)?;
            return closed.trim_start().starts_with('>').then(|| resolve(text)).flatten();
        }
    }
}

/// Replaces `&amp;`, `&#38;`, `&#x26;` and their kin.
fn resolve(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    out.push_str(pieces.next()?);
    for piece in pieces {
        let (entity, after) = piece.split_once(';')?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => character(entity.strip_prefix('#')?)?,
        });
        out.push_str(after);
    }
    Some(out)
}

fn character(reference: &str) -> Option<char> {
    let code = match reference.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => reference.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::text_of;
    use proptest::prelude::*;

    #[test]
    fn elements_are_found_by_their_whole_name() {
        for (document, found) in [
            ("<A><Code>x</Code></A>", Some("x")),
            ("<Code a='b'>x</Code >", Some("x")),
            ("<CodeName>y</CodeName><Code>x</Code>", Some("x")),
            (
                "<?xml version=\"1.0\"?>\n<Code>a&amp;b&lt;&gt;&quot;&apos;&#65;&#x42;</Code>",
                Some("a&b<>\"'AB"),
            ),
            ("<Code></Code>", Some("")),
            ("<Code/><Code>x</Code>", Some("x")),
            ("<Code>x", None),
            ("<Code><B>x</B></Code>", None),
            ("<Code>x</Cod>", None),
            ("<Code>x</CodeX>", None),
            ("<Code>&unknown;</Code>", None),
            ("<Code>&#xD800;</Code>", None),
            ("<Code>a&b</Code>", None),
            ("Code", None),
            ("", None),
        ] {
            assert_eq!(text_of(document, "Code").as_deref(), found, "{document}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_escaping(text in "\\PC{0,40}") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let document = format!("<R xmlns=\"u\"><T>{escaped}</T></R>");
            prop_assert_eq!(text_of(&document, "T"), Some(text));
        }

        #[test]
        fn any_document_is_read_without_panic(document in "[<>/&;#xA a]{0,60}") {
            let _ = text_of(&document, "A");
        }
    }
}
