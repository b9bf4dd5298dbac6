//! What is refused, in which words, and what vectors are like.

use super::*;
use crate::emulator::catalog::Catalog;
use serde_json::{Value, json};

fn invoke(model: &str, body: &Value) -> Result<Value, Refusal> {
    let catalog = Catalog::built_in().unwrap();
    let reply = invoke_model(body.to_string().as_bytes(), catalog.model(model).unwrap())?;
    Ok(serde_json::from_slice(&reply.bytes()).unwrap())
}

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-english-v3";
const NOVA: &str = "amazon.nova-2-multimodal-embeddings-v1:0";

/// Each model with a body, and a part of what is said of it.
fn refused(cases: &[(&str, Value, &str)]) {
    for (model, body, fragment) in cases {
        let refusal = invoke(model, body).unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_ref()), (400, "ValidationException"), "{body}");
        assert!(refusal.message.contains(fragment), "{}", refusal.message);
    }
}

#[test]
fn requests_to_titan_are_refused_in_bedrocks_words() {
    refused(&[
        (
            COHERE,
            json!({"inputText": "a"}),
            "#: required key [texts] not found#: required key [input_type] not found#: extraneous key [inputText] \
             is not permitted, please reformat your input and try again.",
        ),
        (TITAN, json!({"inputText": "a", "dimensions": 300}), "#/dimensions: 300 is not a valid enum value"),
        (TITAN, json!({"inputText": ""}), "#/inputText: expected minLength: 1, actual: 0"),
        (TITAN, json!({"inputText": ["a"]}), "#/inputText: expected type: String"),
        (TITAN, json!({"inputText": "a", "normalize": "no"}), "#/normalize"),
        (
            TITAN,
            json!({"inputText": "a ".repeat(8_193)}),
            "Max input tokens: 8192, request input token count: 8194",
        ),
        (TITAN, json!([]), "expected type: JSONObject"),
        (
            "amazon.titan-embed-text-v1",
            json!({"inputText": "a", "dimensions": 256}),
            "extraneous key [dimensions]",
        ),
        (
            "amazon.titan-embed-image-v1",
            json!({"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 7}}),
            "#/embeddingConfig/outputEmbeddingLength: 7 is not a valid enum value",
        ),
    ]);
}

#[test]
fn requests_to_others_are_refused_in_bedrocks_words() {
    let (many, long) = (vec!["a"; 97], "a".repeat(2_049));
    refused(&[
        (
            COHERE,
            json!({"texts": many, "input_type": "search_query"}),
            "#/texts: expected maximum item count: 96, found: 97",
        ),
        (
            COHERE,
            json!({"texts": ["a", long], "input_type": "search_query"}),
            "#/texts/1: expected maxLength: 2048, actual: 2049",
        ),
        (COHERE, json!({"texts": ["a"], "input_type": "query"}), "#/input_type"),
        (
            "cohere.embed-v4:0",
            json!({"texts": ["a"], "input_type": "search_query", "truncate": "END"}),
            "#/truncate",
        ),
        (
            NOVA,
            json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": 1}),
            "#/singleEmbeddingParams",
        ),
        ("twelvelabs.marengo-embed-2-7-v1:0", json!({"inputType": "video", "inputText": "a"}), "#/inputType"),
        (
            "twelvelabs.marengo-embed-3-0-v1:0",
            json!({"inputType": "text", "inputText": "a"}),
            "required key [text]",
        ),
        ("amazon.nova-lite-v1:0", json!({"messages": []}), "embedding models only"),
    ]);
    let catalog = Catalog::built_in().unwrap();
    assert!(invoke_model(b"{", catalog.model(TITAN).unwrap()).is_err());
}

#[test]
fn every_embedding_model_of_the_list_answers() {
    let catalog = Catalog::built_in().unwrap();
    let embedding = catalog.models.iter().filter(|model| model.output == ["EMBEDDING"]);
    for model in embedding {
        assert!(Shape::of(&model.id).is_some(), "{}", model.id);
    }
}

#[test]
fn texts_that_share_words_are_near_and_others_are_not() {
    let near = |one: &str, other: &str| -> f64 {
        let (one, other) = (vector(one, 256, true), vector(other, 256, true));
        one.iter().zip(&other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    assert!((near("Granite is a rock", "Granite is a rock") - 1.0).abs() < 1e-6);
    assert!(near("granite is a rock", "Basalt is a rock") > 0.6);
    assert!(near("granite is a rock", "whales sing below water").abs() < 0.3);
    // The same on every machine, and from version to version.
    assert_eq!(vector("basalt", 2, false), [-0.677_731_75, -0.635_094_64]);
    assert_eq!(vector("basalt", 3, false)[..2], vector("basalt", 2, false));
}

#[test]
fn vectors_are_as_long_as_asked_and_of_length_1_unless_refused() {
    let length = |vector: &Value| -> f64 {
        vector.as_array().unwrap().iter().map(|n| n.as_f64().unwrap().powi(2)).sum::<f64>().sqrt()
    };
    let titan = |more: Value| {
        let mut body = json!({"inputText": "two rocks"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        invoke(TITAN, &body).unwrap()
    };
    let plain = titan(json!({}));
    assert_eq!(
        (plain["embedding"].as_array().unwrap().len(), &plain["inputTextTokenCount"]),
        (1024, &json!(2))
    );
    assert!((length(&plain["embedding"]) - 1.0).abs() < 1e-5);
    let raw = titan(json!({"dimensions": 256, "normalize": false}));
    assert_eq!(raw["embedding"].as_array().unwrap().len(), 256);
    assert!(length(&raw["embedding"]) > 5.0);
    let cohere = json!({"texts": ["a", "b"], "input_type": "search_query"});
    assert_eq!(invoke(COHERE, &cohere).unwrap()["embeddings"].as_array().unwrap().len(), 2);
    let by_type = json!({"texts": ["a"], "input_type": "search_query", "embedding_types": ["float"]});
    assert_eq!(invoke(COHERE, &by_type).unwrap()["embeddings"]["float"].as_array().unwrap().len(), 1);
}

proptest::proptest! {
    #[test]
    fn any_body_is_answered_or_refused(
        key in proptest::sample::select(vec![
            "inputText", "texts", "input_type", "dimensions", "text", "singleEmbeddingParams", "embeddingConfig",
        ]),
        value in proptest::sample::select(vec![
            "1", "null", "\"a\"", "[\"a\", 1]", "{}", "{\"inputText\": \"a\"}", "{\"text\": {\"value\": 2}}", "-1e9",
        ]),
        rest in "[ -~]{0,20}",
    ) {
        let catalog = Catalog::built_in().unwrap();
        for model in &catalog.models {
            let body = format!("{{\"{key}\": {value}, \"inputType\": \"text\"}}");
            let _ = invoke_model(body.as_bytes(), model);
            let _ = invoke_model(rest.as_bytes(), model);
        }
    }
}
