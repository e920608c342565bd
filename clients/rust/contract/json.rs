//! Messages as protobuf's JSON, and back.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;
use turnpike_client::v1::DESCRIPTOR_SET;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).expect("the schema was generated with the code"));

#[cfg(test)]
pub fn pool() -> &'static DescriptorPool {
    &POOL
}

/// A message of the type of this name. Fields that it does not have are an error.
pub fn read<T: Message + Default>(name: &str, value: &Value) -> Result<T, String> {
    let descriptor = POOL.get_message_by_name(name).ok_or_else(|| format!("there is no type {name}"))?;
    let message =
        DynamicMessage::deserialize(descriptor, value).map_err(|error| format!("{name}: {error}"))?;
    message.transcode_to().map_err(|error| format!("{name}: {error}"))
}

pub fn write<T: Message>(name: &str, message: &T) -> Result<Value, String> {
    let descriptor = POOL.get_message_by_name(name).ok_or_else(|| format!("there is no type {name}"))?;
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).map_err(|error| format!("{name}: {error}"))?;
    serde_json::to_value(dynamic).map_err(|error| format!("{name}: {error}"))
}
