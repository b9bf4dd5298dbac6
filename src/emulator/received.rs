//! A request as it came over the wire, for the operations and for the log that tests read.
//!
//! Nothing is decoded or normalised: the target is what stood in the request line, since the signature covers
//! exactly that.

use bytes::Bytes;

/// One request that the emulator received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query as they stood in the request line.
    pub target: String,
    /// Headers in the order in which they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Received {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path, still escaped.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// The query without `?`, still escaped; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

#[cfg(test)]
mod tests {
    use super::Received;
    use bytes::Bytes;

    #[test]
    fn target_and_headers_are_read_as_they_came() {
        let received = Received {
            method: "GET".to_owned(),
            target: "/a%2Fb?x=1&y=?".to_owned(),
            headers: vec![("host".to_owned(), "h".to_owned())],
            body: Bytes::new(),
        };
        assert_eq!((received.path(), received.query()), ("/a%2Fb", "x=1&y=?"));
        assert_eq!((received.header("host"), received.header("date")), (Some("h"), None));
    }
}
