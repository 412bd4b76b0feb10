//! What each operation costs in DynamoDB's units, exactly. Prices are part of the contract.
//!
//! The instances are warm: they have read their keys, as every function does at its start. The
//! state of the caches is that of each test.

mod concerts;
mod halls;
mod line;
mod operators;
mod purchases;
mod round_trips;
mod users;

use crate::harness::Shop;

/// The functions of a purchase, whose starts are not part of its price.
const FUNCTIONS: [&str; 9] = [
    "sign-up",
    "join-queue",
    "get-place",
    "list-dates",
    "list-seats",
    "hold-seats",
    "charge",
    "pay",
    "release-hold",
];

/// A shop whose functions have started and know the signing key.
async fn warm_shop(parameters: &[(&str, &str)]) -> Shop {
    let shop = Shop::open_with(parameters).await;
    let visitor = shop.buyer().await;
    for function in FUNCTIONS {
        shop.stack.app(function).await;
    }
    shop.leave(&visitor).await;
    shop.advance(5).await;
    shop.stack.forget_consumed();
    shop
}

impl Shop {
    /// Starts functions, because a start is not part of a price.
    async fn start(&self, functions: &[&str]) {
        for function in functions {
            self.stack.app(function).await;
        }
        self.stack.forget_consumed();
    }

    /// What a function has consumed since the last call of this: read and write units.
    fn price(&self, function: &str) -> (f64, f64) {
        let units = self.stack.consumed().by(function);
        self.stack.forget_consumed();
        (units.read, units.write)
    }
}
