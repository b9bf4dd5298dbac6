//! Conversations on disk, whole, cut at any byte, and of other programs.

use super::*;
use crate::converse::{ContentBlock, ReasoningContentBlock, ReasoningTextBlock, ToolUseBlock};
use proptest::prelude::*;

/// What a signature may look like, and what must stay as it is.
const SIGNATURE: &str = "EqQBCkYIBBgC+/=\u{e9}\"\\";

fn answer(text: &str) -> ConverseResponse {
    let reasoning = ReasoningTextBlock { text: "well \n".to_owned(), signature: Some(SIGNATURE.to_owned()) };
    let call = ToolUseBlock {
        tool_use_id: "t1".to_owned(),
        name: "n".to_owned(),
        input: "{\n \"a\": 1.0,\r\n \"b\": \"x\\ny\"}".parse().unwrap(),
        ..ToolUseBlock::default()
    };
    let content = [
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)),
        ContentBlock::text(text),
        ContentBlock::ToolUse(call),
    ];
    ConverseResponse {
        output: crate::converse::ConverseOutput::Message(Message::new(Role::Assistant, content)),
        stop_reason: Some(StopReason::EndTurn),
        ..ConverseResponse::default()
    }
}

fn append(session: &mut SessionFile, text: &str, system: Option<&str>) {
    let (user, response) = (Message::user(text), answer(text));
    session.append(&NewTurn { user: &user, response: &response, model_id: "m", system }).unwrap();
}

fn open_path(path: &Path) -> Result<SessionFile> {
    SessionFile::open(&Env::empty(), path.to_str().unwrap(), Purpose::Begin)
}

/// A file of three turns, and where its lines end.
fn three_turns() -> (Vec<u8>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    let mut session = open_path(&path).unwrap();
    for (text, system) in [("one", Some("Be brief.")), ("two \u{1f600}", None), ("three\nlines", None)] {
        append(&mut session, text, system);
    }
    drop(session);
    let bytes = std::fs::read(&path).unwrap();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    (bytes, ends)
}

#[test]
fn turns_come_back_as_they_were_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/s.jsonl");
    let mut session = open_path(&path).unwrap();
    assert_eq!((session.messages(), session.system()), (&[][..], None));
    append(&mut session, "one", Some("Be brief."));
    drop(session);
    let mut session = open_path(&path).unwrap();
    append(&mut session, "two", None);
    drop(session);
    let session = open_path(&path).unwrap();
    let said = |text: &str| [Message::user(text), answer(text).message().unwrap().clone()];
    assert_eq!(session.messages(), [said("one"), said("two")].concat());
    assert_eq!((session.system(), &session.warning), (Some("Be brief."), &None));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(HEADER) && text.lines().count() == 3, "{text}");
    let signature = serde_json::to_string(SIGNATURE).unwrap();
    assert_eq!(text.matches(&signature).count(), 2, "{text}");
}

#[test]
fn the_last_turn_can_be_taken_back() {
    let (bytes, ends) = three_turns();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    std::fs::write(&path, &bytes).unwrap();
    let mut session = open_path(&path).unwrap();
    for end in [ends[2], ends[1], ends[0], ends[0]] {
        session.undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), &bytes[..end]);
    }
    append(&mut session, "again", None);
    session.undo().unwrap();
    append(&mut session, "at last", None);
    drop(session);
    assert_eq!(open_path(&path).unwrap().messages()[0], Message::user("at last"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/s.jsonl");
    let mut session = open_path(&path).unwrap();
    append(&mut session, "one", None);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    let first = open_path(&path).unwrap();
    let Err(Error::Config(problem)) = open_path(&path) else { panic!() };
    assert!(problem.problem.contains("another process"), "{}", problem.problem);
    drop(first);
    assert!(open_path(&path).is_ok());
}

#[test]
fn cut_at_any_byte_it_holds_the_whole_turns_and_goes_on() {
    let (bytes, ends) = three_turns();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    for cut in 0..=bytes.len() {
        let contents = Contents::read(&bytes[..cut]).unwrap();
        // A turn is whole without its line break.
        let whole = ends[1..].iter().filter(|end| **end <= cut + 1).count();
        assert_eq!(contents.messages.len(), whole * 2, "{cut}");
        let is_between = cut == 0 || ends.contains(&cut) || ends[1..].contains(&(cut + 1));
        assert_eq!(contents.unfinished == 0, is_between, "{cut}");
        // Every write waits for the disk: not at every byte, but around each end of a line.
        if !cut.is_multiple_of(101) && !ends.iter().any(|end| end.abs_diff(cut) < 2) {
            continue;
        }
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let mut session = open_path(&path).unwrap();
        assert_eq!(session.warning.is_none(), is_between, "{cut}");
        append(&mut session, "again", None);
        drop(session);
        let session = open_path(&path).unwrap();
        assert_eq!((session.messages().len(), &session.warning), (whole * 2 + 2, &None), "{cut}");
        drop(session);
        open_path(&path).unwrap().undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), &bytes[..ends[whole]], "{cut}");
    }
}

