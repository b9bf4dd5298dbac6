//! `outcrop converse`: a raw Converse request, sent as it is.
//!
//! Nothing is added, repaired or reordered; only `modelId`, which is no member of the body, is taken out.

use super::answer::{self, Ask, Showing};
use super::args::{Converse, Global};
use super::input;
use super::out::Out;
use super::report::Report;
use super::session::{Naming, Session};
use crate::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Origin;
use crate::stream::members;
use bytes::Bytes;
use std::path::Path;

pub(super) async fn run(env: &Env, global: &Global, args: &Converse, out: &Out) -> Result<(), Report> {
    let file = args.file.as_deref().filter(|path| *path != Path::new("-"));
    let bytes = match file {
        Some(path) => input::file(path),
        None => input::stdin().await,
    };
    let split = bytes.and_then(|bytes| split(bytes, file));
    let (model, body) = split.map_err(|error| Report::plain(&error))?;
    let mut session = Session::open(env, global, &args.call, model, Naming::AsTyped, out).await?;
    let showing = Showing { call: &args.call, thinking: false, interruptible: false, kept: false, out };
    answer::run(&mut session, Ask::Raw(body), showing).await.map(drop)
}

/// The model that the request names, and the body without it. A body without `modelId` is kept byte by byte.
fn split(bytes: Vec<u8>, file: Option<&Path>) -> Result<(Option<String>, Bytes)> {
    let refuse = |problem: String| {
        Error::Config(Box::new(ConfigProblem {
            origin: file
                .map_or(Origin::StandardInput, |path| Origin::File { path: path.to_owned(), line: None }),
            key: None,
            problem,
            hints: vec!["the request is one JSON object, like `{\"messages\":[...]}`".into()],
        }))
    };
    let list = members::read(&bytes).map_err(|error| refuse(format!("it is no JSON object ({error})")))?;
    let Some((_, model)) = list.iter().find(|(name, _)| name == "modelId") else {
        drop(list);
        return Ok((None, bytes.into()));
    };
    let model: String =
        serde_json::from_slice(model.get().as_bytes()).map_err(|_| refuse("`modelId` is no text".into()))?;
    let body = members::write(list.iter().filter(|(name, _)| name != "modelId"));
    Ok((Some(model), body.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_model_id_leaves_the_request() {
        let read = |text: &str| split(text.as_bytes().to_vec(), None);
        let (model, body) = read(r#" {"b" : 1.0, "modelId":"m:0" ,"a":[ 1e2 ]} "#).unwrap();
        assert_eq!((model.as_deref(), &*body), (Some("m:0"), &br#"{"b":1.0,"a":[ 1e2 ]}"#[..]));
        let (model, body) = read(" {\"messages\": []}\n").unwrap();
        assert_eq!((model, &*body), (None, &b" {\"messages\": []}\n"[..]));
        for bad in ["", "[]", "{", "{\"modelId\":1}", "{} x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
