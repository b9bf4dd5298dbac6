//! `outcrop chat --count-tokens`: the number for the request as it would be sent, and nothing else happens.

use crate::errors::snapshot;
use crate::support::{Ran, Server, program, program_against, run, run_with_input};
use serde_json::Value;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn count(server: &Server, words: &[&str]) -> Ran {
    let mut all = vec!["chat", "--count-tokens", "-m", CLAUDE];
    all.extend(words);
    run(&mut program_against(server.url()), &all)
}

fn number(ran: &Ran) -> u64 {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran.stdout.trim_end().parse().unwrap()
}

#[test]
fn the_request_as_it_would_be_sent_is_counted_and_not_sent() {
    let server = Server::start();
    let bare = number(&count(&server, &["Why is the sky blue?"]));
    let with_system = number(&count(&server, &["-s", "Answer in one sentence.", "Why is the sky blue?"]));
    assert!(bare > 3 && with_system > bare, "{bare}, {with_system}");
    let mut piped = program_against(server.url());
    let piped =
        run_with_input(&mut piped, &["chat", "--count-tokens", "-m", CLAUDE], b"Why is the sky blue?\n");
    assert_eq!(number(&piped), bare);
    let paths: Vec<String> = server.requests().iter().map(|request| request.path().to_owned()).collect();
    // Bedrock counts for the model behind a profile.
    let path = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens";
    assert_eq!(paths, [path, path, path]);
    // A sampling parameter counts nothing, but what the model refuses of the request is told as in a call.
    let ran = count(&server, &["-v", "--thinking", "high", "--temperature", "0.5", "Why is the sky blue?"]);
    assert!(ran.stderr.contains("adjusted inferenceConfig.temperature"), "{}", ran.stderr);
}

#[test]
fn for_programs_it_is_one_object() {
    let server = Server::start();
    let number = number(&count(&server, &["hi"]));
    for flags in [&["--json", "hi"][..], &["--output", "json", "hi"], &["--output", "jsonl", "hi"]] {
        let ran = count(&server, flags);
        assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "{}", ran.stderr);
        let object: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (&object["modelId"], &object["inputTokens"]),
            (&CLAUDE.into(), &number.into()),
            "{flags:?}"
        );
        // The limit that was added is part of the request.
        assert_eq!(object["adjustments"].as_array().unwrap().len(), 1, "{object}");
    }
}

#[test]
fn a_session_is_counted_and_stays_as_it_is() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rocks.jsonl");
    let session = path.to_str().unwrap();
    let alone = number(&count(&server, &["--session", session, "Granite?"]));
    assert!(!path.exists(), "counting makes no session");
    let words = ["chat", "-q", "-m", CLAUDE, "--session", session, "Basalt?"];
    assert_eq!(run(&mut program_against(server.url()), &words).code, 0);
    let before = std::fs::read(&path).unwrap();
    let with_history = number(&count(&server, &["--session", session, "Granite?"]));
    assert!(with_history > alone, "{with_history}, {alone}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn the_demo_counts_too_and_a_dry_run_does_not_go_with_it() {
    let ran = run(&mut program(), &["chat", "--demo", "--count-tokens", "Why is the sky blue?"]);
    assert!(number(&ran) > 3);
    let both = run(&mut program(), &["chat", "--demo", "--count-tokens", "--dry-run", "hi"]);
    assert_eq!((both.code, both.stdout.as_str()), (2, ""));
}

#[test]
fn a_model_that_bedrock_does_not_count_for_is_an_error_with_another_way() {
    let server = Server::start();
    let words = ["chat", "--count-tokens", "-m", "amazon.nova-lite-v1:0", "hi"];
    let ran = run(&mut program_against(server.url()), &words);
    snapshot("count-tokens-unsupported", &ran);
    assert_eq!(server.requests().len(), 1, "nothing else is tried");
}
