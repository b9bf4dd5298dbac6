//! Conversations: roles, blanks, turns, calls and their results, reasoning.

use super::*;

fn says(role: &str, content: Value) -> Value {
    json!({"role": role, "content": content})
}

#[test]
fn a_request_that_is_right_stays_as_it_is() {
    let conversation = json!([
        user("look"),
        says(
            "assistant",
            json!([{"reasoningContent": {"reasoningText": {"text": " a\n", "signature": "s"}}},
                {"text": "I look."}, call("a"), call("b")])
        ),
        says("user", json!([result("a"), result("b"), {"text": "and?"}])),
        assistant("Seen."),
        user("thanks"),
    ]);
    let given = with_tools(conversation).max_tokens(100);
    let prepared = plain(given.clone(), &able());
    assert_eq!((prepared.request, prepared.adjustments), (given, vec![]));
}

#[test]
fn blank_texts_are_dropped_and_what_is_left_takes_turns() {
    let given = request(json!({"messages": [
        user("one"), assistant(" \n"), user("\t"), user("two"), says("assistant", json!([])), user("three"),
    ]}));
    let prepared = plain(given, &of(Family::Llama));
    assert_eq!(
        messages(&prepared),
        json!([says("user", json!([{"text": "one"}, {"text": "two"}, {"text": "three"}]))])
    );
    assert!(rules(&prepared).contains(&"blank-content") && rules(&prepared).contains(&"turns"));
}

#[test]
fn a_conversation_of_blanks_still_says_something() {
    let prepared = plain(request(json!({"messages": [user(" "), assistant("")]})), &able());
    assert_eq!(messages(&prepared), json!([user("(empty message)")]));
}

#[test]
fn no_messages_stay_no_messages() {
    assert_eq!(messages(&plain(request(json!({})), &able())), json!([]));
}

#[test]
fn an_empty_tool_result_says_so() {
    for content in [
        json!([]),
        json!([{"text": ""}]),
        json!([{"text": " "}, {"image": {"format": "png", "source": {"bytes": ""}}}]),
    ] {
        let results = json!([{"toolResult": {"toolUseId": "a", "content": content}}]);
        let given =
            with_tools(json!([user("look"), says("assistant", json!([call("a")])), says("user", results)]));
        let prepared = plain(given, &able());
        let result = messages(&prepared)[2]["content"][0]["toolResult"]["content"].clone();
        assert_eq!((result, rules(&prepared)[0]), (json!([{"text": "(no output)"}]), "blank-content"));
    }
}

#[test]
fn other_roles_become_text_of_the_user() {
    let given = request(json!({"messages": [
        user("one"), says("system", json!([{"text": "be brief"}])), says("tool", json!([{"text": "two"}])),
    ]}));
    let prepared = plain(given, &able());
    let content = json!([{"text": "one"}, {"text": "[System message] be brief"}, {"text": "two"}]);
    assert_eq!(messages(&prepared), json!([says("user", content)]));
    assert_eq!(rules(&prepared)[..2], ["roles", "roles"]);
}

#[test]
fn an_instruction_between_a_call_and_its_result_moves_behind_the_result() {
    let given = with_tools(json!([
        user("look"),
        says("assistant", json!([call("a")])),
        says("system", json!([{"text": "be brief"}])),
        says("user", json!([result("a")])),
    ]));
    let prepared = plain(given, &able());
    let content = json!([result("a"), {"text": "[System message] be brief"}]);
    assert_eq!(messages(&prepared)[2], says("user", content));
}

#[test]
fn results_in_messages_of_their_own_become_one_message() {
    let given = with_tools(json!([
        user("look"),
        says("assistant", json!([call("a"), call("b")])),
        says("user", json!([result("a")])),
        says("user", json!([result("b")])),
    ]));
    let prepared = plain(given, &able());
    assert_eq!(messages(&prepared)[2], says("user", json!([result("a"), result("b")])));
}

#[test]
fn a_call_without_result_gets_one_that_says_so() {
    let missing = |id| json!({"toolResult": {"toolUseId": id, "content": [{"text": "No result provided"}], "status": "error"}});
    let calls = says("assistant", json!([call("a"), call("b")]));
    for (after, expected) in [
        (json!([]), json!([missing("a"), missing("b")])),
        (json!([user("and?")]), json!([missing("a"), missing("b"), {"text": "and?"}])),
        (json!([says("user", json!([result("b")]))]), json!([result("b"), missing("a")])),
    ] {
        let mut conversation = vec![user("look"), calls.clone()];
        conversation.extend(after.as_array().unwrap().iter().cloned());
        let prepared = plain(with_tools(Value::from(conversation)), &able());
        assert_eq!(messages(&prepared)[2], says("user", expected));
        assert!(rules(&prepared).contains(&"tool-pairing"));
    }
}

