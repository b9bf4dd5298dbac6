//! Streams and the answers they must become.

mod events;

use super::super::tests::strategies;
use super::Fold;
use crate::converse::{ContentBlock, ConverseResponse, ToolInputProblem};
use crate::stream::StreamDecoder;
use events::{content, event, members, stream_of, streamed_block};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

fn fold<'a>(events: impl IntoIterator<Item = &'a str>) -> ConverseResponse {
    let mut fold = Fold::new();
    for json in events {
        fold.push(&event(json));
    }
    fold.finish()
}

/// Folds events in short form, one a line: `0 {"text":"a"}` is a delta, `0 start {...}` a start, `0 stop` a
/// stop.
fn fold_short(short: &str) -> ConverseResponse {
    let events: Vec<String> = short
        .lines()
        .map(|line| match line.trim().split_once(' ').unwrap() {
            (index, "stop") => format!(r#"{{"contentBlockStop":{{"contentBlockIndex":{index}}}}}"#),
            (index, rest) => {
                let (kind, member, json) = match rest.strip_prefix("start ") {
                    Some(json) => ("contentBlockStart", "start", json),
                    None => ("contentBlockDelta", "delta", rest),
                };
                format!(r#"{{"{kind}":{{"contentBlockIndex":{index},"{member}":{json}}}}}"#)
            }
        })
        .collect();
    fold(events.iter().map(String::as_str))
}

fn parsed_events(jsonl: &str) -> Vec<&str> {
    jsonl.lines().filter_map(|line| members(line).get("parsed").map(|raw| raw.get())).collect()
}

/// Converse gives what a model thinks in blocks of its own. Tags in the text are the answer's: somebody asked for them.
#[test]
fn tags_in_the_text_stay_in_the_text_wherever_a_stream_cuts_them() {
    let text = "<reasoning>Hm.</reasoning>\n<answer>Granite.</answer>";
    for (at, _) in text.char_indices() {
        let (begin, end) = text.split_at(at);
        let answer = fold_short(&format!(
            "0 {{\"reasoningContent\":{{\"text\":\"Why?\"}}}}\n0 stop\n1 {}\n1 {}\n1 stop",
            json!({ "text": begin }),
            json!({ "text": end }),
        ));
        let content = json!([{"reasoningContent": {"reasoningText": {"text": "Why?"}}}, {"text": text}]);
        assert_eq!(serde_json::to_value(&answer.message().unwrap().content).unwrap(), content, "{at}");
    }
}

#[test]
fn recorded_streams_become_what_converse_would_have_answered() {
    for (jsonl, answer) in [
        (
            include_str!("../../../fixtures/frames/07-stream-text.jsonl"),
            json!({
                "output": {"message": {
                    "role": "assistant", "content": [{"text": "Basalt, granite, obsidian."}],
                }},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 11, "outputTokens": 6, "totalTokens": 17},
                "metrics": {"latencyMs": 321},
            }),
        ),
        (
            include_str!("../../../fixtures/frames/08-stream-tool.jsonl"),
            json!({
                "output": {"message": {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {
                        "text": "The user wants weather.", "signature": "c2lnbmF0dXJl",
                    }}},
                    {"text": "Let me look."},
                    {"toolUse": {
                        "toolUseId": "tooluse_Xy-1", "name": "get_weather",
                        "input": {"city": "Zürich", "days": 2},
                    }},
                ]}},
                "stopReason": "tool_use",
                "usage": {"inputTokens": 11, "outputTokens": 3, "totalTokens": 14},
                "metrics": {"latencyMs": 321},
            }),
        ),
        (
            include_str!("../../../fixtures/frames/09-stream-exception.jsonl"),
            json!({"output": {"message": {"role": "assistant", "content": [{"text": "Half an answ"}]}}}),
        ),
    ] {
        assert_eq!(serde_json::to_value(fold(parsed_events(jsonl))).unwrap(), answer);
    }
}

#[test]
fn frames_become_the_same_answer_through_the_decoder() {
    for (frames, jsonl) in [
        (
            include_str!("../../../fixtures/frames/07-stream-text.frames.hex"),
            include_str!("../../../fixtures/frames/07-stream-text.jsonl"),
        ),
        (
            include_str!("../../../fixtures/frames/08-stream-tool.frames.hex"),
            include_str!("../../../fixtures/frames/08-stream-tool.jsonl"),
        ),
    ] {
        let digits: Vec<u8> = frames.bytes().filter(u8::is_ascii_hexdigit).collect();
        let bytes = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let (mut decoder, mut decoded) = (StreamDecoder::new(), Fold::new());
        decoder.push(bytes);
        while let Some(event) = decoder.next().unwrap() {
            decoded.push(&event);
        }
        assert_eq!(decoded.finish(), fold(parsed_events(jsonl)));
    }
}

