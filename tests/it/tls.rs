//! TLS against a server on loopback with a certificate authority of its own: trusted when it is named,
//! refused when it is not, refused for another name.

use crate::support::{Ran, Server, program_against, run};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Ends TLS and hands the bytes on to the emulator.
struct Front {
    port: u16,
    ca_file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Front {
    /// A server whose certificate is for `name`.
    fn start(name: &str, upstream: String) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, ca_pem).unwrap();
        Self { port: serve(config, upstream), ca_file, _folder: folder }
    }
}

fn serve(config: ServerConfig, upstream: String) -> u16 {
    let (sender, port) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap().port()).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    let Ok(mut secure) = acceptor.accept(socket).await else { return };
                    let mut plain = tokio::net::TcpStream::connect(upstream).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut secure, &mut plain).await;
                });
            }
        });
    });
    port.recv().unwrap()
}

fn chat(front: &Front, host: &str, extra: &[&str]) -> Ran {
    let url = format!("https://{host}:{}", front.port);
    let mut arguments = vec!["chat", "-m", "amazon.nova-lite-v1:0", "--max-attempts", "1", "hello"];
    arguments.extend(extra);
    run(&mut program_against(&url), &arguments)
}

#[test]
fn a_named_authority_is_trusted() {
    let server = Server::start();
    let front = Front::start("localhost", server.authority().to_owned());
    let ran = chat(&front, "localhost", &["--ca-bundle", front.ca_file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.is_empty());
}

#[test]
fn the_variable_names_an_authority_too() {
    let server = Server::start();
    let front = Front::start("localhost", server.authority().to_owned());
    let url = format!("https://localhost:{}", front.port);
    let mut program = program_against(&url);
    program.env("AWS_CA_BUNDLE", &front.ca_file);
    let ran = run(&mut program, &["chat", "-m", "amazon.nova-lite-v1:0", "hello"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn an_unknown_authority_is_refused() {
    let server = Server::start();
    let front = Front::start("localhost", server.authority().to_owned());
    let ran = chat(&front, "localhost", &[]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.starts_with("error: cannot set up TLS with `localhost:"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("UnknownIssuer") && ran.stderr.contains("`--ca-bundle FILE`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = Server::start();
    let front = Front::start("other.example", server.authority().to_owned());
    let ran = chat(&front, "localhost", &["--ca-bundle", front.ca_file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cannot set up TLS") && ran.stderr.contains("other.example"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_certificate_file_that_is_none_is_a_configuration_error() {
    let server = Server::start();
    let front = Front::start("localhost", server.authority().to_owned());
    let ran = chat(&front, "localhost", &["--ca-bundle", "/nowhere/ca.pem"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("`--ca-bundle` cannot be used"), "{}", ran.stderr);
}
