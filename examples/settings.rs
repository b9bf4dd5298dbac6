//! Prints what the configuration file says of the models, and where: `cargo run --no-default-features --features
//! config --example settings`.

use outcrop::Env;
use outcrop::config::{Config, ConfigChoice};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(&Env::from_process(), &ConfigChoice::Search)?;
    let mut stdout = std::io::stdout().lock();
    if let Some(model) = &config.model {
        writeln!(stdout, "default: {} ({})", model.value, model.origin)?;
    }
    for (alias, model) in &config.aliases {
        writeln!(stdout, "{alias}: {} ({})", model.value, model.origin)?;
    }
    for model in &config.provider.models {
        writeln!(stdout, "written by hand: {} ({})", model.id.value, model.id.origin)?;
    }
    for warning in &config.warnings {
        writeln!(stdout, "warning: {warning}")?;
    }
    Ok(())
}
