//! JSON files that the user names: schemas and lists of tools, with the place of what is wrong in them.
//!
//! Only the shape is read here that decides about the request; what a schema says is the model's business.

use crate::cli::input;
use crate::config::excerpt;
use crate::converse::{Document, Tool, ToolInputSchema, ToolSpecification};
use crate::error::{ConfigProblem, ConfigSyntax, Error, Result};
use crate::origin::Origin;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::path::Path;

/// The longest name of a tool.
const LONGEST_NAME: usize = 64;

/// A JSON schema: an object.
pub(super) fn schema(path: &Path) -> Result<Document> {
    let text = text(path)?;
    let schema: Document =
        serde_json::from_slice(text.as_bytes()).map_err(|problem| syntax(path, &text, &problem))?;
    if schema.as_json().starts_with('{') {
        return Ok(schema);
    }
    let hint = "a schema is a JSON object, like `{\"type\":\"object\",\"properties\":{}}`";
    Err(refused(path, &text, 0, None, "a JSON schema must be an object", hint))
}

/// A list of tools: `[{"toolSpec": {...}}]`, or the specifications alone.
pub(super) fn tools(path: &Path) -> Result<Vec<Tool>> {
    let text = text(path)?;
    let list: Vec<&RawValue> =
        serde_json::from_slice(text.as_bytes()).map_err(|problem| syntax(path, &text, &problem))?;
    let mut names = HashSet::new();
    let mut tools = Vec::with_capacity(list.len());
    for (at, entry) in list.into_iter().enumerate() {
        let refuse = |place: &str, problem: &str| {
            let key = format!("[{at}]{place}");
            let hint = "a tool is `{\"toolSpec\":{\"name\":\"...\",\"description\":\"...\",\"inputSchema\":{\"json\":{}}}}`";
            refused(path, &text, offset_of(entry.get(), &text), Some(key), problem, hint)
        };
        let spec = specification(entry).map_err(|problem| refuse("", &problem))?;
        if let Some(problem) = name_problem(&spec.name) {
            return Err(refuse(".toolSpec.name", &problem));
        }
        if !names.insert(spec.name.clone()) {
            return Err(refuse(".toolSpec.name", &format!("two tools are called `{}`", spec.name)));
        }
        let is_object =
            matches!(&spec.input_schema, ToolInputSchema::Json(schema) if schema.as_json().starts_with('{'));
        if !is_object {
            return Err(refuse(".toolSpec.inputSchema", "it must be `{\"json\": {...}}` with a JSON schema"));
        }
        tools.push(Tool::ToolSpec(spec));
    }
    if tools.is_empty() {
        return Err(refused(path, &text, 0, None, "the list holds no tool", "leave `--tools` out"));
    }
    Ok(tools)
}

fn specification(entry: &RawValue) -> Result<ToolSpecification, String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wrapped<'a> {
        #[serde(borrow)]
        tool_spec: Option<&'a RawValue>,
    }
    let wrapped: Wrapped<'_> =
        serde_json::from_slice(entry.get().as_bytes()).map_err(|_| "a tool must be an object".to_owned())?;
    let spec = wrapped.tool_spec.unwrap_or(entry);
    serde_json::from_slice(spec.get().as_bytes()).map_err(|problem| {
        // Its place counts from the tool and not from the file.
        let said = problem.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        format!("it is no tool ({said})")
    })
}

fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a tool needs a name".to_owned());
    }
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    (!is_plain || name.len() > LONGEST_NAME).then(|| {
        let shown: String = name.chars().take(LONGEST_NAME).collect();
        format!("`{shown}` is no name: letters, digits, `_` and `-`, 64 at most")
    })
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(input::file(path)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        refused(path, &text, valid, None, "it is no UTF-8 text", "save it as UTF-8")
    })
}

fn syntax(path: &Path, text: &str, problem: &serde_json::Error) -> Error {
    let (line, column) = (problem.line().max(1), problem.column().max(1));
    // What serde says ends with the place, which is told apart from it.
    let said = problem.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    Error::ConfigSyntax(Box::new(ConfigSyntax {
        path: path.to_owned(),
        line,
        column,
        problem: format!("it is not the JSON that is expected here: {said}"),
        excerpt: excerpt(text, line, column),
    }))
}

fn refused(path: &Path, text: &str, offset: usize, key: Option<String>, problem: &str, hint: &str) -> Error {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Error::Config(Box::new(ConfigProblem {
        origin: Origin::File { path: path.to_owned(), line: Some(line) },
        key,
        problem: problem.to_owned(),
        hints: vec![hint.to_owned()],
    }))
}

/// Where a part of a text begins in it.
fn offset_of(part: &str, whole: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.json");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn tools_are_read_with_and_without_their_wrapper() {
        let text = br#"[{"toolSpec":{"name":"a","inputSchema":{"json":{"x":1.0}}}},
                        {"name":"b-2","description":"d","inputSchema":{"json":{}}}]"#;
        let (_folder, path) = file(text);
        let tools = tools(&path).unwrap();
        let written = serde_json::to_string(&tools).unwrap();
        assert_eq!(
            written,
            r#"[{"toolSpec":{"name":"a","inputSchema":{"json":{"x":1.0}}}},{"toolSpec":{"name":"b-2","description":"d","inputSchema":{"json":{}}}}]"#
        );
    }

    #[test]
    fn what_is_wrong_with_tools_is_told_with_its_place() {
        for (text, line, said) in [
            ("[\n {\"toolSpec\":{\"name\":\"a b\",\"inputSchema\":{\"json\":{}}}}]", 2, "`a b` is no name"),
            ("[{\"name\":\"\",\"inputSchema\":{\"json\":{}}}]", 1, "needs a name"),
            ("[{\"name\":\"a\",\n\"inputSchema\":{\"text\":\"\"}}]", 1, "`{\"json\": {...}}`"),
            ("[{\"name\":\"a\",\"inputSchema\":{\"json\":{}}},\n\n7]", 3, "must be an object"),
            (
                "[{\"name\":\"a\",\"inputSchema\":{\"json\":{}}},\n{\"name\":\"a\",\"inputSchema\":{\"json\":{}}}]",
                2,
                "two tools",
            ),
            ("[{\"name\":\"a\",\"inputSchema\":{\"json\":[]}}]", 1, "`{\"json\": {...}}`"),
            ("[{\"name\":[],\"inputSchema\":{\"json\":{}}}]", 1, "it is no tool"),
            ("[]", 1, "holds no tool"),
        ] {
            let (_folder, path) = file(text.as_bytes());
            let Error::Config(problem) = tools(&path).unwrap_err() else { panic!("{text}") };
            assert!(problem.problem.contains(said), "{text}: {}", problem.problem);
            let Origin::File { line: Some(found), .. } = problem.origin else { panic!("{text}") };
            assert_eq!(found, line, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_line_and_column() {
        for (text, line, column) in [("", 1, 1), ("{\"a\":\n  tru}", 2, 6), ("{}\n}", 2, 1), ("[1,]", 1, 4)] {
            let (_folder, path) = file(text.as_bytes());
            let Error::ConfigSyntax(syntax) = schema(&path).unwrap_err() else { panic!("{text}") };
            assert_eq!((syntax.line, syntax.column), (line, column), "{text}");
        }
        for text in [&b"[]"[..], b"7", b"\"\"", b"\xff"] {
            let (_folder, path) = file(text);
            assert!(matches!(schema(&path), Err(Error::Config(_))), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let (_folder, path) = file(&bytes);
            let _ = (schema(&path).is_ok(), tools(&path).is_ok());
        }
    }
}
