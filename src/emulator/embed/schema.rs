//! What embedding models take: each family's schema, and the words in which Bedrock names what breaks it.
//!
//! It is written down here once more, independently of the client, so that a mistake there is found.

use crate::emulator::refusal::Refusal;
use serde_json::{Map, Value, json};

/// How a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    TitanText,
    TitanTextV2,
    TitanMultimodal,
    CohereV3,
    CohereV4,
    Nova,
    Marengo2,
    Marengo3,
}

/// A request that was checked.
#[derive(Debug, PartialEq)]
pub(super) struct Asked<'a> {
    pub(super) texts: Vec<&'a str>,
    pub(super) dimensions: usize,
    pub(super) normalize: bool,
    /// Whether the answer has lists by type.
    pub(super) by_type: bool,
}

/// Reads a body as a JSON object.
pub(super) fn parse(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(malformed("#: expected type: JSONObject, found: other")),
        Err(problem) => Err(malformed(&problem.to_string())),
    }
}

fn malformed(what: &str) -> Refusal {
    Refusal::validation(format!("Malformed input request: {what}, please reformat your input and try again."))
}

/// What breaks the schema, all of it.
#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn keys(&mut self, at: &str, object: &Map<String, Value>, required: &[&str], optional: &[&str]) {
        let missing = required.iter().filter(|key| !object.contains_key(**key));
        self.0.extend(missing.map(|key| format!("{at}: required key [{key}] not found")));
        let known = |key: &str| required.contains(&key) || optional.contains(&key);
        let extra = object.keys().filter(|key| !known(key));
        self.0.extend(extra.map(|key| format!("{at}: extraneous key [{key}] is not permitted")));
    }

    /// The value, if it is absent or one of these.
    fn one_of(&mut self, at: &str, value: Option<&Value>, allowed: &[Value]) {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            self.0.push(format!("{at}: {value} is not a valid enum value"));
        }
    }

    fn object<'a>(&mut self, at: &str, value: Option<&'a Value>) -> Option<&'a Map<String, Value>> {
        let object = value?.as_object();
        if object.is_none() {
            self.0.push(format!("{at}: expected type: JSONObject, found: other"));
        }
        object
    }

    /// A text of 1 character at least, and so many at most.
    fn text<'a>(&mut self, at: &str, value: Option<&'a Value>, most: usize) -> Option<&'a str> {
        let Some(text) = value?.as_str() else {
            self.0.push(format!("{at}: expected type: String, found: other"));
            return None;
        };
        let length = text.chars().count();
        if length == 0 {
            self.0.push(format!("{at}: expected minLength: 1, actual: 0"));
        } else if length > most {
            self.0.push(format!("{at}: expected maxLength: {most}, actual: {length}"));
        }
        Some(text)
    }

    fn end(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed(&self.0.concat())) }
    }
}

/// No limit but that of tokens.
const ANY_LENGTH: usize = usize::MAX;

impl Shape {
    /// The shape of a model; `None` for models that embed nothing.
    pub(super) fn of(model_id: &str) -> Option<Self> {
        Some(match model_id {
            "amazon.titan-embed-text-v1" => Shape::TitanText,
            "amazon.titan-embed-text-v2:0" => Shape::TitanTextV2,
            "amazon.titan-embed-image-v1" => Shape::TitanMultimodal,
            "cohere.embed-english-v3" | "cohere.embed-multilingual-v3" => Shape::CohereV3,
            "cohere.embed-v4:0" => Shape::CohereV4,
            "amazon.nova-2-multimodal-embeddings-v1:0" => Shape::Nova,
            "twelvelabs.marengo-embed-2-7-v1:0" => Shape::Marengo2,
            "twelvelabs.marengo-embed-3-0-v1:0" => Shape::Marengo3,
            _ => return None,
        })
    }