#[test]
fn a_result_without_call_is_told_as_text() {
    let given = with_tools(json!([
        user("look"),
        says("assistant", json!([call("a")])),
        says("user", json!([result("a"), result("a"), result("z")])),
        assistant("Seen."),
        says("user", json!([result("a")])),
    ]));
    let prepared = plain(given, &able());
    let told = json!({"text": "[Tool result: look]:\nseen"});
    assert_eq!(
        messages(&prepared)[2],
        says("user", json!([result("a"), told, {"text": "[Tool result]:\nseen"}]))
    );
    assert_eq!(messages(&prepared)[4], says("user", json!([told])));
}

#[test]
fn ids_that_are_refused_or_used_twice_become_others_in_call_and_result() {
    let long = "x".repeat(80);
    for ids in [["call_0", "call_0"], ["a b", "a.b"], ["", " "], [&long, &format!("{long}y")], ["ü", "ö"]] {
        let given = with_tools(json!([
            user("look"),
            says("assistant", json!([call(ids[0])])),
            says("user", json!([result(ids[0])])),
            says("assistant", json!([call(ids[1])])),
            says("user", json!([result(ids[1])])),
        ]));
        let prepared = plain(given, &able());
        let sent = messages(&prepared);
        let id =
            |at: usize, kind: &str| sent[at]["content"][0][kind]["toolUseId"].as_str().unwrap().to_owned();
        assert_eq!((id(1, "toolUse"), id(3, "toolUse")), (id(2, "toolResult"), id(4, "toolResult")));
        assert_ne!(id(1, "toolUse"), id(3, "toolUse"), "{ids:?}");
        assert!(id(3, "toolUse").len() <= 64 && rules(&prepared).contains(&"tool-ids"), "{ids:?}");
    }
}

#[test]
fn ids_stay_the_same_when_the_conversation_goes_on() {
    let turn = |id: &str| [says("assistant", json!([call(id)])), says("user", json!([result(id)]))];
    let mut conversation = vec![user("look")];
    conversation.extend(turn("a/b"));
    let short = messages(&plain(with_tools(Value::from(conversation.clone())), &able()));
    conversation.extend(turn("a/b"));
    let long = messages(&plain(with_tools(Value::from(conversation)), &able()));
    assert_eq!(short.as_array().unwrap()[..], long.as_array().unwrap()[..3]);
}

#[test]
fn mistral_wants_ids_of_nine_letters_and_digits() {
    let given = with_tools(json!([
        user("look"),
        says("assistant", json!([call("tooluse_abc"), call("abcdefgh1")])),
        says("user", json!([result("tooluse_abc"), result("abcdefgh1")])),
    ]));
    let sent = messages(&plain(given, &of(Family::Mistral)));
    let id = sent[1]["content"][0]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
    assert_eq!(sent[2]["content"][0]["toolResult"]["toolUseId"], id);
    assert_eq!(sent[1]["content"][1]["toolUse"]["toolUseId"], "abcdefgh1");
}

