//! Conversations with the demo, line by line.

use super::*;
use crate::cli::args::{Cli, Command as Typed};
use clap::Parser;

/// Takes the lines one after the other, and shows the conversation to `check` after each.
fn lead(flags: &[&str], lines: &[&str], check: impl Fn(&str, &mut Conversation<'_>, Then)) {
    let words = ["outcrop", "chat", "--demo", "-q", "--max-tokens", "3"];
    let cli = Cli::try_parse_from(words.iter().chain(flags)).unwrap();
    let Typed::Chat(args) = &cli.command else { panic!() };
    let env = Env::empty();
    let out = Out::new(&env, &cli.global).with_data(tempfile::tempfile().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session =
            Session::open(&env, &cli.global, &args.call, None, Naming::Resolved, &out).await.unwrap();
        let given = Given::of(args, Message::default()).unwrap();
        let system = given.system(None, &session.connection.config);
        let mut conversation = Conversation {
            env: &env,
            args,
            out: &out,
            session,
            given,
            kept: None,
            messages: Vec::new(),
            system,
            shows_thinking: false,
            attached: Vec::new(),
            thinking: None,
            tally: Tally::default(),
            goes_on: true,
        };
        for line in lines {
            let then = conversation.take(line).await.unwrap();
            check(line, &mut conversation, then);
        }
    });
}

#[test]
fn turns_are_kept_failed_ones_are_not_and_undo_takes_one_back() {
    let lines = [
        "one",
        " ",
        "/model emulator.denied",
        "two",
        "/model amazon.nova-lite-v1:0",
        "three",
        "/undo",
        "/undo",
        "/undo",
    ];
    let sizes = std::cell::RefCell::new(Vec::new());
    lead(&[], &lines, |_, talk, then| {
        assert_eq!(then, Then::GoOn);
        sizes.borrow_mut().push(talk.messages.len());
    });
    assert_eq!(sizes.into_inner(), [2, 2, 2, 2, 2, 4, 2, 0, 0]);
}

#[test]
fn commands_change_what_the_next_turn_is_led_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.md");
    std::fs::write(&path, "# Notes").unwrap();
    let file = format!("/file {}", path.display());
    let lines =
        ["/system Be brief.", "/thinking high", "/thinking much", &file, "/image /nowhere", "see?", "/exit"];
    lead(&["-s", "Be long."], &lines, |line, talk, then| match line {
        "/system Be brief." => assert_eq!(talk.system.as_deref(), Some("Be brief.")),
        "/thinking high" | "/thinking much" => assert_eq!(talk.thinking, Some(ThinkingLevel::High)),
        "/image /nowhere" => assert_eq!(talk.attached.len(), 1),
        "see?" => {
            assert!(matches!(
                talk.messages[0].content.as_slice(),
                [ContentBlock::Document(_), ContentBlock::Text(_)]
            ));
            assert!(talk.attached.is_empty());
        }
        "/exit" => assert_eq!(then, Then::Leave),
        _ => {}
    });
}

#[test]
fn a_conversation_is_saved_goes_on_and_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let (save, load) = (format!("/save {}", path.display()), format!("/load {}", path.display()));
    let turns = || std::fs::read_to_string(&path).unwrap().lines().count() - 1;
    let lines = ["one", &save, "two", "/undo", "three", "/clear", "apart", &save, &load, "four"];
    lead(&[], &lines, |line, talk, _| match line {
        "two" | "three" => assert_eq!(turns(), 2),
        "/undo" => assert_eq!(turns(), 1),
        "apart" => assert_eq!((turns(), talk.messages.len()), (2, 2)),
        "four" => assert_eq!((turns(), talk.messages.len()), (3, 6)),
        _ => {}
    });
    assert_eq!(turns(), 3);
}

#[test]
fn the_session_in_use_is_saved_and_loaded_without_a_word_of_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let other_name = folder.path().join(".").join("talk.jsonl");
    let save = format!("/save {}", path.display());
    lead(&[], &["one", &save, "two"], |line, talk, _| {
        if line == "two" {
            for named in [&path, &other_name] {
                talk.save(named.to_str().unwrap()).unwrap();
                talk.load(named.to_str().unwrap()).unwrap();
            }
            assert_eq!((talk.messages.len(), talk.kept.is_some()), (4, true));
        }
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[test]
fn what_is_not_there_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let load = format!("/load {}", path.display());
    lead(&[], &["one", &load, "two"], |_, talk, _| assert!(talk.kept.is_none()));
    assert!(!path.exists());
}
