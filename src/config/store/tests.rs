use super::*;
use serde_json::json;

fn env(home: &Path) -> Env {
    Env::empty().with("HOME", home)
}

fn own(env: &Env) -> Location {
    Location::own(env, &ConfigChoice::Search).unwrap()
}

fn set_text(env: &Env, key: &str, value: &str) -> Result<Changed> {
    set(env, &own(env), &KeyPath::parse(key).unwrap(), &NewValue::parse(value))
}

#[test]
fn a_first_key_makes_the_file_and_its_folder() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let changed = set_text(&env, "models.bedrockDiscovery.region", "eu-west-1").unwrap();
    let path = home.path().join(".config/outcrop/config.json5");
    assert_eq!(changed, Changed { path: path.clone(), replaces: None, notes: vec![] });
    let expected = "{\n  models: {\n    bedrockDiscovery: {\n      region: \"eu-west-1\",\n    },\n  },\n}\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the file and its lock: {names:?}");
}

#[test]
fn a_refused_change_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    for (key, value, problem) in [
        ("modle", "m", "there is no such key"),
        ("chat.maxTokens", "many", "expected a whole number from 1, found `\"many\"`"),
        ("chat.maxTokens.x", "1", "expected a whole number from 1, found an object"),
        ("models.bedrockDiscovery.region", "5", "expected a region's name, found `5`"),
        (
            "model",
            "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl",
            "the value looks like a Bedrock API key; secrets do not belong in this file",
        ),
        ("models.providers.openai.baseUrl", "http://h", "there is no such key"),
    ] {
        match set_text(&env, key, value) {
            Err(Error::Config(found)) => assert_eq!(found.problem, problem, "{key}"),
            other => panic!("{key}: {other:?}"),
        }
    }
    assert!(!home.path().join(".config").exists());
    let path = own(&env).path;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "{ broken").unwrap();
    assert!(matches!(set_text(&env, "model", "m"), Err(Error::ConfigSyntax(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "{ broken");
}

#[test]
fn a_wrong_file_can_be_repaired_key_by_key() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let path = own(&env).path;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "{\n  modle: 'x',\n  chat: { maxTokens: 'y' },\n}\n").unwrap();
    set_text(&env, "model", "m").unwrap();
    set_text(&env, "chat.maxTokens", "5").unwrap();
    unset(&env, &own(&env), &KeyPath::parse("modle").unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  chat: { maxTokens: 5 },\n  model: \"m\",\n}\n");
}

/// One wrong value for another of the same kind is refused as the first would have been.
#[test]
fn a_problem_of_the_key_itself_counts_though_it_was_there() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let path = own(&env).path;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "{ model: 'AKIAIOSFODNN7EXAMPLE', modle: 1, modles: { x: 1 } }";
    fs::write(&path, text).unwrap();
    for (key, value) in
        [("model", "ASIAIOSFODNN7EXAMPLE"), ("modle", "2"), ("modles.x", "2"), ("modles.y", "2")]
    {
        assert!(matches!(set_text(&env, key, value), Err(Error::Config(_))), "{key}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    set_text(&env, "chat.maxTokens", "2").unwrap();
    set_text(&env, "model", "m").unwrap();
}

#[test]
fn a_lock_that_is_never_given_up_ends_the_wait() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("c.json5");
    let held = lock(&target, Duration::ZERO).unwrap();
    let refused = lock(&target, Duration::ZERO).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    assert!(refused.to_string().ends_with("c.json5.lock`"), "{refused}");
    drop(held);
    lock(&target, Duration::ZERO).unwrap();
}

#[test]
fn what_a_killed_writer_left_is_no_hindrance() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let path = set_text(&env, "model", "a").unwrap().path;
    fs::write(beside(&path, ".tmp"), "half of a fi").unwrap();
    set_text(&env, "model", "b").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  model: \"b\",\n}\n");
    assert!(!beside(&path, ".tmp").exists());
}

