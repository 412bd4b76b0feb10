//! Money: topping up, paying, what there is.

pub mod charge;
pub mod get_balance;
pub mod pay;