    pub(super) fn refuses_long_texts(self) -> bool {
        matches!(self, Shape::TitanText | Shape::TitanTextV2 | Shape::TitanMultimodal)
    }

    /// Whether the head of the answer tells the tokens.
    pub(super) fn counts_tokens(self) -> bool {
        !matches!(self, Shape::Marengo2 | Shape::Marengo3)
    }

    /// Lengths of vectors to choose from, and the one without a choice.
    fn dimensions(self) -> (&'static [u64], u64) {
        match self {
            Shape::TitanText => (&[], 1536),
            Shape::TitanTextV2 => (&[256, 512, 1024], 1024),
            Shape::TitanMultimodal => (&[256, 384, 1024], 1024),
            Shape::CohereV3 | Shape::Marengo2 => (&[], 1024),
            Shape::CohereV4 => (&[256, 512, 1024, 1536], 1536),
            Shape::Nova => (&[256, 384, 1024, 3072], 3072),
            Shape::Marengo3 => (&[], 512),
        }
    }

    /// Checks a request.
    ///
    /// # Errors
    ///
    /// All that breaks the schema, in Bedrock's words.
    pub(super) fn check(self, body: &Map<String, Value>) -> Result<Asked<'_>, Refusal> {
        let mut violations = Violations::default();
        let (texts, dimensions) = match self {
            Shape::TitanText | Shape::TitanTextV2 | Shape::TitanMultimodal => {
                self.titan(body, &mut violations)
            }
            Shape::CohereV3 | Shape::CohereV4 => self.cohere(body, &mut violations),
            Shape::Nova => nova(body, &mut violations),
            Shape::Marengo2 | Shape::Marengo3 => (self.marengo(body, &mut violations), None),
        };
        let (allowed, default) = self.dimensions();
        let allowed: Vec<Value> = allowed.iter().map(|length| json!(length)).collect();
        if let Some((at, value)) = dimensions {
            violations.one_of(at, Some(value), &allowed);
        }
        violations.end()?;
        let length = dimensions.and_then(|(_, value)| value.as_u64()).unwrap_or(default);
        Ok(Asked {
            texts,
            dimensions: usize::try_from(length).unwrap_or(0),
            // The first Titan leaves its vectors as they are; the second does so when told.
            normalize: match self {
                Shape::TitanText => false,
                Shape::TitanTextV2 => body.get("normalize") != Some(&Value::Bool(false)),
                Shape::TitanMultimodal
                | Shape::CohereV3
                | Shape::CohereV4
                | Shape::Nova
                | Shape::Marengo2
                | Shape::Marengo3 => true,
            },
            by_type: body.contains_key("embedding_types"),
        })
    }

    fn titan<'a>(self, body: &'a Map<String, Value>, violations: &mut Violations) -> Found<'a> {
        let (optional, place): (&[&str], _) = match self {
            Shape::TitanTextV2 => (
                &["dimensions", "normalize", "embeddingTypes"],
                body.get("dimensions").map(|v| ("#/dimensions", v)),
            ),
            Shape::TitanMultimodal => {
                let config = violations.object("#/embeddingConfig", body.get("embeddingConfig"));
                let length = config.and_then(|config| config.get("outputEmbeddingLength"));
                (&["embeddingConfig"], length.map(|value| ("#/embeddingConfig/outputEmbeddingLength", value)))
            }
            Shape::TitanText
            | Shape::CohereV3
            | Shape::CohereV4
            | Shape::Nova
            | Shape::Marengo2
            | Shape::Marengo3 => (&[], None),
        };
        violations.keys("#", body, &["inputText"], optional);
        violations.one_of("#/normalize", body.get("normalize"), &[json!(true), json!(false)]);
        (violations.text("#/inputText", body.get("inputText"), ANY_LENGTH).into_iter().collect(), place)
    }

    fn cohere<'a>(self, body: &'a Map<String, Value>, violations: &mut Violations) -> Found<'a> {
        let is_v4 = self == Shape::CohereV4;
        let optional: &[&str] = if is_v4 {
            &["truncate", "embedding_types", "output_dimension", "max_tokens"]
        } else {
            &["truncate", "embedding_types"]
        };
        violations.keys("#", body, &["texts", "input_type"], optional);
        let kinds = ["search_document", "search_query", "classification", "clustering"].map(Value::from);
        violations.one_of("#/input_type", body.get("input_type"), &kinds);
        let sides = if is_v4 { ["NONE", "LEFT", "RIGHT"] } else { ["NONE", "START", "END"] };
        violations.one_of("#/truncate", body.get("truncate"), &sides.map(Value::from));
        // Bedrock has more types; the emulator makes this one.
        violations.one_of("#/embedding_types", body.get("embedding_types"), &[json!(["float"])]);
        let texts = body.get("texts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if texts.len() > 96 {
            violations.0.push(format!("#/texts: expected maximum item count: 96, found: {}", texts.len()));
        }
        let most = if is_v4 { ANY_LENGTH } else { 2_048 };
        let texts = texts.iter().enumerate();
        let texts =
            texts.filter_map(|(at, text)| violations.text(&format!("#/texts/{at}"), Some(text), most));
        let texts = texts.collect();
        (texts, body.get("output_dimension").map(|value| ("#/output_dimension", value)))
    }

    fn marengo<'a>(self, body: &'a Map<String, Value>, violations: &mut Violations) -> Vec<&'a str> {
        let text = if self == Shape::Marengo2 {
            violations.keys("#", body, &["inputType", "inputText"], &["textTruncate"]);
            violations.text("#/inputText", body.get("inputText"), ANY_LENGTH)
        } else {
            violations.keys("#", body, &["inputType", "text"], &[]);
            let holder = violations.object("#/text", body.get("text"));
            holder.and_then(|text| violations.text("#/text/inputText", text.get("inputText"), ANY_LENGTH))
        };
        violations.one_of("#/inputType", body.get("inputType"), &[json!("text")]);
        text.into_iter().collect()
    }
}

