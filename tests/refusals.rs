//! What a provider cannot do is refused before anything is sent, and the refusal says what would work
//! instead: every feature that a development account lacks is asked for.

#![cfg(feature = "simulator")]

mod support;

use std::sync::Arc;

use support::*;
use turnpike::domain::card::{FirstPayment, Initiator, MerchantReason};
use turnpike::domain::ids::TokenId;
use turnpike::domain::order::{CaptureMode, Purpose, SessionMode};
use turnpike::domain::payment::PaymentState;
use turnpike::engine::commands::MoveKind;
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::engine::{Feature, Support};
use turnpike::simulator::Simulators;

struct House {
    simulators: Simulators,
    gateway: Gateway,
    _held: tempfile::TempDir,
}

impl House {
    async fn build() -> Self {
        let simulators = simulators().await;
        let (held, path) = directory();
        let (accounts, network) = outside(configuration(&simulators, &path));
        let gateway = engine(Arc::new(store(&path)), Arc::new(network), accounts).await;
        Self { simulators, gateway, _held: held }
    }

    /// Asks for what needs the feature; `None` where no call of a caller needs that feature alone.
    async fn ask_for(&self, provider: Provider, feature: Feature, token: TokenId) -> Option<Error> {
        let prefix = format!("{}-{}", provider.name, feature.name());
        let teller = Teller { gateway: &self.gateway, provider, prefix };
        let session = |purpose| teller.open_for("open", 500, CaptureMode::Automatic, purpose);
        let by_merchant = |reason| Initiator::Merchant { reason, first: FirstPayment::default() };
        let refused = match feature {
            Feature::HostedPay => session(Purpose::Pay).await.err(),
            Feature::HostedPayAndSave => session(Purpose::PayAndSave).await.err(),
            Feature::HostedSave => {
                teller.open_for("open", 0, CaptureMode::Automatic, Purpose::Save).await.err()
            }
            Feature::HostedUseSaved => {
                let mut wish = support::session(provider, 500, CaptureMode::Automatic, Purpose::UseSaved);
                wish.tokens = vec![token];
                self.gateway.open_session(&caller(), ask("offer", wish), None).await.err()
            }
            // A session on the merchant's own page takes one of the two.
            Feature::EncryptedCard | Feature::PlainCard => {
                let account = self.gateway.accounts().get(&account_of(provider)).expect("an account");
                let lacks = |feature| matches!(account.support(feature), Support::No { .. });
                if !lacks(Feature::EncryptedCard) || !lacks(Feature::PlainCard) {
                    return None;
                }
                let mut wish = support::session(provider, 500, CaptureMode::Automatic, Purpose::Pay);
                wish.order.mode = SessionMode::Api;
                let name = format!("own-page-{}", feature.name());
                self.gateway.open_session(&caller(), ask(&name, wish), None).await.err()
            }
            Feature::ChargeCustomer
            | Feature::ChargeRecurring
            | Feature::ChargeUnscheduled
            | Feature::ChargeInstallment => {
                let mut wish = charge(provider, token, 500, CaptureMode::Automatic);
                wish.initiator = match feature {
                    Feature::ChargeRecurring => by_merchant(MerchantReason::Recurring),
                    Feature::ChargeInstallment => by_merchant(MerchantReason::Installment),
                    Feature::ChargeUnscheduled => wish.initiator,
                    _ => Initiator::Customer { cvc: None },
                };
                wish.return_urls = Some(return_urls());
                self.gateway.charge(&caller(), ask(feature.name(), wish), None).await.err()
            }
            Feature::ManualCapture => teller.charge("reserve", token, 500, CaptureMode::Manual).await.err(),
            Feature::Void | Feature::VoidCaptured | Feature::MultipleRefunds => {
                return self.move_what_cannot_move(&teller, feature, token).await;
            }
            Feature::CancelSession => {
                let opened = session(Purpose::Pay).await.expect("opens");
                self.gateway
                    .cancel_session(&caller(), ask(feature.name(), opened.session.id), None)
                    .await
                    .err()
            }
            // Nobody can come so far where reservations are missing; where they are not, all have these.
            Feature::PartialCapture | Feature::MultipleCaptures => return None,
            // Every provider of today has them.
            Feature::Refund | Feature::PartialRefund | Feature::InquiryByReference | Feature::ImportToken => {
                return None;
            }
            // Forgetting a token here always works; it is told whether the provider forgot it too.
            Feature::DeleteToken => return None,
        };
        Some(refused.unwrap_or_else(|| panic!("{} can do {}", provider.name, feature.name())))
    }

    async fn move_what_cannot_move(
        &self,
        teller: &Teller<'_>,
        feature: Feature,
        token: TokenId,
    ) -> Option<Error> {
        let reserves = feature == Feature::Void && teller.provider.reserves;
        let (capture, state) = match reserves {
            true => (CaptureMode::Manual, PaymentState::Authorized),
            false => (CaptureMode::Automatic, PaymentState::Captured),
        };
        if feature == Feature::Void && !reserves {
            return None;
        }
        let taken = teller.charge("take", token, 500, capture).await.expect("charges").value.id;
        assert_eq!(settled(&self.gateway, taken).await.state, state);
        let what = match feature {
            Feature::MultipleRefunds => {
                teller.move_money("first", taken, REFUND, Some(100)).await.expect("one refund");
                settled(&self.gateway, taken).await;
                REFUND
            }
            _ => MoveKind::Void,
        };
        let before = self.simulators.last_exchange();
        let refused = teller.move_money("move", taken, what, None).await.expect_err("it cannot");
        assert_eq!(self.simulators.last_exchange(), before, "{}: something was sent", feature.name());
        // What was captured is forbidden by its state: the answer says to refund it.
        match (&refused, feature) {
            (Error::StateForbids { .. }, Feature::VoidCaptured) => None,
            _ => Some(refused),
        }
    }
}

fn account_of(provider: Provider) -> turnpike::domain::ids::AccountName {
    turnpike::domain::ids::AccountName(provider.account.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_cannot_do_is_refused_with_what_would_work_instead() {
    let mut refusals = 0;
    for provider in PROVIDERS.iter().copied() {
        let house = House::build().await;
        let prefix = format!("save-{}", provider.name);
        let token = Teller { gateway: &house.gateway, provider, prefix }.save_card(&house.simulators).await;
        let account = house.gateway.accounts().get(&account_of(provider)).expect("an account").clone();
        // An open session is asked about, which is an exchange too: closing one comes last.
        let (last, first): (Vec<_>, Vec<_>) =
            Feature::NAMES.iter().copied().partition(|(feature, _)| *feature == Feature::CancelSession);
        for (feature, name) in first.into_iter().chain(last) {
            let Support::No { instead } = account.support(feature) else { continue };
            assert!(instead.len() > 10, "{} {name}: {instead}", provider.name);
            let before = house.simulators.last_exchange();
            let Some(refused) = house.ask_for(provider, feature, token).await else { continue };
            if !matches!(
                feature,
                Feature::CancelSession | Feature::Void | Feature::VoidCaptured | Feature::MultipleRefunds
            ) {
                assert_eq!(house.simulators.last_exchange(), before, "{} {name}: sent", provider.name);
            }
            match &refused {
                Error::Unsupported { instead, what, .. } => {
                    assert!(!instead.is_empty() && !what.is_empty(), "{} {name}", provider.name);
                }
                other => panic!("{} {name}: {other:?}", provider.name),
            }
            println!("{:<10} {name:<22} {refused}", provider.name);
            refusals += 1;
        }
    }
    assert!(refusals >= 10, "only {refusals} refusals were tried");
}
