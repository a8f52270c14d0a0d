//! The built service: it answers on sockets, over a store of its own.

mod api;
mod commands;
mod conformance;
mod contract;
mod faults;
mod life;
mod remote_mount;
mod safety;
mod tls;
mod upkeep;
