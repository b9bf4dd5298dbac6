//! The proof that a request comes from the machine that signed in: a signed token about this very request (DPoP).
//!
//! See [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449).

use super::der;
use crate::time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;
use std::time::SystemTime;

/// The `DPoP` header for a request.
pub(super) fn proof(pem: &str, method: &str, url: &str, now: SystemTime) -> Result<String, &'static str> {
    let key = der::read_pem(pem).ok_or("`dpopKey` is no P-256 key with its public half")?;
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &key.private,
        &key.public,
        &random,
    )
    .map_err(|_| "the halves of `dpopKey` do not belong together")?;
    let coordinate =
        |from: usize| URL_SAFE_NO_PAD.encode(key.public.get(from..from + 32).unwrap_or_default());
    let header = json!({
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": { "kty": "EC", "crv": "P-256", "x": coordinate(1), "y": coordinate(33) },
    });
    let claims = json!({
        "htm": method,
        "htu": url,
        "iat": time::unix_seconds(now),
        "jti": uuid(&random).ok_or("there are no random numbers")?,
    });
    let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = pair.sign(&random, signed.as_bytes()).map_err(|_| "`dpopKey` cannot sign")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A random UUID (version 4).
fn uuid(random: &SystemRandom) -> Option<String> {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes).ok()?;
    let number = u128::from_be_bytes(bytes);
    // The version, then the variant.
    let number = number & !(0xf << 76) | 0x4 << 76;
    let number = number & !(0x3 << 62) | 0x2 << 62;
    let digits = format!("{number:032x}");
    let groups =
        [digits.get(..8)?, digits.get(8..12)?, digits.get(12..16)?, digits.get(16..20)?, digits.get(20..)?];
    Some(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};

    #[test]
    fn a_proof_is_about_the_request_and_its_signature_holds() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let body = base64::engine::general_purpose::STANDARD.encode(pkcs8.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
        let now = time::from_unix_seconds(1_735_787_045).unwrap();
        let proof = proof(&pem, "POST", "https://h/v1/token", now).unwrap();
        let (signed, signature) = proof.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &decode(signature))
            .unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header: serde_json::Value = serde_json::from_slice(&decode(header)).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&decode(claims)).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert_eq!(decode(header["jwk"]["x"].as_str().unwrap()), pair.public_key().as_ref()[1..33]);
        assert_eq!(decode(header["jwk"]["y"].as_str().unwrap()), pair.public_key().as_ref()[33..]);
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://h/v1/token")));
        assert_eq!(claims["iat"], 1_735_787_045);
    }

    #[test]
    fn identifiers_are_random_and_of_version_4() {
        let random = SystemRandom::new();
        let (one, other) = (uuid(&random).unwrap(), uuid(&random).unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!("89ab".contains(&one[19..20]), "{one}");
    }

    #[test]
    fn a_key_that_cannot_be_read_is_named_and_not_shown() {
        let error = proof("secret", "POST", "https://h/", time::now()).unwrap_err();
        assert!(error.contains("dpopKey") && !error.contains("secret"));
    }
}
