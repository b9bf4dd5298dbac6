//! Tools in a loop, with calls that run at the same time: `cargo run --example tools [-- MODEL [PROMPT]]`.
//!
//! With a model it asks Bedrock with what the environment offers; without one it asks the emulator, which needs
//! no account and calls the tools whose names stand in the prompt.

use outcrop::auth::Credentials;
use outcrop::converse::{
    ConverseRequest, ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolSpecification,
    ToolUseBlock,
};
use outcrop::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions,
};
use outcrop::stream::{BlockDelta, StreamEvent};
use outcrop::{Client, Env, Turn};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::time::Duration;
use tokio::task::JoinSet;

const PROMPT: &str = "What are the weather and the local_time in Reykjavik?";

/// How often tools may be called before the program gives up.
const ROUNDS: usize = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (model, prompt) = (arguments.next(), arguments.next());
    let emulator = match model {
        Some(_) => None,
        None => Some(Emulator::start(EmulatorOptions::default()).await?),
    };
    let client = match &emulator {
        None => Client::from_env(&Env::from_process())?,
        Some(emulator) => {
            writeln!(stderr(), "asking the emulator; to ask Bedrock, name a model")?;
            let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
            Client::builder().region("us-east-1").endpoint(emulator.url()).credentials(keys).build()?
        }
    };
    let request = ConverseRequest::new(model.as_deref().unwrap_or(DEMO_MODEL_ID))
        .system("Use the tools where they help, several at once where you can.")
        .tool(tool("weather", "The weather in a city at this moment."))
        .tool(tool("local_time", "The time of day in a city."));
    let mut conversation = client.conversation(request);

    print(conversation.say(prompt.as_deref().unwrap_or(PROMPT)).await?).await?;
    for _ in 0..ROUNDS {
        let calls: Vec<ToolUseBlock> = conversation.tool_calls().cloned().collect();
        if calls.is_empty() {
            return Ok(());
        }
        // All results go back in one message.
        let results = run_all(calls).await?;
        print(conversation.tool_results(results).await?).await?;
    }
    Err(format!("the model still calls tools after {ROUNDS} rounds").into())
}

fn tool(name: &str, description: &str) -> ToolSpecification {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
    });
    ToolSpecification::new(name, schema).description(description)
}

/// Shows an answer as it comes.
async fn print(mut turn: Turn<'_>) -> Result<(), Box<dyn Error>> {
    while let Some(event) = turn.next().await? {
        if let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. } = event {
            stdout().write_all(text.as_bytes())?;
            stdout().flush()?;
        }
    }
    writeln!(stdout())?;
    Ok(())
}

/// Runs the calls at the same time. The results are in the order of the calls.
async fn run_all(calls: Vec<ToolUseBlock>) -> Result<Vec<ToolResultBlock>, Box<dyn Error>> {
    let mut running = JoinSet::new();
    for (at, call) in calls.into_iter().enumerate() {
        running.spawn(async move { (at, run(call).await) });
    }
    let mut results = Vec::new();
    while let Some(done) = running.join_next().await {
        results.push(done?);
    }
    results.sort_by_key(|(at, _)| *at);
    for (_, (shown, _)) in &results {
        writeln!(stdout(), "  {shown}")?;
    }
    Ok(results.into_iter().map(|(_, (_, result))| result).collect())
}

/// Runs one call: a line for people, and the result for the model.
async fn run(call: ToolUseBlock) -> (String, ToolResultBlock) {
    let (status, text) = match answer(&call).await {
        Ok(text) => (ToolResultStatus::SUCCESS, text),
        // The model can make a better call when it hears what was wrong.
        Err(problem) => (ToolResultStatus::ERROR, problem),
    };
    let shown = format!("{}({}) -> {text}", call.name, call.input.as_json());
    let result = ToolResultBlock::new(call.tool_use_id, [ToolResultContentBlock::Text(text)]);
    (shown, ToolResultBlock { status: Some(status), ..result })
}

/// Stands for a slow service: two calls of half a second take half a second.
async fn answer(call: &ToolUseBlock) -> Result<String, String> {
    if call.input_problem.is_some() {
        return Err("the input is no whole JSON".to_owned());
    }
    let input: Value = call.input.to_value().map_err(|problem| problem.to_string())?;
    let city = input.get("city").and_then(Value::as_str).ok_or("`city` is missing")?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    match call.name.as_str() {
        "weather" => Ok(format!("4 degrees and drizzle in {city}")),
        "local_time" => Ok(format!("11:42 in {city}")),
        name => Err(format!("no tool is called `{name}`")),
    }
}
