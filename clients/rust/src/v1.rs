//! The messages and stubs of `turnpike.v1`, generated from the schema, with its comments. Nothing here is
//! written by hand.
//!
//! Fields that the schema marks as sensitive print as `[redacted]`.

// What tonic and prost add around the schema has no comments.
#![allow(missing_docs, clippy::all, clippy::pedantic)]

include!("gen/turnpike.v1.rs");
include!("gen/debug.rs");

/// The encoded `google.protobuf.FileDescriptorSet` of the schema and what it imports, without comments. It is
/// what a library such as `prost-reflect` needs to read and write these messages as JSON.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!("gen/turnpike.v1.binpb");
