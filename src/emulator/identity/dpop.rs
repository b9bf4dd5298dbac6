//! Proofs that a caller holds a key: a JSON web token signed for one request, in the `DPoP` header.
//!
//! Checked are form, request, time and signature (ES256); that a proof is used once is not.
//!
//! <https://datatracker.ietf.org/doc/html/rfc9449#section-4.3>

use crate::emulator::verify::CLOCK_TOLERANCE;
use crate::time::{from_unix_seconds, unix_seconds};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::SystemTime;

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}

/// The public key. The private part must stay away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: i64,
    jti: String,
}

/// Checks the proof of a POST to `path` at `host`.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn check(proof: &str, host: &str, path: &str, now: SystemTime) -> Result<(), &'static str> {
    let (signed, signature) = proof.rsplit_once('.').ok_or("not three parts")?;
    let (header, claims) = signed.split_once('.').ok_or("not three parts")?;
    let header: Header = read(header).ok_or("the header cannot be read")?;
    let claims: Claims = read(claims).ok_or("the claims cannot be read")?;
    let key = public_key(&header)?;
    let signature = decode(signature).ok_or("the signature cannot be read")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "the signature does not fit")?;
    check_claims(&claims, host, path, now)
}

/// The point of the key, uncompressed.
fn public_key(header: &Header) -> Result<Vec<u8>, &'static str> {
    let Header { typ, alg, jwk: Jwk { kty, crv, x, y } } = header;
    if typ != "dpop+jwt" {
        return Err("its type is not dpop+jwt");
    }
    if alg != "ES256" || kty != "EC" || crv != "P-256" {
        return Err("its algorithm is not ES256");
    }
    let coordinate = |text: &str| decode(text).filter(|bytes| bytes.len() == 32).ok_or("its key is no point");
    Ok([vec![4], coordinate(x)?, coordinate(y)?].concat())
}

fn check_claims(claims: &Claims, host: &str, path: &str, now: SystemTime) -> Result<(), &'static str> {
    let Claims { htm, htu, iat, jti } = claims;
    if htm != "POST" {
        return Err("it is for another method");
    }
    // Whoever ends TLS before the emulator leaves no trace of it in the request.
    let is_for = |scheme: &str| *htu == format!("{scheme}://{host}{path}");
    if !is_for("http") && !is_for("https") {
        return Err("it is for another URL");
    }
    let apart = from_unix_seconds(*iat).map(|issued| unix_seconds(now).abs_diff(unix_seconds(issued)));
    if apart.is_none_or(|seconds| seconds > CLOCK_TOLERANCE.as_secs()) {
        return Err("it was made at another time");
    }
    if jti.is_empty() { Err("it has no id") } else { Ok(()) }
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&decode(part)?).ok()
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
pub(in crate::emulator) mod tests {
    use super::{URL_SAFE_NO_PAD, check};
    use crate::time::from_unix_seconds;
    use base64::Engine;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::{Value, json};
    use std::time::SystemTime;

    const IAT: i64 = 1_735_787_045;

    /// A proof for `url`, with changes to its header and claims before it is signed.
    pub(in crate::emulator) fn proof(url: &str, iat: i64, change: impl FnOnce(&mut Value)) -> String {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let mut parts = json!([
            {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}},
            {"htm": "POST", "htu": url, "iat": iat, "jti": "9d3a4a0e-5f0c-4c55-8a3f-0d6a5d1f2b11"},
        ]);
        change(&mut parts);
        let [header, claims] = [0, 1].map(|at| URL_SAFE_NO_PAD.encode(parts[at].to_string()));
        let signed = format!("{header}.{claims}");
        let signature = pair.sign(&random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn now() -> SystemTime {
        from_unix_seconds(IAT).unwrap()
    }

    fn outcome(proof: &str) -> Result<(), &'static str> {
        check(proof, "127.0.0.1:9", "/v1/token", now())
    }

    #[test]
    fn each_part_of_a_proof_is_checked() {
        type Change = fn(&mut Value);
        let cases: [(Change, Result<(), &str>); 14] = [
            (|_| {}, Ok(())),
            (|parts| parts[1]["htu"] = json!("https://127.0.0.1:9/v1/token"), Ok(())),
            (|parts| parts[1]["iat"] = json!(IAT - 300), Ok(())),
            (|parts| parts[1]["iat"] = json!(IAT - 301), Err("it was made at another time")),
            (|parts| parts[1]["iat"] = json!(IAT + 301), Err("it was made at another time")),
            (|parts| parts[1]["iat"] = json!(i64::MIN), Err("it was made at another time")),
            (|parts| parts[1]["htm"] = json!("GET"), Err("it is for another method")),
            (|parts| parts[1]["htu"] = json!("http://127.0.0.1:9/"), Err("it is for another URL")),
            (|parts| parts[1]["jti"] = json!(""), Err("it has no id")),
            (|parts| parts[0]["typ"] = json!("JWT"), Err("its type is not dpop+jwt")),
            (|parts| parts[0]["alg"] = json!("none"), Err("its algorithm is not ES256")),
            (|parts| parts[0]["jwk"]["x"] = json!("AAAA"), Err("its key is no point")),
            (|parts| parts[0]["jwk"]["d"] = json!("secret"), Err("the header cannot be read")),
            (|parts| parts[1]["iat"] = json!("now"), Err("the claims cannot be read")),
        ];
        for (change, expected) in cases {
            let proof = proof("http://127.0.0.1:9/v1/token", IAT, change);
            assert_eq!(outcome(&proof), expected);
        }
    }

    #[test]
    fn a_signature_of_another_key_does_not_fit() {
        let make = || proof("http://127.0.0.1:9/v1/token", IAT, |_| {});
        let (one, two) = (make(), make());
        let (signed, _) = one.rsplit_once('.').unwrap();
        let (_, signature) = two.rsplit_once('.').unwrap();
        for (proof, problem) in [
            (format!("{signed}.{signature}"), "the signature does not fit"),
            (format!("{signed}."), "the signature does not fit"),
            (format!("{signed}.?"), "the signature cannot be read"),
            (signed.to_owned(), "not three parts"),
            (format!("{signed}.x.{signature}"), "the claims cannot be read"),
            ("x.y".to_owned(), "not three parts"),
            (String::new(), "not three parts"),
        ] {
            assert_eq!(outcome(&proof), Err(problem), "{proof}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_proof(text in "\\PC{0,40}(\\.\\PC{0,40}){0,3}", header: Vec<u8>, claims: Vec<u8>) {
            proptest::prop_assert!(outcome(&text).is_err());
            let [header, claims] = [header, claims].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
            let proof = format!("{header}.{claims}.{header}");
            proptest::prop_assert!(outcome(&proof).is_err());
        }

        #[test]
        fn no_other_character_will_do(at in 0_usize..1_000, other in "[A-Za-z0-9_.-]") {
            let proof = proof("http://127.0.0.1:9/v1/token", IAT, |_| {});
            let at = at % proof.len();
            let mut changed = proof.clone();
            changed.replace_range(at..=at, &other);
            proptest::prop_assert_eq!(outcome(&changed).is_ok(), changed == proof);
        }
    }
}
