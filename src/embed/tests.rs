//! Bodies as the models want them, answers in every shape that is known, and answers that are none.

use super::*;
use crate::error::ErrorKind;
use proptest::prelude::*;
use serde_json::{Value, json};

const FAMILIES: [EmbeddingFamily; 8] = [
    EmbeddingFamily::TitanText,
    EmbeddingFamily::TitanTextV2,
    EmbeddingFamily::TitanMultimodal,
    EmbeddingFamily::CohereV3,
    EmbeddingFamily::CohereV4,
    EmbeddingFamily::Nova,
    EmbeddingFamily::Marengo2,
    EmbeddingFamily::Marengo3,
];

fn body(family: EmbeddingFamily, texts: &[&str], options: &EmbedOptions) -> Value {
    serde_json::from_slice(&family.body(texts, options).unwrap()).unwrap()
}

#[test]
fn a_family_is_told_by_every_form_of_id() {
    for (id, family) in [
        ("amazon.titan-embed-text-v1", Some(EmbeddingFamily::TitanText)),
        ("amazon.titan-embed-text-v1:2:8k", Some(EmbeddingFamily::TitanText)),
        ("amazon.titan-embed-g1-text-02", Some(EmbeddingFamily::TitanText)),
        ("amazon.titan-embed-text-v2:0", Some(EmbeddingFamily::TitanTextV2)),
        ("amazon-bedrock/amazon.titan-embed-text-v2:0:8k", Some(EmbeddingFamily::TitanTextV2)),
        ("amazon.titan-embed-image-v1", Some(EmbeddingFamily::TitanMultimodal)),
        ("cohere.embed-english-v3", Some(EmbeddingFamily::CohereV3)),
        ("cohere.embed-multilingual-v3", Some(EmbeddingFamily::CohereV3)),
        ("us.cohere.embed-v4:0", Some(EmbeddingFamily::CohereV4)),
        ("global.cohere.embed-v4:0", Some(EmbeddingFamily::CohereV4)),
        ("amazon.nova-2-multimodal-embeddings-v1:0", Some(EmbeddingFamily::Nova)),
        ("eu.twelvelabs.marengo-embed-2-7-v1:0", Some(EmbeddingFamily::Marengo2)),
        ("twelvelabs.marengo-embed-3-0-v1:0", Some(EmbeddingFamily::Marengo3)),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-english-v3",
            Some(EmbeddingFamily::CohereV3),
        ),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.cohere.embed-v4:0",
            Some(EmbeddingFamily::CohereV4),
        ),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", None),
        ("amazon.nova-lite-v1:0", None),
        ("anthropic.claude-sonnet-4-20250514-v1:0", None),
        ("titan", None),
        ("", None),
    ] {
        assert_eq!(EmbeddingFamily::of(id), family, "{id}");
    }
}

