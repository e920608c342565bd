//! placeholder until the adapter lands
use crate::providers::contract::Profile;
use crate::providers::conversation::AnyProvider;
use crate::providers::settings::Settings;
use std::sync::Arc;
/// placeholder
pub static PROFILE: Profile = Profile {
    name: "dintero",
    title: "PPP",
    capabilities: &[],
    currencies: None,
    amount_minor_min: 1,
    amount_minor_max: 1,
    sensitive_keys: &[],
};
/// placeholder
pub const EXAMPLE: &[(&str, &str)] = &[];
/// placeholder
pub fn build(_: &Settings) -> Arc<dyn AnyProvider> {
    unimplemented!()
}