#[test]
fn without_tools_in_the_request_old_calls_are_told_as_text() {
    let conversation = json!([
        user("look"),
        says(
            "assistant",
            json!([{"text": "I look."}, {"toolUse": {"toolUseId": "a", "name": "look", "input": {"at": 1.0}}}])
        ),
        says(
            "user",
            json!([{"toolResult": {"toolUseId": "a", "status": "error", "content": [
            {"json": {"n": 1}}, {"text": "broken"}, {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}]}}])
        ),
    ]);
    let prepared = plain(request(json!({"messages": conversation})), &able());
    assert_eq!(
        messages(&prepared)[1],
        says(
            "assistant",
            json!([{"text": "I look."}, {"text": r#"[Assistant tool call]: look({"at":1.0})"#}])
        )
    );
    assert_eq!(
        messages(&prepared)[2],
        says(
            "user",
            json!([{"text": "[Tool result: look (error)]:\n{\"n\":1}\nbroken"},
            {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}])
        )
    );
    assert_eq!(rules(&prepared)[..2], ["tool-history", "tool-history"]);
}

#[test]
fn results_are_told_with_the_name_of_the_call_before_them() {
    let call = |name: &str| json!({"toolUse": {"toolUseId": "call_0", "name": name, "input": {}}});
    let given = request(json!({"messages": [
        user("look"), says("assistant", json!([call("look")])), says("user", json!([result("call_0")])),
        says("assistant", json!([call("fs.read")])), says("user", json!([result("call_0")])),
    ]}));
    let sent = messages(&plain(given, &able()));
    assert_eq!(sent[2]["content"][0]["text"], "[Tool result: look]:\nseen");
    assert_eq!(sent[4]["content"][0]["text"], "[Tool result: fs.read]:\nseen");
}

#[test]
fn inputs_of_calls_become_objects() {
    for (input, expected) in [
        (json!({"a": 1}), json!({"a": 1})),
        (json!(""), json!({})),
        (json!(null), json!({})),
        (json!(" {\"a\": [1]} "), json!({"a": [1]})),
        (json!("{\"a\": "), json!({"input": "{\"a\": "})),
        (json!([1, 2]), json!({"input": [1, 2]})),
        (json!(7), json!({"input": 7})),
    ] {
        let given = with_tools(json!([
            user("look"),
            says("assistant", json!([{"toolUse": {"toolUseId": "a", "name": "look", "input": input}}])),
            says("user", json!([result("a")])),
        ]));
        let sent = messages(&plain(given, &able()));
        assert_eq!(sent[1]["content"][0]["toolUse"]["input"], expected, "{input}");
    }
}

#[test]
fn json_in_results_that_is_no_object_is_kept_under_a_key() {
    for (given, expected) in [
        (json!({"a": [1]}), json!({"a": [1]})),
        (json!([1, 2.0]), json!({"result": [1, 2.0]})),
        (json!("so"), json!({"result": "so"})),
        (json!(" "), json!({"result": " "})),
        (json!(null), json!({"result": null})),
    ] {
        let answer = json!({"toolResult": {"toolUseId": "a", "content": [{"json": given}]}});
        let talk =
            json!([user("look"), says("assistant", json!([call("a")])), says("user", json!([answer]))]);
        let prepared = plain(with_tools(talk), &of(Family::Other));
        let sent = &messages(&prepared)[2]["content"][0]["toolResult"]["content"];
        assert_eq!(sent, &json!([{"json": expected}]));
        assert_eq!(rules(&prepared).contains(&"tool-result-json"), given != expected, "{given}");
    }
}

#[test]
fn a_status_goes_to_those_that_take_it_and_an_error_is_told_to_others() {
    let mut others = of(Family::Other);
    others.tools.result_status = false;
    let (text, error) = (json!({"text": "seen"}), json!({"text": "(error)"}));
    for (facts, status, expected) in [
        (&able(), "error", json!({"toolUseId": "a", "content": [text], "status": "error"})),
        (&able(), "success", json!({"toolUseId": "a", "content": [text], "status": "success"})),
        (&others, "error", json!({"toolUseId": "a", "content": [error, text]})),
        (&others, "success", json!({"toolUseId": "a", "content": [text]})),
    ] {
        let answer = json!({"toolResult": {"toolUseId": "a", "content": [text], "status": status}});
        let talk =
            json!([user("look"), says("assistant", json!([call("a")])), says("user", json!([answer]))]);
        let prepared = plain(with_tools(talk), facts);
        assert_eq!(messages(&prepared)[2]["content"][0]["toolResult"], expected, "{status}");
        let is_told = rules(&prepared).contains(&"tool-result-status");
        assert_eq!(is_told, !facts.tools.result_status);
    }
}

#[test]
fn reasoning_keeps_its_bytes_with_a_signature_and_goes_without() {
    let block = |text: &str, signature: Value| json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}});
    let (signed, empty) = (block(" deep\u{200b}\r\n", json!("sig")), block("", json!("sig2")));
    let redacted = json!({"reasoningContent": {"redactedContent": "AAH+"}});
    let content = json!([
        signed, empty, redacted,
        block("cut", json!(null)), block("x", json!("")), block("y", json!("reasoning_content")),
        {"text": "Answer."},
    ]);
    let given = request(json!({"messages": [user("?"), says("assistant", content), user("go on")]}));
    for (family, kept) in [
        (Family::Claude, json!([signed, empty, redacted, {"text": "Answer."}])),
        (Family::Unknown, json!([signed, empty, redacted, {"text": "Answer."}])),
        (Family::Gpt, json!([redacted, {"text": "Answer."}])),
        (Family::Nova, json!([{"text": "Answer."}])),
        (Family::DeepSeek, json!([{"text": "Answer."}])),
    ] {
        let prepared = plain(given.clone(), &of(family));
        assert_eq!(messages(&prepared)[1], says("assistant", kept), "{family:?}");
        assert!(rules(&prepared).contains(&"reasoning"));
    }
}