/// The texts, and where the length of vectors stands.
type Found<'a> = (Vec<&'a str>, Option<(&'static str, &'a Value)>);

fn nova<'a>(body: &'a Map<String, Value>, violations: &mut Violations) -> Found<'a> {
    violations.keys("#", body, &["taskType", "singleEmbeddingParams"], &["schemaVersion"]);
    violations.one_of("#/schemaVersion", body.get("schemaVersion"), &[json!("nova-multimodal-embed-v1")]);
    violations.one_of("#/taskType", body.get("taskType"), &[json!("SINGLE_EMBEDDING")]);
    let Some(params) = violations.object("#/singleEmbeddingParams", body.get("singleEmbeddingParams")) else {
        return (Vec::new(), None);
    };
    let at = "#/singleEmbeddingParams";
    violations.keys(at, params, &["embeddingPurpose", "text"], &["embeddingDimension"]);
    let purposes = ["GENERIC_INDEX", "GENERIC_RETRIEVAL", "TEXT_RETRIEVAL", "CLASSIFICATION", "CLUSTERING"]
        .map(Value::from);
    violations.one_of(&format!("{at}/embeddingPurpose"), params.get("embeddingPurpose"), &purposes);
    let text = violations.object(&format!("{at}/text"), params.get("text")).and_then(|text| {
        violations.keys(&format!("{at}/text"), text, &["truncationMode", "value"], &[]);
        let modes = ["START", "END", "NONE"].map(Value::from);
        violations.one_of(&format!("{at}/text/truncationMode"), text.get("truncationMode"), &modes);
        violations.text(&format!("{at}/text/value"), text.get("value"), ANY_LENGTH)
    });
    let length = params.get("embeddingDimension");
    (text.into_iter().collect(), length.map(|value| ("#/singleEmbeddingParams/embeddingDimension", value)))
}
