//! How agent and vault speak: the JSON messages of `/agent/v1` and the sealed stream format.
//! Sans-I/O: no sockets, no files, no clock. `api` serves it, `agent` uses it.

pub mod messages;
pub mod seal;
