use super::*;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn places_of_keys_and_values() {
    let text = "{ a: 1, // one\n  'b c': [true, { d: 'x' }], }";
    let document = Document::parse(text.to_owned()).unwrap();
    let root = document.root.as_ref().unwrap();
    let [a, b] = root.entries() else { panic!() };
    assert_eq!((a.name.as_str(), &text[a.value.span.clone()], a.comma), ("a", "1", Some(6)));
    assert_eq!((b.name.as_str(), &text[b.start..b.start + 5]), ("b c", "'b c'"));
    assert_eq!(&text[b.value.span.clone()], "[true, { d: 'x' }]");
    assert_eq!(document.position(b.start), (2, 3));
    assert_eq!(root.to_value(), json!({ "a": 1, "b c": [true, { "d": "x" }] }));
}

#[test]
fn what_json5_allows() {
    for (text, value) in [
        ("{}", json!({})),
        (
            "\u{feff}{a:.5,b:+1,c:0x1F,d:5.,e:'\\x41\\u0042\\\n'}",
            json!({"a":0.5,"b":1,"c":31,"d":5.0,"e":"AB"}),
        ),
        ("{\\u0061b: 1, $_x: 2, ünï: 3}", json!({"ab":1,"$_x":2,"ünï":3})),
        ("[\n/* c */1,2,]", json!([1, 2])),
        ("{a: 'x', a: 'y'}", json!({"a":"y"})),
        ("'//'", json!("//")),
        ("{a: Infinity}", json!({"a": null})),
    ] {
        let document = Document::parse(text.to_owned()).unwrap();
        assert_eq!(document.root.unwrap().to_value(), value, "{text}");
    }
    for empty in ["", " \n", "// nothing\n", "/* nothing */", "\u{feff}"] {
        assert_eq!(Document::parse(empty.to_owned()).unwrap().root, None, "{empty}");
    }
}

#[test]
fn what_is_broken_and_where() {
    for (text, place, problem) in [
        ("{\n  a 1 }", (2, 5), "a `:` is missing after the key"),
        ("{\r\n  a: 1 b: 2 }", (2, 8), "a `,` or a closing bracket is missing"),
        ("{ a: eu-west-1 }", (1, 6), "this is no value; text needs quotes"),
        ("{ a: 'x\n' }", (1, 8), "the quotes of this text are not closed"),
        ("{ a: 1", (1, 7), "it ends before the last bracket is closed"),
        ("{ a: [1, 2\n", (1, 11), "it ends before the last bracket is closed"),
        ("{ a: 'x", (1, 8), "it ends inside a quoted text"),
        ("{ a: 1 } /* x", (1, 14), "it ends inside a comment"),
        ("{ a: 1 } b", (1, 10), "something follows after the end"),
        ("{ a: 01 }", (1, 6), "a number must not begin with 0"),
        ("{ é: '\\u00' }", (1, 7), "this escape in a text is not allowed"),
        ("{ , }", (1, 3), "a key or a closing brace is missing"),
        ("{ a: 1.2.3 }", (1, 6), "this cannot be read"),
    ] {
        let broken = Document::parse(text.to_owned()).unwrap_err();
        assert_eq!((position(text, broken.offset), broken.problem.as_str()), (place, problem), "{text}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Document::parse(nested(DEPTH_LIMIT)).is_ok());
    let broken = Document::parse(nested(DEPTH_LIMIT + 1)).unwrap_err();
    assert_eq!((broken.offset, broken.problem.as_str()), (64, "brackets are nested more than 64 deep"));
    assert!(Document::parse("[{a:".repeat(100_000)).is_err());
}

#[test]
fn values_of_the_command_line() {
    for (text, value) in [
        ("true", Some(json!(true))),
        ("3600", Some(json!(3600))),
        ("['a', 'b']", Some(json!(["a", "b"]))),
        ("{a: 1}", Some(json!({"a": 1}))),
        ("'x'", Some(json!("x"))),
        ("null", Some(json!(null))),
        ("us-east-1", None),
        ("NaN", None),
        ("[Infinity]", None),
        ("", None),
        ("// x", None),
        ("{a: 1", None),
    ] {
        assert_eq!(parse_value(text).map(|value| value.to_value()), value, "{text}");
    }
}

proptest! {
    #[test]
    fn every_way_to_write_a_value_reads_back(messy in messy::object()) {
        let document = Document::parse(messy.text.clone()).unwrap();
        prop_assert_eq!(document.root.unwrap().to_value(), messy.value);
    }

    #[test]
    fn any_text_is_read_as_json5_reads_it(text in "[{}\\[\\]:,'\"/*\\\\ \na0.+-ef\u{2028}é]{0,40}") {
        let expected = json5::from_str::<Value>(&text).ok();
        match Document::parse(text.clone()) {
            Ok(document) => prop_assert_eq!(document.root.map(|root| root.to_value()), expected),
            Err(broken) => {
                prop_assert_eq!(expected, None);
                prop_assert!(text.is_char_boundary(broken.offset), "{:?}", broken);
            }
        }
    }

    #[test]
    fn a_cut_text_is_refused_or_read(messy in messy::object(), cut in any::<prop::sample::Index>()) {
        let text: String = messy.text.chars().take(cut.index(messy.text.chars().count())).collect();
        if let Err(broken) = Document::parse(text.clone()) {
            prop_assert!(broken.offset <= text.len());
        }
    }
}