#[test]
fn every_family_is_asked_in_its_own_words() {
    let plain = EmbedOptions::default();
    let query = EmbedOptions { kind: EmbeddingKind::Query, dimensions: Some(256), normalize: Some(false) };
    let fixed = EmbedOptions { dimensions: None, ..query };
    for (family, options, expected) in [
        (EmbeddingFamily::TitanText, fixed, json!({"inputText": "a"})),
        (EmbeddingFamily::TitanTextV2, plain, json!({"inputText": "a"})),
        (
            EmbeddingFamily::TitanTextV2,
            query,
            json!({"inputText": "a", "dimensions": 256, "normalize": false}),
        ),
        (EmbeddingFamily::TitanMultimodal, plain, json!({"inputText": "a"})),
        (
            EmbeddingFamily::TitanMultimodal,
            query,
            json!({"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 256}}),
        ),
        (
            EmbeddingFamily::CohereV3,
            plain,
            json!({"texts": ["a"], "input_type": "search_document", "truncate": "END"}),
        ),
        (
            EmbeddingFamily::CohereV4,
            query,
            json!({"texts": ["a"], "input_type": "search_query", "embedding_types": ["float"], "output_dimension": 256}),
        ),
        (
            EmbeddingFamily::Nova,
            plain,
            json!({"schemaVersion": "nova-multimodal-embed-v1", "taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 1024,
                "text": {"truncationMode": "END", "value": "a"}}}),
        ),
        (EmbeddingFamily::Marengo2, fixed, json!({"inputType": "text", "inputText": "a"})),
        (EmbeddingFamily::Marengo3, fixed, json!({"inputType": "text", "text": {"inputText": "a"}})),
    ] {
        assert_eq!(body(family, &["a"], &options), expected, "{family:?}");
    }
    let nova = body(EmbeddingFamily::Nova, &["a"], &query);
    assert_eq!(nova["singleEmbeddingParams"]["embeddingPurpose"], "GENERIC_RETRIEVAL");
    assert_eq!(nova["singleEmbeddingParams"]["embeddingDimension"], 256);
}

#[test]
fn what_a_family_cannot_do_is_refused_before_it_is_sent() {
    let options = |dimensions| EmbedOptions { dimensions: Some(dimensions), ..EmbedOptions::default() };
    for (family, texts, dimensions, problem) in [
        (
            EmbeddingFamily::TitanTextV2,
            1,
            300,
            "the model makes vectors of 256, 512 or 1024 dimensions, not of 300",
        ),
        (EmbeddingFamily::TitanText, 1, 256, "the model makes vectors of 1536 dimensions, not of 256"),
        (EmbeddingFamily::TitanText, 2, 1536, "one call of this model takes at most 1 texts, not 2"),
        (EmbeddingFamily::CohereV3, 97, 1024, "one call of this model takes at most 96 texts, not 97"),
        (EmbeddingFamily::CohereV4, 0, 1536, "there is no text to embed"),
    ] {
        let error = family.body(&vec!["a"; texts], &options(dimensions)).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidRequest, problem.to_owned()));
    }
    for family in FAMILIES {
        for dimensions in family.dimensions().iter().chain([&family.default_dimensions()]) {
            assert!(family.check(&options(*dimensions)).is_ok(), "{family:?} {dimensions}");
        }
    }
}

