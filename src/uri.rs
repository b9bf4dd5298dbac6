//! The few URI rules that requests need: one escaped path segment, query text, and the host as it is sent.
//!
//! Model ids hold `:` and `/`; on the wire an id is one path segment with every byte escaped but
//! `A-Z a-z 0-9 - _ . ~`. It does not parse whole URLs and normalises nothing: what is built here is what is
//! signed and what is sent.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Escapes `text` as one path segment or one query name or value: every byte but the unreserved ones.
///
/// ```
/// assert_eq!(outcrop::uri::encode_segment("anthropic.claude-v2:1"), "anthropic.claude-v2%3A1");
/// ```
pub fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for &byte in text.as_bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).map_or('0', |&digit| char::from(digit)));
            }
        }
    }
    out
}

/// Undoes [`encode_segment`]. `None` for a `%` without two hex digits, or for bytes that are no UTF-8.
pub fn decode_segment(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// Joins names and values into a query (without `?`), each escaped, in the order given.
pub fn encode_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&encode_segment(name));
        out.push('=');
        out.push_str(&encode_segment(value));
    }
    out
}

/// The parts of an absolute `http` or `https` URL, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// `http` or `https`, as written.
    pub scheme: &'a str,
    /// Host with its port if one is written: what follows `//`, without user information.
    pub authority: &'a str,
    /// Path with its leading `/`, or empty.
    pub path: &'a str,
    /// Query without `?`.
    pub query: Option<&'a str>,
}

/// Splits an absolute URL into its parts, without changing any. `None` when there is no scheme or no host.
pub fn split_url(url: &str) -> Option<UrlParts<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    (known && !authority.is_empty()).then_some(UrlParts { scheme, authority, path, query })
}

impl<'a> UrlParts<'a> {
    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https")
    }

    /// The `Host` header: the authority without a port that is the scheme's default.
    pub fn host_header(&self) -> &'a str {
        let default = if self.is_https() { ":443" } else { ":80" };
        self.authority.strip_suffix(default).unwrap_or(self.authority)
    }

    /// The host name alone: no port, no brackets around an IPv6 address.
    pub fn host_name(&self) -> &'a str {
        if let Some(rest) = self.authority.strip_prefix('[') {
            return rest.split(']').next().unwrap_or(rest);
        }
        self.authority.split(':').next().unwrap_or(self.authority)
    }

    /// Whether the host is `localhost`, in 127.0.0.0/8, or `::1`.
    pub fn is_loopback(&self) -> bool {
        let name = self.host_name();
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::{decode_segment, encode_query, encode_segment, split_url};

    #[test]
    fn model_ids_are_one_segment() {
        for (id, segment) in [
            ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x.y-v1:0",
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x.y-v1%3A0",
            ),
            ("a-b_c.d~e%f", "a-b_c.d~e%25f"),
            ("é ", "%C3%A9%20"),
        ] {
            assert_eq!(encode_segment(id), segment);
            assert_eq!(decode_segment(segment).as_deref(), Some(id));
        }
        assert_eq!(decode_segment("%4"), None);
        assert_eq!(decode_segment("%ff"), None);
    }

    #[test]
    fn queries_escape_plus_and_space() {
        assert_eq!(encode_query([("a b", "p+/="), ("c", "")]), "a%20b=p%2B%2F%3D&c=");
    }

    #[test]
    fn urls_are_split_as_written() {
        let table = [
            ("http://127.0.0.1:8080/base/x?y=1#z", "127.0.0.1:8080", "/base/x", Some("y=1")),
            ("https://h.example:443", "h.example", "", None),
            ("https://h.example:80/", "h.example:80", "/", None),
            ("http://[::1]:9/a%3Ab", "[::1]:9", "/a%3Ab", None),
        ];
        for (url, host, path, query) in table {
            let parts = split_url(url).unwrap();
            assert_eq!((parts.host_header(), parts.path, parts.query), (host, path, query), "{url}");
        }
        for bad in ["127.0.0.1:80", "ftp://x", "http:///x", ""] {
            assert_eq!(split_url(bad), None, "{bad}");
        }
    }

    #[test]
    fn loopback_hosts() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://10.0.0.1", false),
            ("http://localhost.evil.example", false),
        ] {
            assert_eq!(split_url(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }
}