#[test]
fn what_stands_around_the_message_is_taken_over() {
    let response = fold([
        r#"{"messageStart":{"role":"narrator"}}"#,
        r#"{"weather":{"sunny":true}}"#,
        r#"{"messageStop":{"stopReason":"tired","additionalModelResponseFields":{"z": 1.0, "a": null}}}"#,
        r#"{"metadata":{
            "usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,
                     "cacheDetails":[{"ttl":"1h","inputTokens":4}]},
            "metrics":{"latencyMs":5},"trace":{"promptRouter":{"invokedModelId":"m"}},
            "performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}}"#,
    ]);
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        concat!(
            r#"{"output":{"message":{"role":"narrator","content":[]}},"stopReason":"tired","#,
            r#""usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"#,
            r#""cacheDetails":[{"ttl":"1h","inputTokens":4}]},"#,
            r#""metrics":{"latencyMs":5},"additionalModelResponseFields":{"z": 1.0, "a": null},"#,
            r#""trace":{"promptRouter":{"invokedModelId":"m"}},"performanceConfig":{"latency":"optimized"},"#,
            r#""serviceTier":{"type":"flex"}}"#,
        )
    );
}

#[test]
fn debug_shows_how_much_came_and_not_what() {
    let mut fold = Fold::new();
    fold.push(&event(r#"{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"SECRET"}}}"#));
    assert_eq!(format!("{fold:?}"), "Fold { blocks: 1, stop_reason: None, .. }");
}

#[test]
fn an_empty_stream_is_an_empty_answer() {
    let answer = r#"{"output":{"message":{"role":"assistant","content":[]}}}"#;
    assert_eq!(serde_json::to_string(&Fold::new().finish()).unwrap(), answer);
}

/// What is told, its events in the form of [`fold_short`], and the blocks that they become, wrapped.
const BLOCKS: [(&str, &str, &str); 26] = [
    (
        "text without a start",
        r#"0 {"text":" a\n"}
           0 {"text":""}
           0 {"text":"b "}
           0 stop"#,
        r#"[{"text":" a\nb "}]"#,
    ),
    (
        "an empty text",
        r#"0 {"text":""}
           0 stop"#,
        r#"[{"text":""}]"#,
    ),
    ("a stop alone", r#"0 stop"#, r#"[]"#),
    (
        "gaps and another order of indexes",
        r#"7 {"text":"c"}
           2 {"text":"a"}
           7 {"text":"d"}
           2 {"text":"b"}"#,
        r#"[{"text":"ab"},{"text":"cd"}]"#,
    ),
    (
        "text after reasoning under one index",
        r#"0 {"reasoningContent":{"text":"r"}}
           0 {"text":"a"}
           0 {"text":"b"}"#,
        r#"[{"reasoningContent":{"reasoningText":{"text":"r"}}},{"text":"ab"}]"#,
    ),
    (
        "a signature after text under one index",
        r#"0 {"reasoningContent":{"text":"r"}}
           0 {"text":"a"}
           0 {"reasoningContent":{"signature":"s"}}"#,
        r#"[{"reasoningContent":{"reasoningText":{"text":"r","signature":"s"}}},
           {"text":"a"}]"#,
    ),
    (
        "a delta after the stop",
        r#"0 {"text":"a"}
           0 stop
           0 {"text":"b"}"#,
        r#"[{"text":"a"},{"text":"b"}]"#,
    ),
    (
        "reasoning and signature, to the byte",
        r#"0 {"reasoningContent":{"text":" r\r\n"}}
           0 {"reasoningContent":{"text":"\t"}}
           0 {"reasoningContent":{"signature":" s"}}
           0 {"reasoningContent":{"signature":"t\n"}}
           0 stop"#,
        r#"[{"reasoningContent":{"reasoningText":{"text":" r\r\n\t","signature":" st\n"}}}]"#,
    ),
    (
        "a signature alone",
        r#"0 {"reasoningContent":{"signature":"s"}}"#,
        r#"[{"reasoningContent":{"reasoningText":{"text":"","signature":"s"}}}]"#,
    ),
    (
        "an empty signature",
        r#"0 {"reasoningContent":{"signature":""}}"#,
        r#"[{"reasoningContent":{"reasoningText":{"text":"","signature":""}}}]"#,
    ),
    (
        "redacted bytes in pieces",
        r#"0 {"reasoningContent":{"redactedContent":"AA=="}}
           0 {"reasoningContent":{"redactedContent":"Af7/"}}"#,
        r#"[{"reasoningContent":{"redactedContent":"AAH+/w=="}}]"#,
    ),
    (
        "tool input in pieces",
        r#"0 start {"toolUse":{"toolUseId":"1","name":"t"}}
           0 {"toolUse":{"input":""}}
           0 {"toolUse":{"input":"{\"n\": 1"}}
           0 {"toolUse":{"input":".0, \"a\": \"\\u00"}}
           0 {"toolUse":{"input":"fc\"}"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"1","name":"t","input":{"n": 1.0, "a": "\u00fc"}}}]"#,
    ),
    (
        "a tool call without input",
        r#"0 start {"toolUse":{"toolUseId":"1","name":"t"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"1","name":"t","input":{}}}]"#,
    ),
    (
        "a blank tool input",
        r#"0 start {"toolUse":{"toolUseId":"1","name":"t"}}
           0 {"toolUse":{"input":" \n"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"1","name":"t","input":{}}}]"#,
    ),
    (
        "a tool of the server",
        r#"0 start {"toolUse":{"toolUseId":"1","name":"t","type":"server_tool_use"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"1","name":"t","input":{},"type":"server_tool_use"}}]"#,
    ),
    (
        "two tool calls under one index",
        r#"0 start {"toolUse":{"toolUseId":"1","name":"t"}}
           0 {"toolUse":{"input":"1"}}
           0 start {"toolUse":{"toolUseId":"2","name":"u"}}
           0 {"toolUse":{"input":"2"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"1","name":"t","input":1}},{"toolUse":{"toolUseId":"2",
           "name":"u","input":2}}]"#,
    ),
    (
        "tool input without a start",
        r#"0 {"toolUse":{"input":"{}"}}
           0 stop"#,
        r#"[{"toolUse":{"toolUseId":"","name":"","input":{}}}]"#,
    ),
    (
        "a tool result in pieces",
        r#"0 start {"toolResult":{"toolUseId":"1","type":"web","status":"success"}}
           0 {"toolResult":[{"text":"a"},{"json":{"n":1.0}}]}
           0 {"toolResult":[{"poem":[]}]}
           0 stop"#,
        r#"[{"toolResult":{"toolUseId":"1","content":[{"text":"a"},{"json":{"n":1.0}},
           {"poem":[]}],"status":"success","type":"web"}}]"#,
    ),
    (
        "an image in pieces",
        r#"0 start {"image":{"format":"png"}}
           0 {"image":{"source":{"bytes":"AA=="}}}
           0 {"image":{"source":{"bytes":"Af7/"}}}
           0 stop"#,
        r#"[{"image":{"format":"png","source":{"bytes":"AAH+/w=="}}}]"#,
    ),
    (
        "an image in S3",
        r#"0 start {"image":{"format":"png"}}
           0 {"image":{"source":{"s3Location":{"uri":"s3://b/k"}}}}
           0 stop"#,
        r#"[{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}}]"#,
    ),
    (
        "an image that failed",
        r#"0 start {"image":{"format":"png"}}
           0 {"image":{"error":{"message":"no"}}}
           0 {"image":{}}
           0 stop"#,
        r#"[{"image":{"format":"png","source":{"bytes":""},"error":{"message":"no"}}}]"#,
    ),
    (
        "citations among text",
        r#"0 {"citation":{"title":"T"}}
           0 {"text":"a"}
           0 {"citation":{"location":{"documentPage":{"start":1}}}}
           0 {"text":"b"}
           0 stop"#,
        r#"[{"citationsContent":{"content":[{"text":"ab"}],"citations":[{"title":"T"},
           {"location":{"documentPage":{"start":1}}}]}}]"#,
    ),
    (
        "citations alone",
        r#"0 {"citation":{"source":"S","sourceContent":[{"text":"w"}]}}"#,
        r#"[{"citationsContent":{"citations":[{"source":"S","sourceContent":[{"text":"w"}]}]}}]"#,
    ),
    (
        "pieces of an unknown kind",
        r#"0 start {"poem":{"verse":1}}
           0 {"poem":"a"}
           0 {"poem":1.0}
           0 {"reasoningContent":{"mood":null}}
           0 stop"#,
        r#"[{"start.poem":{"verse":1}},{"delta.poem":"a"},{"delta.poem":1.0},
           {"delta.reasoningContent.mood":null}]"#,
    ),
    (
        "pieces that cannot be read",
        r#"0 {"citation":{"title":5}}
           0 {"toolResult":"a"}
           0 {"image":{"source":{"bytes":"!"}}}"#,
        r#"[{"delta.citation":{"title":5}},{"delta.toolResult":"a"},{"delta.image":{
           "source":{"bytes":"!"}}}]"#,
    ),
    (
        "an unreadable piece among readable ones",
        r#"0 {"text":"a"}
           0 {"citation":5}
           0 {"text":"b"}"#,
        r#"[{"text":"ab"},{"delta.citation":5}]"#,
    ),
];

