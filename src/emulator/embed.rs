//! InvokeModel of embedding models: requests checked against each family's schema, and vectors made of words.
//!
//! The same text gives the same vector on every machine, and texts that share words have vectors that point in
//! similar directions; that is all that they mean. Shorter vectors are the beginnings of longer ones, as with the
//! real models. Other models than embedding models are refused here: their own JSON is not known.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>

mod schema;

use super::answer::Reply;
use super::catalog::Model;
use super::dice::Dice;
use super::refusal::Refusal;
use super::tokens;
use schema::{Asked, Shape};
use serde::Serialize;

/// Answers, one shape a family.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    #[serde(rename_all = "camelCase")]
    Titan {
        embedding: Vec<f32>,
        input_text_token_count: u64,
    },
    Cohere {
        embeddings: Lists,
        id: &'static str,
        response_type: &'static str,
        texts: &'a [&'a str],
    },
    Nova {
        embeddings: [NovaVector; 1],
    },
    Marengo {
        data: [MarengoVector; 1],
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Lists {
    Plain(Vec<Vec<f32>>),
    ByType { float: Vec<Vec<f32>> },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaVector {
    embedding_type: &'static str,
    embedding: Vec<f32>,
}

#[derive(Serialize)]
struct MarengoVector {
    embedding: Vec<f32>,
}

/// InvokeModel.
pub(super) fn invoke_model(body: &[u8], model: &Model) -> Result<Reply, Refusal> {
    let shape = Shape::of(&model.id)
        .ok_or_else(|| Refusal::validation("The emulator knows InvokeModel for embedding models only."))?;
    let body = schema::parse(body)?;
    let asked = shape.check(&body)?;
    let counts: Vec<u64> = asked.texts.iter().map(|text| tokens::count(text)).collect();
    let longest = counts.iter().copied().max().unwrap_or(0);
    // The others cut what is too long, as they are asked to or by default.
    if shape.refuses_long_texts() && longest > model.context_window {
        return Err(Refusal::validation(format!(
            "400 Bad Request: Too many input tokens. Max input tokens: {}, request input token count: {longest} ",
            model.context_window
        )));
    }
    let count = counts.iter().map(|tokens| (*tokens).min(model.context_window)).sum();
    let answer = serde_json::to_vec(&answer(shape, &asked, count)).map_err(|_| Refusal::internal())?;
    let mut reply = Reply::whole(200, "application/json", answer);
    if shape.counts_tokens() {
        reply.headers.push(("x-amzn-bedrock-input-token-count", count.to_string()));
    }
    Ok(reply)
}

fn answer<'a>(shape: Shape, asked: &'a Asked<'_>, tokens: u64) -> Answer<'a> {
    let vectors: Vec<Vec<f32>> =
        asked.texts.iter().map(|text| vector(text, asked.dimensions, asked.normalize)).collect();
    let first = |vectors: Vec<Vec<f32>>| vectors.into_iter().next().unwrap_or_default();
    match shape {
        Shape::TitanText | Shape::TitanTextV2 | Shape::TitanMultimodal => {
            Answer::Titan { embedding: first(vectors), input_text_token_count: tokens }
        }
        Shape::CohereV3 | Shape::CohereV4 => {
            let (embeddings, response_type) = if asked.by_type {
                (Lists::ByType { float: vectors }, "embeddings_by_type")
            } else {
                (Lists::Plain(vectors), "embeddings_floats")
            };
            Answer::Cohere { embeddings, id: "emulated", response_type, texts: &asked.texts }
        }
        Shape::Nova => {
            Answer::Nova { embeddings: [NovaVector { embedding_type: "TEXT", embedding: first(vectors) }] }
        }
        Shape::Marengo2 | Shape::Marengo3 => {
            Answer::Marengo { data: [MarengoVector { embedding: first(vectors) }] }
        }
    }
}

/// The sum of the vectors of a text's words.
fn vector(text: &str, dimensions: usize, normalize: bool) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dimensions];
    for word in tokens::pieces(text) {
        let mut dice = Dice::new(&word.trim().to_lowercase());
        for number in &mut sum {
            // 32 random bits as a number from -1 to 1.
            *number += f64::from((dice.roll() >> 32) as u32) / f64::from(u32::MAX) * 2.0 - 1.0;
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f64>().sqrt();
    let scale = if normalize && length > 0.0 { length } else { 1.0 };
    sum.into_iter().map(|number| (number / scale) as f32).collect()
}

#[cfg(test)]
mod tests;
