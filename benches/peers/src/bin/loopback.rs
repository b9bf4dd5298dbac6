//! A server on loopback that answers ConverseStream, and a stopwatch for programs that call it.
//!
//! `loopback serve` prints its URL and answers until it is killed. The model in the path names the workload of the
//! answer: `/model/short/converse-stream`. `loopback starts http|https ROUNDS PROGRAM...` runs the programs by turns
//! and prints the time from spawn to the first byte of each one's request, in milliseconds. With `https` that byte
//! begins the TLS handshake, and the program is killed there.

use peers::Stream;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    match words.as_slice() {
        ["serve"] => serve(&listener),
        ["starts", scheme, rounds, programs @ ..] => {
            starts(&listener, scheme, rounds.parse().expect("a number"), programs);
        }
        _ => panic!("loopback serve | starts http|https ROUNDS PROGRAM..."),
    }
}

fn serve(listener: &TcpListener) {
    let answers: HashMap<&str, Vec<u8>> =
        ["short", "long"].map(|name| (name, answer(&Stream::of(name).expect("a workload")))).into();
    println!("http://{}", listener.local_addr().expect("an address"));
    for connection in listener.incoming().flatten() {
        // A client that goes away ends its own answer, and nobody else's.
        let _ = respond(connection, &answers);
    }
}

fn starts(listener: &TcpListener, scheme: &str, rounds: usize, programs: &[&str]) {
    let answers: HashMap<&str, Vec<u8>> =
        [("short", answer(&Stream::of("short").expect("a workload")))].into();
    let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
    let mut times = vec![Vec::new(); programs.len()];
    for round in 0..rounds + 2 {
        for (program, times) in programs.iter().zip(&mut times) {
            let began = Instant::now();
            let mut child = command(program, &url).spawn().expect("the program");
            let (connection, _) = listener.accept().expect("a connection");
            connection.peek(&mut [0]).expect("a byte");
            let elapsed = began.elapsed();
            if scheme == "http" {
                respond(connection, &answers).expect("a request");
                assert!(child.wait().expect("an end").success(), "{program} failed");
            } else {
                child.kill().expect("its end");
                child.wait().expect("an end");
            }
            // The first two rounds bring the files into memory.
            if round >= 2 {
                times.push(elapsed);
            }
        }
    }
    for (program, mut times) in programs.iter().zip(times) {
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("{program} {:.2} {:.2}", ms(times[times.len() / 2]), ms(times[0]));
    }
}

/// The program with keys and the endpoint, and nothing else of this process' environment.
fn command(program: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("short").env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.envs([
        ("AWS_ACCESS_KEY_ID", "AKIDEMO0OUTCROP00001"),
        ("AWS_SECRET_ACCESS_KEY", "demoSecretOfTheOutcropEmulator/IsPublic+"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url),
    ]);
    command
}

/// Head and body, in chunks of 16 KiB.
fn answer(stream: &Stream) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
        x-amzn-requestid: 00000000-0000-0000-0000-000000000000\r\ntransfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for chunk in stream.cut(peers::Cut::Every(16 * 1024)) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(&chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

/// Reads one request and answers it.
fn respond(connection: TcpStream, answers: &HashMap<&str, Vec<u8>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(&connection);
    let (mut head, mut length) = (String::new(), 0);
    reader.read_line(&mut head)?;
    let model = head.split('/').nth(2).unwrap_or_default().to_owned();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
    if let Some(answer) = answers.get(model.as_str()) {
        (&connection).write_all(answer)?;
    }
    Ok(())
}
