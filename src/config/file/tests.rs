use super::*;

fn write(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "{}").unwrap();
}

/// Which file is found in a home where `files` exist.
fn found(
    files: &[&str],
    variables: &[(&str, &str)],
    choice: &ConfigChoice,
) -> Option<(String, Owner, Origin)> {
    let home = tempfile::tempdir().unwrap();
    files.iter().for_each(|file| write(&home.path().join(file)));
    let env = Env::empty().with("HOME", home.path());
    let absolute = |value: &str| value.replace("HOME", home.path().to_str().unwrap());
    let env = variables.iter().fold(env, |env, (name, value)| env.with(*name, absolute(value)));
    let found = Location::find(&env, choice)?;
    let path = found.path.strip_prefix(home.path()).unwrap_or(&found.path).to_str().unwrap().to_owned();
    Some((path, found.owner, found.origin))
}

/// Files that exist, variables, and what is found.
type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], (&'a str, Owner, Origin));

#[test]
fn where_the_file_is_looked_for() {
    use Owner::{OpenClaw, Outcrop};
    const OURS: &str = ".config/outcrop/config.json5";
    const THEIRS: &str = ".openclaw/openclaw.json";
    let variable = |name: &str| Origin::Variable(name.to_owned());
    let table: [Row<'_>; 15] = [
        (&[], &[], (OURS, Outcrop, Origin::Default)),
        (&[OURS, THEIRS], &[], (OURS, Outcrop, Origin::Default)),
        (&[THEIRS], &[], (THEIRS, OpenClaw, Origin::Default)),
        (&[], &[("XDG_CONFIG_HOME", "HOME/x")], ("x/outcrop/config.json5", Outcrop, Origin::Default)),
        (&[], &[("XDG_CONFIG_HOME", "x")], (OURS, Outcrop, Origin::Default)),
        (&[OURS], &[("OUTCROP_CONFIG", "HOME/mine")], ("mine", Outcrop, variable("OUTCROP_CONFIG"))),
        (&[THEIRS], &[("OUTCROP_CONFIG", "~/mine")], ("mine", Outcrop, variable("OUTCROP_CONFIG"))),
        (
            &["o.json"],
            &[("OPENCLAW_CONFIG_PATH", "~/o.json")],
            ("o.json", OpenClaw, variable("OPENCLAW_CONFIG_PATH")),
        ),
        (&[THEIRS], &[("OPENCLAW_CONFIG_PATH", "~/o.json")], (OURS, Outcrop, Origin::Default)),
        (
            &["s/openclaw.json", THEIRS],
            &[("OPENCLAW_STATE_DIR", "HOME/s")],
            ("s/openclaw.json", OpenClaw, variable("OPENCLAW_STATE_DIR")),
        ),
        (
            &["h/.openclaw/openclaw.json", THEIRS],
            &[("OPENCLAW_HOME", "HOME/h")],
            ("h/.openclaw/openclaw.json", OpenClaw, variable("OPENCLAW_HOME")),
        ),
        (&[".clawdbot/clawdbot.json"], &[], (".clawdbot/clawdbot.json", OpenClaw, Origin::Default)),
        (&[".moltbot/openclaw.json"], &[], (".moltbot/openclaw.json", OpenClaw, Origin::Default)),
        (&[THEIRS, ".clawdbot/clawdbot.json"], &[], (THEIRS, OpenClaw, Origin::Default)),
        (&[OURS], &[("OPENCLAW_CONFIG_PATH", "~/o.json")], (OURS, Outcrop, Origin::Default)),
    ];
    for (files, variables, (path, owner, origin)) in table {
        let expected = Some((path.to_owned(), owner, origin));
        assert_eq!(found(files, variables, &ConfigChoice::Search), expected, "{files:?} {variables:?}");
    }
    let named = ConfigChoice::File("f.json5".into());
    let expected = Some(("f.json5".to_owned(), Outcrop, Origin::Flag("--config")));
    assert_eq!(found(&[OURS], &[("OUTCROP_CONFIG", "x")], &named), expected);
    assert_eq!(found(&[OURS], &[("OUTCROP_CONFIG", "x")], &ConfigChoice::None), None);
    assert_eq!(Location::find(&Env::empty(), &ConfigChoice::Search), None);
}

#[test]
fn an_absent_file_is_empty_unless_it_was_named() {
    let absent = |origin| Location { path: "/nowhere/c.json5".into(), owner: Owner::Outcrop, origin };
    assert_eq!(absent(Origin::Default).read().unwrap().root, None);
    assert!(matches!(absent(Origin::Flag("--config")).read(), Err(Error::Io(_))));
    assert!(matches!(absent(Origin::Variable("OUTCROP_CONFIG".into())).read(), Err(Error::Io(_))));
}

#[test]
fn the_excerpt_shows_the_place_and_no_value() {
    for (text, excerpt) in [
        ("{\n  model 'us.x' }", "2 |   model '**.*' }\n  |         ^"),
        ("{ 'a': \"secret\", b: }", "1 | { 'a': \"******\", b: }\n  |                     ^"),
        ("{ apiKey: AKIAIOSFODNN7EXAMPLE }", "1 | { ******: ******************** }\n  |           ^"),
        ("{\ta: 'open\n}", "1 | { a: '****\n  |           ^"),
    ] {
        let error = parse(text.as_bytes().to_vec(), Path::new("c")).unwrap_err();
        let Error::ConfigSyntax(syntax) = error else { panic!() };
        assert_eq!(syntax.excerpt, excerpt, "{text}");
    }
    let long = format!("{{ a: [{} oops] }}", "1, ".repeat(60));
    let Err(Error::ConfigSyntax(syntax)) = parse(long.into_bytes(), Path::new("c")) else { panic!() };
    let (line, caret) = syntax.excerpt.split_once('\n').unwrap();
    assert_eq!(&line[caret.len() - 1..caret.len()], "o", "{}", syntax.excerpt);
}

#[test]
fn bytes_that_are_no_text() {
    let Err(Error::ConfigSyntax(syntax)) = parse(b"{\n a: '\xff' }".to_vec(), Path::new("c")) else {
        panic!()
    };
    assert_eq!((syntax.line, syntax.column, syntax.problem.as_str()), (2, 6, "it is no UTF-8 text"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        if let Err(Error::ConfigSyntax(syntax)) = parse(bytes, Path::new("c")) {
            assert_eq!(syntax.excerpt.lines().count(), 2);
        }
    }
}
