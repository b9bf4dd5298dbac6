//! Reads the private key of a P-256 key file: PEM around SEC1 (`EC PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`).
//!
//! The signing library takes PKCS#8 alone, and the sign-in program writes SEC1; both hold the same two byte
//! strings, which is all that is taken from them. It checks structure, not whether the keys belong together: that
//! the signing library does.
//!
//! See RFC 5915 and RFC 5208.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The two halves of a key pair.
pub(super) struct KeyBytes {
    /// The scalar, 32 bytes.
    pub(super) private: Zeroizing<Vec<u8>>,
    /// The point without compression: `04`, then x and y of 32 bytes each.
    pub(super) public: Vec<u8>,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const BIT_STRING: u8 = 0x03;
/// The second optional field of an EC private key: the public key.
const PUBLIC_KEY: u8 = 0xa1;

/// Reads a PEM text; `None` when it holds no such key. Line ends may be written as `\n` in two characters.
pub(super) fn read_pem(text: &str) -> Option<KeyBytes> {
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    let body = text.split_once("-----BEGIN ")?.1.split_once("-----")?.1.split_once("-----END")?.0;
    let body: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    let mut rest = der.as_slice();
    let mut inner = take(&mut rest, SEQUENCE)?;
    let version = take(&mut inner, INTEGER)?;
    match version {
        // PKCS#8: the algorithm, then the SEC1 structure as a byte string.
        [0] => {
            take(&mut inner, SEQUENCE)?;
            let mut wrapped = take(&mut inner, OCTET_STRING)?;
            let mut inner = take(&mut wrapped, SEQUENCE)?;
            (take(&mut inner, INTEGER)? == [1]).then(|| read_sec1(inner))?
        }
        [1] => read_sec1(inner),
        _ => None,
    }
}

/// What follows the version of an EC private key.
fn read_sec1(mut rest: &[u8]) -> Option<KeyBytes> {
    let private = take(&mut rest, OCTET_STRING)?;
    let mut public = None;
    while let Some(tag) = rest.first().copied() {
        let mut field = take(&mut rest, tag)?;
        if tag == PUBLIC_KEY {
            public = take(&mut field, BIT_STRING);
        }
    }
    // The first byte counts unused bits.
    let (unused, public) = public?.split_first()?;
    let is_whole = *unused == 0 && private.len() == 32 && public.len() == 65 && public.first() == Some(&4);
    is_whole.then(|| KeyBytes { private: Zeroizing::new(private.to_vec()), public: public.to_vec() })
}

/// Takes one element with this tag off the front and gives its content.
fn take<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, after) = rest.split_first()?;
    let (first, after) = after.split_first()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81 => after.split_first().map(|(length, after)| (usize::from(*length), after))?,
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    (*found == tag).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::read_pem;
    use proptest::prelude::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    /// A PKCS#8 key, the same as SEC1, and its public half.
    fn keys() -> (String, String, Vec<u8>) {
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        // The SEC1 structure is the last byte string of the PKCS#8 one.
        let sec1 = &pkcs8.as_ref()[29..];
        (pem("PRIVATE KEY", pkcs8.as_ref()), pem("EC PRIVATE KEY", sec1), pair.public_key().as_ref().to_vec())
    }

    fn pem(label: &str, der: &[u8]) -> String {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let (first, second) = body.split_at(64);
        format!("-----BEGIN {label}-----\n{first}\n{second}\n-----END {label}-----\n")
    }

    #[test]
    fn both_forms_and_escaped_line_ends_give_the_same_key() {
        let (pkcs8, sec1, public) = keys();
        for text in [&pkcs8, &sec1, &sec1.replace('\n', "\\n")] {
            let found = read_pem(text).unwrap();
            assert_eq!(found.public, public);
            assert_eq!(found.private.len(), 32);
        }
    }

    #[test]
    fn a_damaged_key_is_none() {
        let (_, sec1, _) = keys();
        for text in [
            "",
            "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----",
            &sec1[..80],
            &sec1.replacen("M", "N", 1),
        ] {
            assert!(read_pem(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(der: Vec<u8>) {
            use base64::Engine as _;
            let body = base64::engine::general_purpose::STANDARD.encode(der);
            let _ = read_pem(&format!("-----BEGIN X-----{body}-----END X-----"));
        }
    }
}
