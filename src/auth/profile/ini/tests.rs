//! The dialect: known answers, broken files, and properties.

use super::{Rule, SyntaxError, nested, parse};
use proptest::prelude::*;

type Sections = Vec<(String, usize, Vec<(String, usize, String)>)>;

fn read(text: &str) -> Result<Sections, SyntaxError> {
    let sections = parse(text)?.into_iter().map(|section| {
        let properties = section.properties.iter();
        let properties = properties.map(|one| (one.name.to_owned(), one.line, one.value())).collect();
        (section.header.to_owned(), section.line, properties)
    });
    Ok(sections.collect())
}

/// The values of a section `[s]` with these lines.
fn values(lines: &str) -> Vec<(String, String)> {
    let sections = read(&format!("[s]\n{lines}")).unwrap();
    assert_eq!(sections.len(), 1, "{lines}");
    sections[0].2.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect()
}

#[test]
fn values_are_text_up_to_a_comment() {
    for (line, value) in [
        ("n = v", "v"),
        ("n=v", "v"),
        ("n \t= \t v \t", "v"),
        ("n =", ""),
        ("n = a=b==", "a=b=="),
        ("n = a#b;c", "a#b;c"),
        ("n = a # b", "a"),
        ("n = a\t;b", "a"),
        ("n = a;b # c", "a;b"),
        ("n = # c", ""),
        ("n = a%b%%c", "a%b%%c"),
        ("n = \"q\" 'r'", "\"q\" 'r'"),
        ("n = a\\", "a\\"),
        ("n = [x]", "[x]"),
        ("n = v\r", "v"),
    ] {
        assert_eq!(values(line), [("n".to_owned(), value.to_owned())], "{line:?}");
    }
}

#[test]
fn indented_lines_continue_the_value_above() {
    for (lines, value) in [
        ("n = a\n b", "a\nb"),
        ("n = a\n\t b \t\n  c", "a\nb\nc"),
        ("n = a\n\n \t \n b", "a\nb"),
        ("n = a\n# comment\n b", "a\nb"),
        ("n = a\n # no comment", "a\n# no comment"),
        ("n = a\n [x]", "a\n[x]"),
        ("n = a\n b ; kept", "a\nb ; kept"),
        ("n =\n x = 1\n y=2 # c", "\nx = 1\ny=2 # c"),
        ("n = # c\n x = 1", "\nx = 1"),
    ] {
        assert_eq!(values(lines), [("n".to_owned(), value.to_owned())], "{lines:?}");
    }
}

#[test]
fn nested_properties_are_read_from_a_block_only() {
    for (value, expected) in [
        ("\nendpoint_url = http://h\nx=2 # c", vec![("endpoint_url", "http://h"), ("x", "2")]),
        ("\nin valid = v", vec![("in valid", "v")]),
        ("", vec![]),
        ("a = b", vec![]),
        ("v\na = b", vec![]),
    ] {
        assert_eq!(nested(value).collect::<Vec<_>>(), expected, "{value:?}");
    }
}

#[test]
fn headers_lose_comments_and_outer_blanks() {
    for (line, header) in [
        ("[a]", "a"),
        ("[ \tprofile  b\t]", "profile  b"),
        ("[a]#x", "a"),
        ("[a];x]", "a"),
        ("[a] \t # x", "a"),
        ("[]", ""),
        ("[[a]]", "[a]"),
        ("[a]\r", "a"),
    ] {
        let text = format!("{line}\n");
        assert_eq!(read(&text).unwrap(), [(header.to_owned(), 1, vec![])], "{line:?}");
    }
}

#[test]
fn sections_repeat_and_lines_are_counted_from_one() {
    let text = "\u{feff}# c\r\n[a]\r\n\r\nx = 1\r\nX = 2\r\n[b]\n[a]\ny = 3";
    let property = |name: &str, line, value: &str| (name.to_owned(), line, value.to_owned());
    assert_eq!(
        read(text).unwrap(),
        [
            ("a".to_owned(), 2, vec![property("x", 4, "1"), property("X", 5, "2")]),
            ("b".to_owned(), 6, vec![]),
            ("a".to_owned(), 7, vec![property("y", 8, "3")]),
        ]
    );
}

#[test]
fn a_broken_line_is_named_with_its_rule() {
    for (text, line, rule) in [
        ("n = v", 1, Rule::PropertyBeforeSection),
        ("# c\n\n n = v", 3, Rule::IndentedBeforeSection),
        ("[a]\n n = v", 2, Rule::IndentedFirst),
        ("[a]\nn = v\n[a]\n more", 4, Rule::IndentedFirst),
        ("[a\nn = v", 1, Rule::UnclosedHeader),
        ("[a #]", 1, Rule::UnclosedHeader),
        ("[a] x", 1, Rule::UnclosedHeader),
        ("[a]\nn: v", 2, Rule::ColonForEquals),
        ("[a]\nn", 2, Rule::NoEquals),
        ("[a]\nn # = v", 2, Rule::NoEquals),
        ("[a]\n= v", 2, Rule::NoName),
        ("[a]\n\u{a0}\n", 2, Rule::NoEquals),
        ("[a]\ns3 =\n garbage", 3, Rule::NestedNoEquals),
        ("[a]\ns3 =\n # comment", 3, Rule::NestedNoEquals),
        ("[a]\ns3 =\n x = 1\n = 2", 4, Rule::NestedNoName),
        ("[default]\raws_access_key_id = K", 1, Rule::UnclosedHeader),
    ] {
        assert_eq!(read(text).unwrap_err(), SyntaxError { line, rule }, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "([\\[\\]#;=: \t\r\na\u{feff}\u{a0}]|\\PC){0,80}") {
        for section in read(&text).unwrap_or_default() {
            for (_, _, value) in section.2 {
                nested(&value).count();
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        sections in prop::collection::vec(
            (
                "[a-zA-Z0-9_/.%@:+-]{1,8}",
                prop::collection::vec(("[a-zA-Z_-]{1,8}", "[!-~é]{0,8}( [!-~&&[^#;]]{1,8}){0,2}"), 0..4),
            ),
            0..4,
        ),
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        let write = |text: &mut String, line: String| {
            text.push_str(&line);
            text.push('\n');
            text.lines().count()
        };
        for (header, properties) in sections {
            let at = write(&mut text, format!("[{header}]"));
            let properties = properties.into_iter().map(|(name, value)| {
                let value = value.trim_start_matches(['#', ';', ' ']).to_owned();
                (name.clone(), write(&mut text, format!("{name} = {value}")), value)
            });
            expected.push((header, at, properties.collect::<Vec<_>>()));
        }
        prop_assert_eq!(read(&text).unwrap(), expected.clone());
        prop_assert_eq!(read(&text.replace('\n', "\r\n")).unwrap(), expected);
    }
}