#[test]
fn a_turn_without_its_line_break_is_kept_and_can_be_taken_back() {
    let (bytes, ends) = three_turns();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    std::fs::write(&path, &bytes[..ends[2] - 1]).unwrap();
    let mut session = open_path(&path).unwrap();
    for text in ["again", "and again"] {
        append(&mut session, text, None);
        session.undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), &bytes[..ends[2]], "{text}");
    }
    drop(session);
    std::fs::write(&path, &bytes[..ends[2] - 1]).unwrap();
    open_path(&path).unwrap().undo().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), &bytes[..ends[1]]);
}

#[test]
fn files_of_other_programs_are_refused_untouched() {
    let (bytes, ends) = three_turns();
    let in_the_middle = [&bytes[..ends[1]], b"{\"role\":\"user\"}\n", &bytes[ends[1]..]].concat();
    let swapped = [
        HEADER.as_bytes(),
        br#"{"user":{"role":"assistant","content":[]},"assistant":{"role":"user","content":[]},"modelId":"m"}"#,
        b"\n",
    ]
    .concat();
    for (text, line, said) in [
        (&b"{\"type\":\"session\",\"id\":1}\n"[..], 1, "no session of this program"),
        (b"{\"type\":\"ses", 1, "no session of this program"),
        (b"notes\nmore\n", 1, "no session of this program"),
        (b"\n", 1, "no session of this program"),
        (b"\xff\xfe", 1, "no session of this program"),
        (b"{\"outcrop\":\"session\",\"version\":2}\n", 1, "version 2"),
        (&in_the_middle, 3, "no turn"),
        (&swapped, 2, "a message of the user and one of the assistant"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.jsonl");
        std::fs::write(&path, text).unwrap();
        let Err(Error::Config(problem)) = open_path(&path) else { panic!("{said}") };
        assert!(problem.problem.contains(said), "{said}: {}", problem.problem);
        assert_eq!(problem.origin, Origin::File { path: path.clone(), line: Some(line) });
        assert_eq!(std::fs::read(&path).unwrap(), text);
    }
}

#[test]
fn names_stand_in_the_folder_of_sessions_and_paths_for_themselves() {
    let home = Env::empty().with("HOME", "/h");
    let data = home.clone().with("XDG_DATA_HOME", "/d");
    let relative = home.clone().with("XDG_DATA_HOME", "d");
    for (env, named, expected) in [
        (&home, "rocks", Some("/h/.local/share/outcrop/sessions/rocks.jsonl")),
        (&data, "rocks", Some("/d/outcrop/sessions/rocks.jsonl")),
        (&relative, "rocks", Some("/h/.local/share/outcrop/sessions/rocks.jsonl")),
        (&home, "./rocks", Some("./rocks")),
        (&home, "rocks.jsonl", Some("rocks.jsonl")),
        (&home, "/tmp/x", Some("/tmp/x")),
        (&home, "", None),
        (&home, "..", None),
        (&Env::empty(), "rocks", None),
    ] {
        assert_eq!(path(env, named).ok(), expected.map(PathBuf::from), "{named}");
    }
}

#[test]
fn reading_alone_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    let session = SessionFile::open(&Env::empty(), path.to_str().unwrap(), Purpose::Read).unwrap();
    assert!(session.messages().is_empty() && !path.exists());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, keep in 0_usize..200) {
        let (mut file, _) = three_turns();
        file.truncate(keep);
        file.extend(bytes);
        if let Ok(contents) = Contents::read(&file) {
            prop_assert!(contents.ends.is_sorted());
            prop_assert!(contents.ends.last().copied().unwrap_or(0) + contents.unfinished <= file.len());
            let turns = contents.ends.len().saturating_sub(1);
            prop_assert_eq!(contents.messages.len(), turns * 2);
        }
    }
}

#[test]
fn a_session_without_a_turn_leaves_no_file_and_takes_none_of_others_away() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new.jsonl"), folder.path().join("old.jsonl"));
    std::fs::write(&old, "").unwrap();
    for path in [&new, &old] {
        let session = open_path(path).unwrap();
        assert!(path.exists() && open_path(path).is_err(), "it is locked while it is open");
        drop(session);
    }
    assert_eq!((new.exists(), old.exists()), (false, true));
    append(&mut open_path(&new).unwrap(), "one", None);
    assert!(new.exists());
}

#[test]
fn a_session_is_read_while_another_process_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.jsonl");
    let mut used = open_path(&path).unwrap();
    append(&mut used, "one", None);
    let named = path.to_str().unwrap();
    assert_eq!(SessionFile::open(&Env::empty(), named, Purpose::Read).unwrap().messages().len(), 2);
    assert!(SessionFile::open(&Env::empty(), named, Purpose::GoOn).is_err());
}
