//! Reads the answers of embedding models: vectors, and tokens where the answer tells them.
//!
//! Every shape that a family is known to answer in is read, whatever the request asked for. Members that are not
//! known are passed over. A vector is checked: it has numbers, and all of them are finite.

use super::EmbeddingFamily;
use crate::error::{Error, Result, UnexpectedAnswer};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a model answered to one call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmbeddingAnswer {
    /// A vector for each text, in the order of the texts.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts together, if the body tells.
    pub input_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Titan {
    embedding: Option<Vec<f32>>,
    embeddings_by_type: Option<OneByType>,
    input_text_token_count: Option<u64>,
}

#[derive(Deserialize)]
struct OneByType {
    float: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Cohere<'a> {
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ManyByType {
    float: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Nova {
    embeddings: Vec<Holder>,
    input_token_count: Option<u64>,
}

#[derive(Deserialize)]
struct Marengo<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    embedding: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Holder {
    embedding: Vec<f32>,
}

impl EmbeddingFamily {
    /// Reads the answer to a call of so many texts.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] for another shape, for more or fewer vectors than texts, for vectors without
    /// numbers, and for numbers too large for 32 bits.
    pub fn read(self, answer: &[u8], texts: usize) -> Result<EmbeddingAnswer> {
        let answer = self
            .shape(answer)
            .map_err(|problem| unexpected(format!("no answer of an embedding model ({problem})")))?;
        let found = answer.vectors.len();
        if found != texts {
            return Err(unexpected(format!("expected {texts} vectors, got {found}")));
        }
        if answer.vectors.iter().any(Vec::is_empty) {
            return Err(unexpected("a vector has no numbers".to_owned()));
        }
        Ok(answer)
    }

    fn shape(self, answer: &[u8]) -> serde_json::Result<EmbeddingAnswer> {
        Ok(match self {
            EmbeddingFamily::TitanText | EmbeddingFamily::TitanTextV2 | EmbeddingFamily::TitanMultimodal => {
                let titan: Titan = serde_json::from_slice(answer)?;
                let by_type = titan.embeddings_by_type.and_then(|vectors| vectors.float);
                EmbeddingAnswer {
                    vectors: titan.embedding.or(by_type).into_iter().collect(),
                    input_tokens: titan.input_text_token_count,
                }
            }
            EmbeddingFamily::CohereV3 | EmbeddingFamily::CohereV4 => {
                let cohere: Cohere<'_> = serde_json::from_slice(answer)?;
                // A list, or, when types were asked for, an object of lists by type.
                let vectors = match cohere.embeddings.map(RawValue::get) {
                    Some(list) if list.starts_with('[') => serde_json::from_slice(list.as_bytes())?,
                    Some(object) => serde_json::from_slice::<ManyByType>(object.as_bytes())?.float,
                    None => Vec::new(),
                };
                EmbeddingAnswer { vectors, input_tokens: None }
            }
            EmbeddingFamily::Nova => {
                let nova: Nova = serde_json::from_slice(answer)?;
                EmbeddingAnswer {
                    vectors: nova.embeddings.into_iter().map(|holder| holder.embedding).collect(),
                    input_tokens: nova.input_token_count,
                }
            }
            EmbeddingFamily::Marengo2 | EmbeddingFamily::Marengo3 => {
                let marengo: Marengo<'_> = serde_json::from_slice(answer)?;
                let holders: Vec<Holder> = match marengo.data.map(RawValue::get) {
                    Some(list) if list.starts_with('[') => serde_json::from_slice(list.as_bytes())?,
                    Some(object) => vec![serde_json::from_slice(object.as_bytes())?],
                    None => Vec::new(),
                };
                let vectors = holders.into_iter().map(|holder| holder.embedding).chain(marengo.embedding);
                EmbeddingAnswer { vectors: vectors.collect(), input_tokens: None }
            }
        })
    }
}

fn unexpected(problem: String) -> Error {
    Error::UnexpectedAnswer(Box::new(UnexpectedAnswer {
        status: 200,
        content_type: Some("application/json".to_owned()),
        problem,
        request_id: None,
    }))
}