#[test]
fn what_is_still_missing_is_a_note() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let guardrail = "plugins.entries.amazon-bedrock.config.guardrail";
    let first = set_text(&env, &format!("{guardrail}.guardrailIdentifier"), "gr-1").unwrap();
    assert_eq!(first.notes, [format!("`{guardrail}`: `guardrailVersion` is missing")]);
    let second = set_text(&env, &format!("{guardrail}.guardrailVersion"), "DRAFT").unwrap();
    assert_eq!(second.notes, Vec::<String>::new());
    let key = set_text(&env, "models.providers.bedrock.apiKey", "${MY_KEY}").unwrap();
    assert_eq!(key.notes, ["`models.providers.amazon-bedrock.apiKey`: the variable `MY_KEY` is not set"]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (link, target) = (home.path().join("link.json5"), home.path().join("dotfiles/real.json5"));
    fs::create_dir(home.path().join("dotfiles")).unwrap();
    std::os::unix::fs::symlink("dotfiles/real.json5", &link).unwrap();
    let location = Location { path: link.clone(), owner: Owner::Outcrop, origin: Origin::Flag("--config") };
    for (value, text) in [("a", "{\n  model: \"a\",\n}\n"), ("b", "{\n  model: \"b\",\n}\n")] {
        let changed =
            set(&env(home.path()), &location, &KeyPath::parse("model").unwrap(), &NewValue::text(value))
                .unwrap();
        assert_eq!(changed.path, target);
        assert_eq!(fs::read_to_string(&target).unwrap(), text);
    }
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let turn = home.path().join("turn");
    std::os::unix::fs::symlink("turn", &turn).unwrap();
    assert!(follow_links(&turn).is_err());
}

#[test]
fn a_first_file_of_our_own_begins_with_what_openclaws_said() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let theirs = home.path().join(".openclaw/openclaw.json");
    fs::create_dir(theirs.parent().unwrap()).unwrap();
    let text = r#"{ gateway: { port: 1 }, agents: { defaults: { model: "amazon-bedrock/m", workspace: "w" } },
  models: { providers: { bedrock: { headers: { h: "${H}" } } } } }"#;
    fs::write(&theirs, text).unwrap();
    let changed = set_text(&env, "models.bedrockDiscovery.enabled", "false").unwrap();
    assert_eq!(changed.replaces.as_ref(), Some(&theirs));
    assert_eq!(fs::read_to_string(&theirs).unwrap(), text);
    let ours = Document::parse(fs::read_to_string(&changed.path).unwrap()).unwrap();
    assert!(ours.text.starts_with("// Begun with the settings that outcrop had read from "));
    assert_eq!(
        ours.root.unwrap().to_value(),
        json!({
            "agents": { "defaults": { "model": "amazon-bedrock/m" } },
            "models": {
                "providers": { "amazon-bedrock": { "headers": { "h": "${H}" } } },
                "bedrockDiscovery": { "enabled": false },
            },
        })
    );
    assert_eq!(set_text(&env, "model", "m").unwrap().replaces, None);
}

#[test]
fn writers_at_once_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    std::thread::scope(|scope| {
        for at in 0..8 {
            let env = &env;
            scope.spawn(move || set_text(env, &format!("aliases.a{at}"), "m").unwrap());
        }
    });
    let config = crate::config::Config::load(&env, &ConfigChoice::Search).unwrap();
    assert_eq!(config.aliases.len(), 8);
}

#[test]
fn what_is_not_there_cannot_be_taken_out() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path());
    let problem = |key: &str| match unset(&env, &own(&env), &KeyPath::parse(key).unwrap()) {
        Err(Error::Config(found)) => (found.problem, found.hints.into_iter().next().unwrap()),
        other => panic!("{key}: {other:?}"),
    };
    let nothing = ("it is not set".to_owned(), "the file is empty or does not exist".to_owned());
    assert_eq!(problem("model"), nothing);
    assert_eq!(problem("models.providers.bedrock.models[0].params.x.y"), nothing);
    let unknown = ("there is no such key".to_owned(), "did you mean `models.bedrockDiscovery`?".to_owned());
    assert_eq!(problem("models.bedrockDiscovry"), unknown);
    assert!(!home.path().join(".config").exists());
    set_text(&env, "model", "m").unwrap();
    assert_eq!(problem("aliases.x").1, "see what is set with `outcrop config get`");
}
