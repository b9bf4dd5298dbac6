//! Schemas of any shape: what comes out is one that models read, and stays so.

use super::super::schema::{Dialect, Lost, for_tool, object_root, strict};
use super::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

const KEYWORDS: [&str; 18] = [
    "type",
    "properties",
    "required",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "$defs",
    "definitions",
    "items",
    "enum",
    "description",
    "format",
    "minimum",
    "pattern",
    "additionalProperties",
    "a",
    "b",
];

fn any_schema() -> impl Strategy<Value = Value> {
    let references = ["#", "#/$defs/a", "#/$defs/b", "#/definitions/a", "#/properties/a", "#/nowhere", "x:y"];
    let leaf = prop_oneof![
        select(&["object", "array", "string", "a", "b"][..]).prop_map(Value::from),
        select(references.to_vec()).prop_map(|pointer| json!({ "$ref": pointer })),
        select(references.to_vec()).prop_map(Value::from),
        Just(json!({"type": "object"})),
        Just(json!(null)),
        Just(json!(7)),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => btree_map(select(&KEYWORDS[..]).prop_map(str::to_owned), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn has_ref(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.get("$ref").is_some_and(Value::is_string) || members.values().any(has_ref)
        }
        Value::Array(items) => items.iter().any(has_ref),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_schema_becomes_one_that_models_read(
        given in any_schema(), refs: bool, only_basics: bool, properties: bool, look_around: bool,
    ) {
        let dialect = Dialect { refs, only_basics, properties, look_around };
        let once = for_tool(given.clone(), dialect);
        prop_assert_eq!(&once.schema["type"], "object");
        for refused in ["anyOf", "oneOf", "allOf", "$ref"] {
            prop_assert!(once.schema.get(refused).is_none(), "{refused} in {}", once.schema);
        }
        prop_assert!(refs || !has_ref(&once.schema), "{}", once.schema);
        prop_assert_eq!(once.schema == given, once.changes.is_empty(), "{:?} {}", once.changes, once.schema);
        let twice = for_tool(once.schema.clone(), dialect);
        prop_assert!(twice.changes.is_empty(), "{:?} {} {}", twice.changes, once.schema, twice.schema);
    }

    #[test]
    fn an_answer_is_wrapped_once(given in any_schema(), refs: bool) {
        let (root, _) = object_root(given);
        let dialect = Dialect { refs, only_basics: false, properties: false, look_around: true };
        prop_assert!(!for_tool(Value::Object(root.clone()), dialect).is_wrapped, "{root:?}");
    }

    #[test]
    fn any_schema_of_an_answer_is_closed(given in any_schema()) {
        let (mut root, _) = object_root(given);
        strict(&mut root);
        prop_assert!(!has_ref(&Value::Object(root.clone())), "{root:?}");
        let once = root.clone();
        prop_assert_eq!(strict(&mut root), Lost::default(), "{:?}", once);
        prop_assert_eq!(once, root);
    }
}
