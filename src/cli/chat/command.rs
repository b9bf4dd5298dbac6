//! The commands of a conversation: lines that begin with `/`.

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// Not a command: something to say.
    Say(&'a str),
    Model(&'a str),
    /// `None`: show it.
    System(Option<&'a str>),
    Image(&'a str),
    File(&'a str),
    Thinking(&'a str),
    Save(&'a str),
    Load(&'a str),
    Clear,
    Undo,
    Usage,
    Help,
    Exit,
}

/// What `/help` prints.
pub(super) const HELP: &str = "\
/model NAME      go on with another model
/system [TEXT]   set the system prompt, or show it
/image FILE      send a picture along with the next turn
/file FILE       send a document along with the next turn
/thinking LEVEL  off, minimal, low, medium, high, xhigh, max
/save NAME|FILE  keep the conversation from here on
/load NAME|FILE  go on with a conversation that was kept
/undo            take the last turn back
/clear           begin anew
/usage           tokens and cost so far
/exit            leave; so does Ctrl-D
A line that ends in \\ goes on in the next one. // begins a line that begins with /.
";

impl<'a> Command<'a> {
    /// Reads a line, or says what is wrong with it.
    pub(super) fn read(line: &'a str) -> Result<Self, String> {
        let Some(rest) = line.strip_prefix('/') else { return Ok(Self::Say(line)) };
        if rest.starts_with('/') {
            return Ok(Self::Say(rest));
        }
        let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let argument = Some(argument.trim()).filter(|argument| !argument.is_empty());
        let needed = |make: fn(&'a str) -> Self, what: &str| {
            argument.map(make).ok_or_else(|| format!("`/{name}` needs {what}"))
        };
        let alone = |command: Self| match argument {
            None => Ok(command),
            Some(_) => Err(format!("`/{name}` stands alone")),
        };
        match name {
            "model" => needed(Self::Model, "a model"),
            "system" => Ok(Self::System(argument)),
            "image" => needed(Self::Image, "a file"),
            "file" => needed(Self::File, "a file"),
            "thinking" => needed(Self::Thinking, "a level"),
            "save" => needed(Self::Save, "a name or a file"),
            "load" => needed(Self::Load, "a name or a file"),
            "clear" => alone(Self::Clear),
            "undo" => alone(Self::Undo),
            "usage" => alone(Self::Usage),
            "help" | "?" => alone(Self::Help),
            "exit" | "quit" => alone(Self::Exit),
            _ => Err(format!("there is no command `/{name}`; see `/help`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_said_or_are_commands() {
        for (line, expected) in [
            ("hi", Ok(Command::Say("hi"))),
            ("//etc/passwd", Ok(Command::Say("/etc/passwd"))),
            ("/model  nova ", Ok(Command::Model("nova"))),
            ("/system", Ok(Command::System(None))),
            ("/system Be brief.", Ok(Command::System(Some("Be brief.")))),
            ("/image a b.png", Ok(Command::Image("a b.png"))),
            ("/quit", Ok(Command::Exit)),
            ("/?", Ok(Command::Help)),
            ("/model", Err("needs a model")),
            ("/undo all", Err("stands alone")),
            ("/usr/bin", Err("no command `/usr/bin`")),
            ("/", Err("no command `/`")),
        ] {
            match (Command::read(line), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{line}"),
                (Err(said), Err(part)) => assert!(said.contains(part), "{line}: {said}"),
                (read, _) => panic!("{line}: {read:?}"),
            }
        }
    }

    #[test]
    fn every_command_of_the_help_exists() {
        for line in HELP.lines().filter(|line| line.starts_with('/') && !line.starts_with("//")) {
            let name = line.split_whitespace().next().unwrap();
            let read = Command::read(name);
            assert!(!matches!(&read, Err(said) if said.contains("no command")), "{name}");
        }
    }
}
