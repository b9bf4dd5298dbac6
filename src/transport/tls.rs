//! TLS configuration: rustls with ring, bundled roots, and one more certificate file if asked for.
//!
//! The only file that names rustls. The system's certificate folder is not read: about 150 files at each
//! start would cost more than the rest of a short call.

use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Sourced;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;

/// Trusts the bundled roots, and the certificates of `ca_bundle`.
pub(super) fn trusting(ca_bundle: Option<&Sourced<PathBuf>>) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(bundle) = ca_bundle {
        add_file(&mut roots, bundle)?;
    }
    configure(roots)
}

/// Trusts nothing: for clients that never speak TLS.
pub(super) fn without_roots() -> Result<ClientConfig> {
    configure(RootCertStore::empty())
}

fn configure(roots: RootCertStore) -> Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::InvalidRequest(format!("no TLS configuration: {error}").into()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What ring offers, without signing: a client that shows no certificate need not carry it.
fn provider() -> CryptoProvider {
    CryptoProvider { key_provider: &NoClientKeys, ..rustls::crypto::ring::default_provider() }
}

/// Client certificates are not offered.
#[derive(Debug)]
struct NoClientKeys;

impl KeyProvider for NoClientKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> std::result::Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("client certificates are not supported".into()))
    }
}

fn add_file(roots: &mut RootCertStore, bundle: &Sourced<PathBuf>) -> Result<()> {
    let path = bundle.value.display();
    let broken = |problem: String| {
        Error::Config(Box::new(ConfigProblem {
            origin: bundle.origin.clone(),
            key: None,
            problem,
            hints: vec!["name a PEM file that begins with `-----BEGIN CERTIFICATE-----`".into()],
        }))
    };
    let certificates = CertificateDer::pem_file_iter(&bundle.value)
        .map_err(|error| broken(format!("the certificate file `{path}` cannot be read ({error})")))?;
    let mut added = 0;
    for certificate in certificates {
        let certificate =
            certificate.map_err(|error| broken(format!("`{path}` is no PEM file ({error})")))?;
        // Bundles of operating systems hold a few old certificates that cannot be used as trust anchors:
        // they are passed over, as curl and OpenSSL do.
        added += usize::from(roots.add(certificate).is_ok());
    }
    if added == 0 {
        return Err(broken(format!("`{path}` holds no certificate that can be used")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    #[test]
    fn a_broken_certificate_file_names_the_file_and_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let bundle = Sourced::new(path.clone(), Origin::Variable("AWS_CA_BUNDLE".into()));
        let missing = trusting(Some(&bundle)).unwrap_err().to_string();
        assert!(missing.starts_with("`AWS_CA_BUNDLE` cannot be used: the certificate file"), "{missing}");
        for text in
            ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            std::fs::write(&path, text).unwrap();
            let error = trusting(Some(&bundle)).unwrap_err().to_string();
            assert!(error.contains("ca.pem") && error.contains("AWS_CA_BUNDLE"), "{error}");
        }
    }

    #[test]
    fn the_bundled_roots_are_there_without_any_file() {
        assert!(trusting(None).is_ok());
        assert!(without_roots().is_ok());
    }
}