#[test]
fn a_turn_that_was_cut_while_the_model_thought_is_dropped() {
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}});
    let given = request(json!({"messages": [
        user("one"), says("assistant", json!([thought])), user("two"),
        says("assistant", json!([thought, {"text": "Answer."}, thought])), user("three"),
    ]}));
    let prepared = plain(given, &able());
    assert_eq!(
        messages(&prepared),
        json!([
            says("user", json!([{"text": "one"}, {"text": "two"}])),
            says("assistant", json!([thought, {"text": "Answer."}])),
            user("three")
        ])
    );
}

#[test]
fn a_conversation_that_begins_with_an_answer_gets_a_first_message() {
    let prepared = plain(request(json!({"messages": [assistant("Hello."), user("hi")]})), &able());
    assert_eq!(messages(&prepared)[0], user("(conversation so far)"));
    assert_eq!(rules(&prepared)[0], "first-turn");
}

#[test]
fn blocks_in_messages_of_the_wrong_role_are_told_or_dropped() {
    let image = json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}});
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}});
    let given = with_tools(json!([
        says("user", json!([thought, call("a"), {"text": "hi"}])),
        says("assistant", json!([image, result("a"), {"text": "Answer."}])),
        user("go on"),
    ]));
    let prepared = plain(given, &able());
    assert_eq!(
        messages(&prepared),
        json!([
            says("user", json!([{"text": "[Assistant tool call]: look({})"}, {"text": "hi"}])),
            says(
                "assistant",
                json!([{"text": "(image)"}, {"text": "[Tool result]:\nseen"}, {"text": "Answer."}])
            ),
            user("go on"),
        ])
    );
    assert_eq!(rules(&prepared)[..4], ["placement"; 4]);
}

#[test]
fn pieces_of_a_stream_that_are_no_blocks_are_not_sent_back() {
    use crate::converse::Fold;
    use crate::stream::{BlockDelta, BlockStart, StreamEvent};
    let mut fold = Fold::new();
    let value = serde_json::value::RawValue::from_string(r#"{"x":1}"#.to_owned()).unwrap();
    let (member, value) = ("hologram".into(), &*value);
    let start = BlockStart::Unknown { member, value };
    fold.push(&StreamEvent::ContentBlockDelta { index: 0, delta: BlockDelta::Text("Answer.".into()) });
    fold.push(&StreamEvent::ContentBlockStart { index: 1, start });
    let delta = BlockDelta::Unknown { member: "hologram".into(), value };
    fold.push(&StreamEvent::ContentBlockDelta { index: 1, delta });
    let answer = fold.finish().message().unwrap().clone();
    assert_eq!(answer.content.len(), 3, "they are kept");
    let mut given = request(json!({"messages": [user("one"), user("two")]}));
    given.messages.insert(1, answer);
    let prepared = plain(given, &of(Family::Nova));
    assert_eq!(messages(&prepared), json!([user("one"), assistant("Answer."), user("two")]));
    assert_eq!(rules(&prepared), ["placement", "placement"]);
}

#[test]
fn calls_that_the_service_answered_stay_beside_their_results() {
    let call =
        json!({"toolUse": {"toolUseId": "s", "name": "nova_code", "input": {}, "type": "server_tool_use"}});
    let answered = says("assistant", json!([call, result("s"), {"text": "Done."}]));
    let prepared = plain(with_tools(json!([user("run"), answered, user("go on")])), &able());
    assert_eq!(messages(&prepared)[1], answered);
    let prepared =
        plain(with_tools(json!([user("run"), says("assistant", json!([call])), user("go on")])), &able());
    let told = json!([{"text": "[Assistant tool call]: nova_code({})"}]);
    assert_eq!(messages(&prepared)[1], says("assistant", told));
}

#[test]
fn what_stands_beside_results_follows_in_a_message_of_its_own() {
    let mut facts = of(Family::Llama);
    facts.tools.text_beside_results = false;
    let conversation = |last: Value| {
        with_tools(json!([
            user("look"),
            says("assistant", json!([call("a"), call("b")])),
            says("user", last)
        ]))
    };
    let (both, and) = (json!([result("a"), result("b")]), json!([{"text": "and?"}]));
    let prepared = plain(conversation(json!([result("a"), result("b"), {"text": "and?"}])), &facts);
    let sent = messages(&prepared);
    assert_eq!(
        sent.as_array().unwrap()[2..],
        [says("user", both.clone()), assistant("I have the results."), says("user", and.clone())]
    );
    assert_eq!(rules(&prepared), ["results-alone"]);

    // Also where the results were in messages of their own.
    let mut apart = conversation(both.clone());
    apart.messages.push(serde_json::from_value(says("user", and)).unwrap());
    assert_eq!(messages(&plain(apart, &facts)), sent);

    let alone = conversation(both);
    assert_eq!(plain(alone.clone(), &facts).request, alone);
}
