//! A store over HTTP keeps every promise of a store, over TCP and over the owner's socket.

use std::cell::RefCell;
use std::sync::Arc;

use harness::Home;
use harness::service::Service;
use veneer::store::{Credentials, LocalStore, RemoteStore, Store, conformance, service};

/// Holds stores of services to the promises; each has a folder and a process of its own.
fn check(open: impl Fn(&Home, &Service) -> Arc<dyn Store>) {
    let living = RefCell::new(Vec::new());
    conformance::run(&|| {
        let home = Home::new();
        drop(LocalStore::create(&home.store()).expect("a new store"));
        let service = Service::start(&home);
        let store = open(&home, &service);
        living.borrow_mut().push((service, home));
        store
    });
}

#[test]
fn a_store_over_tcp_keeps_every_promise() {
    check(|home, service| {
        Arc::new(RemoteStore::at(&service.url(), Credentials::default(), home.path()).expect("a URL"))
    });
}

#[test]
fn a_store_over_the_owners_socket_keeps_every_promise() {
    check(|home, _| Arc::new(RemoteStore::at_socket(&home.store().join(service::SOCKET), home.path()).expect("there")));
}

#[test]
fn a_store_beside_the_service_that_owns_it_keeps_every_promise() {
    let writer = "ada".parse().expect("a name");
    check(|home, _| Arc::new(service::served(&home.store(), &writer).expect("readable").expect("a service has it")));
}
