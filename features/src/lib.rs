//! No code: the features that this crate enables for the libraries that several binaries link.
