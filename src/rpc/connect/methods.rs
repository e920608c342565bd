//! The RPCs that can be called in Connect's words: those of the contract, and health.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::rpc::proto::DESCRIPTOR_SET;

/// The contract, health, and the details of errors.
pub static SERVED: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = DescriptorPool::new();
    for set in [DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET, tonic_types::pb::FILE_DESCRIPTOR_SET] {
        // Built in, and read by every test of this room.
        pool.decode_file_descriptor_set(set).expect("the descriptor sets fit together");
    }
    pool
});

/// The RPC of a path such as `/turnpike.v1.PaymentService/GetPayment`.
pub fn at(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    SERVED.get_service_by_name(service)?.methods().find(|known| known.name() == method)
}

/// Whether an RPC changes nothing, so that it may be called by GET.
pub fn only_reads(method: &MethodDescriptor) -> bool {
    use prost_types::method_options::IdempotencyLevel;

    let options = method.method_descriptor_proto().options.as_ref();
    options.is_some_and(|options| options.idempotency_level() == IdempotencyLevel::NoSideEffects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_of_the_contract_is_here_and_so_is_health() {
        for service in SERVED.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                assert_eq!(at(&path).as_ref(), Some(&method));
            }
        }
        assert!(at("/grpc.health.v1.Health/Check").is_some());
        assert!(only_reads(&at("/turnpike.v1.PaymentService/GetPayment").expect("an RPC")));
        assert!(!only_reads(&at("/turnpike.v1.PaymentService/ChargeToken").expect("an RPC")));
        for nothing in ["", "/", "/turnpike.v1.PaymentService", "/turnpike.v1.PaymentService/", "/x/y/z"] {
            assert!(at(nothing).is_none(), "{nothing}");
        }
    }
}
