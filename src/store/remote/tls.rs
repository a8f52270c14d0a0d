//! TLS to a service: whose certificates are trusted, and why somebody who answers is not talked to.
//!
//! Certificates are the system's, and those of a file that the caller names, as for a company's own authority.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::{CertificateError, crypto::ring};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::{Error, Result};

/// Where systems keep the certificates that they trust, all in one file; the first that is there counts.
const OF_THE_SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Why somebody who answers is not talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody who is trusted vouches for the certificate.
    UnknownIssuer,
    /// The certificate is for another name.
    OtherName,
    /// The certificate is not valid yet, or not any more.
    NotNow,
    /// The certificate is bad in another way.
    BadCertificate,
    /// TLS was asked for, and the answer is none.
    NoTls,
    /// HTTP was asked for, and the answer is none.
    NoHttp,
}

impl std::fmt::Display for Distrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Distrust::UnknownIssuer => "nobody who is trusted here vouches for its certificate",
            Distrust::OtherName => "its certificate is for another name",
            Distrust::NotNow => "its certificate is not valid at this time",
            Distrust::BadCertificate => "its certificate is refused",
            Distrust::NoTls => "what answers there speaks no TLS",
            Distrust::NoHttp => "what answers there speaks no HTTP",
        })
    }
}

impl std::error::Error for Distrust {}

/// How TLS is spoken: trusting the system's certificates, and those in `ca_file`, as PEM.
///
/// # Errors
/// `Io` for a file that cannot be read, `Invalid` for one with no certificate in it.
pub(super) fn config(ca_file: Option<&Path>) -> Result<TlsConfig> {
    let mut trusted = Vec::new();
    // A system that has none may be reached by one that is named.
    if let Some(pem) = OF_THE_SYSTEM.iter().find_map(|path| fs::read(path).ok()) {
        trusted.extend(certificates(&pem));
    }
    if let Some(path) = ca_file {
        let before = trusted.len();
        trusted.extend(certificates(&fs::read(path).map_err(|cause| Error::io_at("read", path, cause))?));
        if trusted.len() == before {
            let path = path.display().to_string();
            return Err(Error::invalid("file of certificates", &path, "there is none in it, as PEM"));
        }
    }
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(trusted)))
        .build())
}

fn certificates(pem: &[u8]) -> Vec<ureq::tls::Certificate<'static>> {
    let items = parse_pem(pem).filter_map(std::result::Result::ok);
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    items.filter_map(certificate).collect()
}

/// What an error says of who answers; `None` where nobody does, or nobody is to blame.
pub(super) fn distrust(error: &ureq::Error, is_tls: bool) -> Option<Distrust> {
    let inner = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        ureq::Error::Protocol(_) if !is_tls => return Some(Distrust::NoHttp),
        _ => return None,
    };
    Some(match inner {
        rustls::Error::InvalidCertificate(why) => match why {
            // Of a bad signature: somebody of the same name is trusted, with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::OtherName,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Distrust::NotNow,
            _ => Distrust::BadCertificate,
        },
        rustls::Error::InvalidMessage(_) => Distrust::NoTls,
        _ => return None,
    })
}
