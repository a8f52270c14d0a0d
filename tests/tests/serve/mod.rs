//! The built service: it answers on sockets, over a store of its own.

mod life;
