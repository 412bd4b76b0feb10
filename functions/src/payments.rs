//! Money: topping up, paying, the balance and the statement.

pub mod charge;
pub mod correct;
pub mod get_balance;
pub mod get_statement;
pub mod list;
pub mod pay;
