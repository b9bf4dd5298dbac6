//! Proxies as the environment names them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.
//!
//! Lower-case names go before upper-case ones, as in curl. Metadata services, container endpoints and
//! loopback addresses are never called through a proxy: their answers are credentials, and no proxy can
//! reach them for us.

use crate::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Origin;

/// Hosts that are always called directly.
const DIRECT: &str = "localhost,127.0.0.0/8,::1,169.254.169.254,169.254.170.2,169.254.170.23,\
                      fd00:ec2::254,fd00:ec2::23";

/// The proxies to use.
#[derive(Clone, Default)]
pub struct Proxies {
    https: Option<(String, String)>,
    http: Option<(String, String)>,
    exceptions: String,
}

/// Names of the variables only: a proxy's URL may hold a password.
impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries([&self.https, &self.http].into_iter().flatten().map(|(name, _)| name)).finish()
    }
}

impl Proxies {
    /// Reads the variables. Empty values count as absent.
    pub fn from_env(env: &Env) -> Self {
        let first = |names: &[&str]| {
            names.iter().find_map(|&name| Some((name.to_owned(), env.get_non_blank(name)?.trim().to_owned())))
        };
        // A web server hands the request header `Proxy` to CGI programs as HTTP_PROXY: not to be trusted.
        let http_names: &[&str] = if env.is_set("REQUEST_METHOD") {
            &["http_proxy", "all_proxy", "ALL_PROXY"]
        } else {
            &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        };
        let exceptions = first(&["no_proxy", "NO_PROXY"]).map(|(_, hosts)| hosts);
        Self {
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            http: first(http_names),
            exceptions: exceptions.map_or_else(|| DIRECT.to_owned(), |hosts| format!("{hosts},{DIRECT}")),
        }
    }

    pub(super) fn any_is_https(&self) -> bool {
        let is_https = |proxy: &Option<(String, String)>| {
            proxy
                .as_ref()
                .is_some_and(|(_, url)| url.get(..6).is_some_and(|s| s.eq_ignore_ascii_case("https:")))
        };
        is_https(&self.https) || is_https(&self.http)
    }

    pub(super) fn to_reqwest(&self) -> Result<Vec<reqwest::Proxy>> {
        let mut proxies = Vec::new();
        for (proxy, is_https) in [(&self.https, true), (&self.http, false)] {
            let Some((name, url)) = proxy else { continue };
            let known = ["http://", "https://"].iter().any(|scheme| {
                url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            if !known && url.contains("://") {
                return Err(refused(name, "only http and https proxies are supported"));
            }
            let made = if is_https { reqwest::Proxy::https(url) } else { reqwest::Proxy::http(url) };
            let proxy = made.map_err(|_| refused(name, "it is no proxy URL"))?;
            proxies.push(proxy.no_proxy(reqwest::NoProxy::from_string(&self.exceptions)));
        }
        Ok(proxies)
    }
}

fn refused(name: &str, problem: &str) -> Error {
    Error::Config(Box::new(ConfigProblem {
        origin: Origin::Variable(name.to_owned()),
        key: None,
        problem: problem.to_owned(),
        hints: vec![format!("set `{name}` to a URL like `http://proxy.example:3128`")],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_in_order_of_strength() {
        let env = Env::empty().with("HTTPS_PROXY", "http://b:1").with("https_proxy", "http://a:1");
        assert_eq!(Proxies::from_env(&env).https.unwrap().1, "http://a:1");
        let env = Env::empty().with("ALL_PROXY", "http://c:1").with("HTTP_PROXY", "");
        assert_eq!(Proxies::from_env(&env).http.unwrap().1, "http://c:1");
        let cgi = Env::empty().with("HTTP_PROXY", "http://evil:1").with("REQUEST_METHOD", "GET");
        assert!(Proxies::from_env(&cgi).http.is_none());
    }

    #[test]
    fn a_bad_url_names_its_variable_and_hides_the_value() {
        let env = Env::empty().with("HTTPS_PROXY", "http://user:hunter2@[bad");
        let proxies = Proxies::from_env(&env);
        let error = proxies.to_reqwest().unwrap_err().to_string();
        assert_eq!(error, "`HTTPS_PROXY` cannot be used: it is no proxy URL");
        assert_eq!(format!("{proxies:?}"), r#"["HTTPS_PROXY"]"#);
        let socks = Env::empty().with("ALL_PROXY", "socks5://127.0.0.1:1");
        let error = Proxies::from_env(&socks).to_reqwest().unwrap_err().to_string();
        assert_eq!(error, "`ALL_PROXY` cannot be used: only http and https proxies are supported");
    }
}
