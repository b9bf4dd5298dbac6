//! The bodies of calls, one shape a family.
//!
//! Shapes: [Titan](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html),
//! [Cohere](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html),
//! [Nova](https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html),
//! [Marengo](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo.html).

use super::{EmbedOptions, EmbeddingFamily, EmbeddingKind};
use crate::error::{Error, Result};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Titan<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalize: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_config: Option<TitanConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanConfig {
    output_embedding_length: u32,
}

#[derive(Serialize)]
struct Cohere<'a> {
    texts: &'a [&'a str],
    input_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nova<'a> {
    schema_version: &'static str,
    task_type: &'static str,
    single_embedding_params: NovaParams<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaParams<'a> {
    embedding_purpose: &'static str,
    embedding_dimension: u32,
    text: NovaText<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaText<'a> {
    truncation_mode: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Marengo<'a> {
    input_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<MarengoText<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MarengoText<'a> {
    input_text: &'a str,
}

impl EmbeddingFamily {
    /// The body of a call for these texts.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the family cannot do what is asked, for no text, and for more texts than
    /// [one call takes](Self::texts_per_call).
    pub fn body(self, texts: &[&str], options: &EmbedOptions) -> Result<Vec<u8>> {
        self.check(options)?;
        let most = self.texts_per_call();
        let first = match texts {
            [first, ..] if texts.len() <= most => *first,
            [] => return Err(Error::InvalidRequest("there is no text to embed".into())),
            _ => {
                let count = texts.len();
                let problem = format!("one call of this model takes at most {most} texts, not {count}");
                return Err(Error::InvalidRequest(problem.into()));
            }
        };
        let written = match self {
            EmbeddingFamily::TitanText | EmbeddingFamily::TitanTextV2 | EmbeddingFamily::TitanMultimodal => {
                serde_json::to_vec(&self.titan(first, options))
            }
            EmbeddingFamily::CohereV3 | EmbeddingFamily::CohereV4 => {
                serde_json::to_vec(&self.cohere(texts, options))
            }
            EmbeddingFamily::Nova => serde_json::to_vec(&self.nova(first, options)),
            EmbeddingFamily::Marengo2 => {
                serde_json::to_vec(&Marengo { input_type: "text", input_text: Some(first), text: None })
            }
            EmbeddingFamily::Marengo3 => {
                let text = Some(MarengoText { input_text: first });
                serde_json::to_vec(&Marengo { input_type: "text", input_text: None, text })
            }
        };
        written.map_err(|problem| {
            Error::InvalidRequest(format!("the request cannot be written ({problem})").into())
        })
    }

    fn titan<'a>(self, text: &'a str, options: &EmbedOptions) -> Titan<'a> {
        let is_v2 = self == EmbeddingFamily::TitanTextV2;
        let length = options.dimensions.filter(|_| self == EmbeddingFamily::TitanMultimodal);
        Titan {
            input_text: text,
            dimensions: options.dimensions.filter(|_| is_v2),
            normalize: options.normalize.filter(|_| is_v2),
            embedding_config: length.map(|length| TitanConfig { output_embedding_length: length }),
        }
    }

    fn cohere<'a>(self, texts: &'a [&'a str], options: &EmbedOptions) -> Cohere<'a> {
        let is_v4 = self == EmbeddingFamily::CohereV4;
        Cohere {
            texts,
            input_type: match options.kind {
                EmbeddingKind::Document => "search_document",
                EmbeddingKind::Query => "search_query",
            },
            // Version 4 names the sides to cut differently, and takes 128,000 tokens: it is left to cut nothing.
            truncate: (!is_v4).then_some("END"),
            embedding_types: is_v4.then_some(["float"]),
            output_dimension: options.dimensions.filter(|_| is_v4),
        }
    }

    fn nova<'a>(self, text: &'a str, options: &EmbedOptions) -> Nova<'a> {
        Nova {
            schema_version: "nova-multimodal-embed-v1",
            task_type: "SINGLE_EMBEDDING",
            single_embedding_params: NovaParams {
                embedding_purpose: match options.kind {
                    EmbeddingKind::Document => "GENERIC_INDEX",
                    // Not `TEXT_RETRIEVAL`: what is searched may hold more than texts.
                    EmbeddingKind::Query => "GENERIC_RETRIEVAL",
                },
                embedding_dimension: options.dimensions.unwrap_or_else(|| self.default_dimensions()),
                text: NovaText { truncation_mode: "END", value: text },
            },
        }
    }
}