#[test]
fn blocks_are_put_together() {
    for (what, short, expected) in BLOCKS {
        let blocks = content(fold_short(short));
        let expected: String = expected.lines().map(str::trim).collect();
        assert_eq!(serde_json::to_string(&blocks).unwrap(), expected, "{what}");
        let again: Vec<ContentBlock> = serde_json::from_str(&expected).unwrap();
        assert_eq!(again.len(), blocks.len(), "{what}: cannot be read again");
    }
}

#[test]
fn malformed_and_unfinished_tool_input_is_told_from_what_the_model_meant() {
    #[rustfmt::skip]
    let cases = [
        (r#"{\"a\":1}"#, true, None, r#"{"a":1}"#),
        // Half of a surrogate pair is the tool's business.
        (r#"{\"a\":\"\\ud83d\"}"#, true, None, r#"{"a":"\ud83d"}"#),
        (r#"\"text\""#, true, None, r#""text""#),
        (r#"{\"a\":"#, true, Some(ToolInputProblem::NotJson), r#""{\"a\":""#),
        ("text", true, Some(ToolInputProblem::NotJson), r#""text""#),
        ("{}{}", true, Some(ToolInputProblem::NotJson), r#""{}{}""#),
        (r#"{\"a\":"#, false, Some(ToolInputProblem::Unfinished), r#""{\"a\":""#),
        ("12", false, Some(ToolInputProblem::Unfinished), r#""12""#),
        ("", false, Some(ToolInputProblem::Unfinished), r#""""#),
    ];
    for (text, stopped, problem, input) in cases {
        let stop = if stopped { "\n3 stop" } else { "" };
        let start = r#"3 start {"toolUse":{"toolUseId":"1","name":"t"}}"#;
        let blocks =
            content(fold_short(&format!("{start}\n3 {{\"toolUse\":{{\"input\":\"{text}\"}}}}{stop}")));
        let [ContentBlock::ToolUse(tool)] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!((tool.input_problem, tool.input.as_json()), (problem, input), "{text}");
    }
}

proptest! {
    #[test]
    fn a_streamed_answer_is_the_answer(
        response in strategies::response_of(vec(streamed_block(), 0..5)),
        cuts in vec(any::<usize>(), 0..3),
    ) {
        let events = stream_of(&response, &cuts);
        let folded = fold(events.iter().map(String::as_str));
        prop_assert_eq!(serde_json::to_string(&folded).unwrap(), serde_json::to_string(&response).unwrap());
        prop_assert_eq!(folded, response);
    }

    #[test]
    fn what_came_before_a_cut_is_kept(
        response in strategies::response_of(vec(streamed_block(), 1..5)),
        cuts in vec(any::<usize>(), 0..3),
        at in any::<prop::sample::Index>(),
    ) {
        let events = stream_of(&response, &cuts);
        let came = &events[..at.index(events.len())];
        let folded = fold(came.iter().map(String::as_str));
        prop_assert!(response.text().starts_with(&folded.text()));
        for block in content(folded) {
            let ContentBlock::ToolUse(tool) = block else { continue };
            let ended = content(response.clone()).contains(&ContentBlock::ToolUse(tool.clone()));
            prop_assert!(ended || tool.input_problem == Some(ToolInputProblem::Unfinished), "{:?}", tool);
        }
    }
}