#[test]
fn every_known_shape_of_answer_is_read() {
    let two = [vec![0.5, -1.0], vec![0.25, 2.0]];
    for (family, answer, vectors, tokens) in [
        (EmbeddingFamily::TitanText, r#"{"embedding":[0.5,-1],"inputTextTokenCount":3}"#, 1, Some(3)),
        (
            EmbeddingFamily::TitanTextV2,
            r#"{"embedding":[0.5,-1.0],"embeddingsByType":{"float":[9]},"inputTextTokenCount":0}"#,
            1,
            Some(0),
        ),
        (EmbeddingFamily::TitanTextV2, r#"{"embeddingsByType":{"binary":[1],"float":[0.5,-1]}}"#, 1, None),
        (EmbeddingFamily::TitanMultimodal, r#"{"embedding":[5e-1,-1e0],"message":null}"#, 1, None),
        (
            EmbeddingFamily::CohereV3,
            r#"{"embeddings":[[0.5,-1],[0.25,2]],"id":"x","response_type":"embeddings_floats"}"#,
            2,
            None,
        ),
        (EmbeddingFamily::CohereV3, r#"{"embeddings":{"float":[[0.5,-1],[0.25,2]]}}"#, 2, None),
        (
            EmbeddingFamily::CohereV4,
            r#"{"embeddings": {"int8":[[1,2]],"float":[[0.5,-1],[0.25,2]]}}"#,
            2,
            None,
        ),
        (EmbeddingFamily::CohereV4, r#"{"embeddings": [[0.5,-1],[0.25,2]]}"#, 2, None),
        (
            EmbeddingFamily::Nova,
            r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.5,-1]}],"inputTokenCount":4}"#,
            1,
            Some(4),
        ),
        (EmbeddingFamily::Marengo2, r#"{"data":[{"embedding":[0.5,-1]}]}"#, 1, None),
        (EmbeddingFamily::Marengo2, r#"{"embedding":[0.5,-1]}"#, 1, None),
        (EmbeddingFamily::Marengo3, r#"{"data":{"embedding":[0.5,-1]}}"#, 1, None),
    ] {
        let read = family.read(answer.as_bytes(), vectors).unwrap();
        assert_eq!((&read.vectors[..], read.input_tokens), (&two[..vectors], tokens), "{answer}");
    }
}

#[test]
fn other_answers_are_refused() {
    for (family, answer, problem) in [
        (EmbeddingFamily::TitanText, "{}", "expected 1 vectors, got 0"),
        (EmbeddingFamily::TitanText, r#"{"embedding":[]}"#, "no numbers"),
        (EmbeddingFamily::TitanText, r#"{"embedding":[1e39]}"#, "number out of range"),
        (EmbeddingFamily::TitanText, r#"{"embedding":[1e999]}"#, "no answer of an embedding model"),
        (EmbeddingFamily::TitanText, r#"{"embedding":["1"]}"#, "no answer of an embedding model"),
        (EmbeddingFamily::TitanText, r#"{"embedding":[null]}"#, "no answer of an embedding model"),
        (EmbeddingFamily::CohereV3, r#"{"embeddings":[[1],[2]]}"#, "expected 1 vectors, got 2"),
        (EmbeddingFamily::CohereV4, r#"{"embeddings":{"int8":[[1]]}}"#, "missing field `float`"),
        (EmbeddingFamily::CohereV4, "{}", "expected 1 vectors, got 0"),
        (EmbeddingFamily::Nova, "[]", "no answer of an embedding model"),
        (EmbeddingFamily::Nova, r#"{"embeddings":[[1]]}"#, "no answer of an embedding model"),
        (EmbeddingFamily::Marengo3, r#"{"data":[]}"#, "expected 1 vectors, got 0"),
        (EmbeddingFamily::Marengo3, "", "no answer of an embedding model"),
    ] {
        let error = family.read(answer.as_bytes(), 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{answer}");
        assert!(error.to_string().contains(problem), "{answer}: {error}");
    }
}

#[test]
fn vectors_are_scaled_to_length_1_and_zeros_stay() {
    let scaled = |vector: &[f32]| {
        let mut embedding = Embedding { vector: vector.to_vec(), input_tokens: None };
        embedding.normalize();
        embedding.vector
    };
    assert_eq!(scaled(&[3.0, -4.0]), [0.6, -0.8]);
    assert_eq!(scaled(&[0.0, 0.0]), [0.0, 0.0]);
    // Squares of these do not fit 32 bits.
    assert_eq!(scaled(&[f32::MAX, 0.0]), [1.0, 0.0]);
    assert_eq!(scaled(&[1e-30, 0.0]), [1.0, 0.0]);
}

/// Pieces of answers, so that random bytes come near to real ones.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"embedding\":"),
        Just("\"embeddings\":"),
        Just("\"embeddingsByType\":"),
        Just("\"float\":"),
        Just("\"data\":"),
        Just("\"inputTextTokenCount\":"),
        Just("1"),
        Just("-0.5e-3"),
        Just("1e39"),
        Just("null"),
        Just("\"x"),
        Just("\u{e9}"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop_oneof![nearly_json(), proptest::collection::vec(any::<u8>(), 0..64)],
        texts in 0_usize..4,
    ) {
        for family in FAMILIES {
            if let Ok(answer) = family.read(&bytes, texts) {
                prop_assert_eq!(answer.vectors.len(), texts);
                prop_assert!(answer.vectors.iter().flatten().all(|number| number.is_finite()));
            }
        }
    }

    #[test]
    fn numbers_come_back_bit_for_bit(
        numbers in proptest::collection::vec(any::<f32>().prop_filter("finite", |n| n.is_finite()), 1..20),
    ) {
        let written = serde_json::to_string(&numbers).unwrap();
        let answer = format!(r#"{{"embedding":{written}}}"#);
        let read = EmbeddingFamily::TitanText.read(answer.as_bytes(), 1).unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read.vectors[0]), bits(&numbers));
        prop_assert_eq!(serde_json::to_string(&read.vectors[0]).unwrap(), written);
    }
}
