//! Media and documents: labels, models that do not read them, names.

use super::*;

fn content(blocks: Value) -> ConverseRequest {
    request(json!({"messages": [{"role": "user", "content": blocks}]}))
}

/// The first message's blocks after preparing.
fn sent(blocks: Value, facts: &ModelFacts) -> (Value, Vec<&'static str>) {
    let prepared = plain(content(blocks), facts);
    let rules = rules(&prepared).into_iter().filter(|rule| *rule != "output-limit").collect();
    (messages(&prepared)[0]["content"].clone(), rules)
}

fn base64(bytes: &[u8]) -> Value {
    serde_json::to_value(crate::converse::Blob::from(bytes.to_vec())).unwrap()
}

fn media(kind: &str, format: &str, bytes: &[u8]) -> Value {
    json!({kind: {"format": format, "source": {"bytes": base64(bytes)}}})
}

fn document(name: &str, format: Value, bytes: &[u8]) -> Value {
    json!({"document": {"name": name, "format": format, "source": {"bytes": base64(bytes)}}})
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0....";

#[test]
fn the_bytes_of_media_decide_their_format() {
    for (kind, label, bytes, expected) in [
        ("image", "png", PNG, "png"),
        ("image", "png", JPEG, "jpeg"),
        ("image", "image/jpg", JPEG, "jpeg"),
        ("image", "jpeg", b"GIF89a", "gif"),
        ("image", "PNG", b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        ("image", "image/png; charset=binary", b"?", "png"),
        ("video", "video/quicktime", b"?", "mov"),
        ("video", "video/x-matroska", b"?", "mkv"),
        ("video", "video/3gpp", b"?", "three_gp"),
        ("video", "mov", b"\0\0\0\x18ftypisom", "mp4"),
        ("video", "mp4", b"\0\0\0\x18ftypqt  ", "mov"),
        ("video", "mp4", b"\x1a\x45\xdf\xa3....webm", "webm"),
        ("video", "mpg", b"\0\0\x01\xba", "mpg"),
        ("audio", "audio/mpeg", b"?", "mpeg"),
        ("audio", "wav", b"?", "wav"),
    ] {
        let (blocks, rules) = sent(json!([{"text": "see"}, media(kind, label, bytes)]), &able());
        assert_eq!(blocks[1][kind]["format"], expected, "{kind} {label}");
        assert_eq!(rules, vec!["media-format"; usize::from(label != expected)], "{kind} {label}");
    }
}

#[test]
fn the_bytes_of_documents_decide_where_the_label_cannot_be_right() {
    let text = json!({"text": "see"});
    for (name, label, bytes, expected) in [
        ("report", json!("pdf"), &b"%PDF-1.7"[..], json!("pdf")),
        ("report", json!("docx"), b"%PDF-1.7", json!("pdf")),
        ("report", json!("pdf"), b"plain words\n", json!("txt")),
        ("report", json!("txt"), b"PK\x03\x04....word/document.xml", json!("docx")),
        ("report", json!(null), b"PK\x03\x04....xl/workbook.xml", json!("xlsx")),
        ("report", json!("xls"), b"\xd0\xcf\x11\xe0", json!("xls")),
        ("report", json!("application/pdf"), b"\x01", json!("pdf")),
        ("report", json!("text/markdown"), b"# a", json!("md")),
        ("report", json!("csv"), b"a,b", json!("csv")),
        ("report.csv", json!(null), b"a,b", json!("csv")),
        ("report", json!(null), b"a b", json!("txt")),
        ("report", json!(null), b"\0\x01", json!(null)),
    ] {
        let (blocks, rules) = sent(json!([text, document(name, label.clone(), bytes)]), &able());
        assert_eq!(
            blocks[1]["document"].get("format").unwrap_or(&Value::Null),
            &expected,
            "{label} {bytes:?}"
        );
        assert_eq!(rules.contains(&"media-format"), label != expected, "{label}");
    }
}

#[test]
fn media_in_s3_stay_as_they_are() {
    let place = json!({"s3Location": {"uri": "s3://bucket/a b.mov", "bucketOwner": "1"}});
    let blocks = json!([{"text": "see"}, {"video": {"format": "mp4", "source": place}},
        {"image": {"format": "png", "source": place}}, {"document": {"format": "pdf", "name": "a", "source": place}}]);
    assert_eq!(sent(blocks.clone(), &able()), (blocks, vec![]));
}

#[test]
fn media_that_a_model_does_not_read_are_named() {
    let facts = ModelFacts { input: vec![Medium::Text], ..of(Family::Llama) };
    let image = media("image", "png", PNG);
    let blocks = json!([{"text": "see"}, image, image, document("a", json!("pdf"), b"%PDF-"), media("video", "mp4", b"?"),
        media("audio", "wav", b"?")]);
    let (blocks, rules) = sent(blocks.clone(), &facts);
    assert_eq!(
        blocks,
        json!([
            {"text": "see"},
            {"text": "(image omitted: this model does not read images)"},
            {"text": "(document omitted: this model does not read documents)"},
            {"text": "(video omitted: this model does not read videos)"},
            {"text": "(sound omitted: this model does not hear)"},
        ])
    );
    assert_eq!(rules, ["media-support"; 5]);
    let unknown = ModelFacts { input: vec![Medium::Text], ..of(Family::Unknown) };
    assert_eq!(sent(json!([{"text": "see"}, image]), &unknown), (json!([{"text": "see"}, image]), vec![]));
}

fn answered(content: Value) -> ConverseRequest {
    with_tools(json!([user("look"), {"role": "assistant", "content": [call("a"), call("b")]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "a", "content": content}}, result("b"), {"text": "and?"}]}]))
}

