//! TLS: the certificate that the service shows, by rustls.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use veneer::{Error, Result};

/// Reads the certificate with those above it, and its key, both as PEM.
///
/// # Errors
/// `Io` for a file that cannot be read, `Invalid` for one with something else in it, or a key of another certificate.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let read = |path: &Path| std::fs::read(path).map_err(|cause| Error::io_at("read", path, cause));
    let refused = |path: &Path, why: String| Error::invalid("PEM file", &path.display().to_string(), why);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<std::result::Result<_, _>>()
        .map_err(|cause| refused(certificate, format!("its certificate cannot be read: {cause}")))?;
    if chain.is_empty() {
        return Err(refused(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|cause| refused(key, format!("its private key cannot be read: {cause}")))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, secret);
    let mut config = config.map_err(|cause| refused(key, format!("it does not fit the certificate: {cause}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    use veneer::ErrorKind;

    use super::*;
    use crate::listen::{self, Port};
    use crate::testing::World;

    /// A certificate of `localhost` that vouches for itself, and its key, in files.
    fn made(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&certificate, made.cert.pem()).expect("written");
        fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        (certificate, key)
    }

    #[tokio::test]
    async fn a_client_that_trusts_the_certificate_is_answered_and_one_without_tls_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = made(folder.path());
        let tls = acceptor(&certificate, &key).expect("they fit");
        let world = World::new();
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = tcp.local_addr().expect("it listens");
        let port = Port { listener: tcp, router: world.router.clone() };
        let service = tokio::spawn(listen::serve(port, None, Some(tls), None, std::future::pending()));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&certificate).expect("read")).expect("a certificate");
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let plain = TcpStream::connect(address).await.expect("it listens");
        let name = "localhost".try_into().expect("a name");
        let mut secure = TlsConnector::from(Arc::new(client)).connect(name, plain).await.expect("it is trusted");
        let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        secure.write_all(request).await.expect("sent");
        let mut answer = Vec::new();
        secure.read_to_end(&mut answer).await.expect("answered");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let mut plain = TcpStream::connect(address).await.expect("it listens");
        plain.write_all(request).await.expect("sent");
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
        service.abort();
    }

    #[test]
    fn files_that_do_not_fit_are_refused_by_name() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let ((certificate, key), (_, another)) = (made(folder.path()), made(other.path()));
        for (certificate, key, named) in
            [(&certificate, &another, &another), (&key, &key, &key), (&certificate, &certificate, &certificate)]
        {
            let error = acceptor(certificate, key).err().expect("refused");
            assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
            assert!(error.to_string().contains(&*named.to_string_lossy()), "{error}");
        }
    }
}