#[test]
fn images_that_a_model_does_not_read_are_named_in_tool_results() {
    let facts = ModelFacts { input: vec![Medium::Text], ..of(Family::Llama) };
    let prepared = plain(answered(json!([media("image", "png", PNG), media("image", "png", PNG)])), &facts);
    assert_eq!(
        messages(&prepared)[2]["content"][0]["toolResult"]["content"],
        json!([{"text": "(image omitted: this model does not read images)"}])
    );
}

#[test]
fn images_stand_beside_tool_results_where_they_may_not_stand_inside() {
    let image = media("image", "png", PNG);
    let mut facts = of(Family::Gpt);
    facts.tools.images_in_results = false;
    let prepared = plain(answered(json!([{"text": "seen"}, image])), &facts);
    let label = "Images from tool result a";
    assert_eq!(
        messages(&prepared)[2]["content"],
        json!([
            {"toolResult": {"toolUseId": "a", "content": [{"text": "seen"}, {"text": format!("(see attached: \"{label}\")")}]}},
            result("b"), {"text": format!("{label}:")}, image, {"text": "and?"}])
    );
    assert!(rules(&prepared).contains(&"tool-result-images"));
    let inside = json!([{"text": "seen"}, image]);
    let prepared = plain(answered(inside.clone()), &able());
    assert_eq!(messages(&prepared)[2]["content"][0]["toolResult"]["content"], inside);
}

#[test]
fn the_newest_of_several_videos_is_sent() {
    let video = media("video", "mp4", b"?");
    let omitted = json!({"text": "(video omitted: a request holds one video)"});
    let (blocks, rules) = sent(json!([video, video, {"text": "see"}, video]), &able());
    assert_eq!((blocks, rules), (json!([omitted, omitted, {"text": "see"}, video]), vec!["one-video"; 2]));
    let mut request = answered(json!([video]));
    request.messages.push(serde_json::from_value(json!({"role": "user", "content": [video]})).unwrap());
    let prepared = plain(request, &able());
    assert_eq!(messages(&prepared)[2]["content"][0]["toolResult"]["content"], json!([omitted]));
}

#[test]
fn names_of_documents_become_plain_and_unique() {
    for (given, expected) in [
        (vec!["report"], vec!["report"]),
        (vec!["report.pdf"], vec!["report"]),
        (vec!["Ein Büchlein v1.2.docx"], vec!["Ein B-chlein v1-2"]),
        (vec!["a  b\tc_(1) [x]"], vec!["a b c_(1) [x]"]),
        (vec!["отчёт.pdf", "", "."], vec!["document-1", "document-2", "document-3"]),
        (vec!["a", "a", "a-2", "a"], vec!["a", "a-2", "a-2-2", "a-3"]),
    ] {
        let mut blocks = vec![json!({"text": "see"})];
        blocks.extend(given.iter().map(|name| document(name, json!("pdf"), b"%PDF-")));
        let (sent, rules) = sent(Value::from(blocks), &able());
        let names: Vec<&str> =
            (1..=given.len()).map(|at| sent[at]["document"]["name"].as_str().unwrap()).collect();
        assert_eq!((names, rules.is_empty()), (expected.clone(), given == expected), "{given:?}");
    }
    let long = "x".repeat(300);
    let (sent, _) = sent(
        json!([{"text": "see"}, document(&long, json!("pdf"), b"%PDF-"), document(&long, json!("pdf"), b"%PDF-")]),
        &able(),
    );
    let names = [1, 2].map(|at: usize| sent[at]["document"]["name"].as_str().unwrap().to_owned());
    assert!(names[0].len() == 200 && names[1].len() == 200 && names[0] != names[1], "{names:?}");
}

#[test]
fn a_document_alone_gets_a_text() {
    let paper = document("a", json!("pdf"), b"%PDF-");
    let (blocks, rules) = sent(json!([paper]), &able());
    assert_eq!(
        (blocks, rules),
        (json!([paper, {"text": "(see the attached document)"}]), vec!["document-text"])
    );
}

#[test]
fn a_file_of_no_format_that_the_service_takes_is_named() {
    let omitted = json!({"text": "(attachment omitted: it has no format that models read)"});
    for file in
        [media("image", "heic", b"?"), media("image", "pdf", b"%PDF-1.4"), media("video", "avi", b"?")]
    {
        let (blocks, rules) = sent(json!([{"text": "see"}, file]), &able());
        assert_eq!((blocks, rules), (json!([{"text": "see"}, omitted]), vec!["media-support"]), "{file}");
        let prepared = plain(answered(json!([file])), &able());
        assert_eq!(messages(&prepared)[2]["content"][0]["toolResult"]["content"], json!([omitted]), "{file}");
        let (blocks, _) = sent(json!([{"text": "see"}, file]), &of(Family::Unknown));
        assert_eq!(blocks[1], file, "the service is the judge of a model of which nothing is known");
    }
}
