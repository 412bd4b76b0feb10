//! A user's chain of entries (invariant 2).

use super::{Kind, Violation};
use crate::domain::{
    ids::UserId,
    order::{Account, Entry, EntryKind},
};

/// What is wrong with the chain of a user's entries. They may be in any order. Their places must be
/// 1, 2, 3 and so on without gaps. Each balance must be the previous one plus the amount. The last
/// balance must be the account's, and none may be below zero.
pub fn chain(user_id: UserId, account: Option<Account>, entries: &[Entry]) -> Vec<Violation> {
    let Some(account) = account else {
        let there = Violation::of_account(Kind::EntriesWithoutAccount, user_id, None);
        return vec![there];
    };
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.seq);
    let mut violations = Vec::new();
    let mut accuse = |kind, seq| violations.push(Violation::of_account(kind, user_id, Some(seq)));
    let mut last = Account {
        generation: account.generation,
        closed_at: account.closed_at,
        ..Account::EMPTY
    };
    for entry in entries {
        if entry.seq == last.seq {
            accuse(Kind::EntriesCollide, entry.seq);
        } else if entry.seq != last.seq + 1 {
            accuse(Kind::EntryMissing, last.seq + 1);
        } else if !adds_up(last, entry) {
            accuse(Kind::BalanceWrong, entry.seq);
        }
        if entry.balance_after.hundredths() < 0 {
            accuse(Kind::BalanceNegative, entry.seq);
        }
        last = Account {
            balance: entry.balance_after,
            seq: entry.seq,
            ..account
        };
    }
    if account.seq > last.seq {
        accuse(Kind::EntryMissing, last.seq + 1);
    } else if account != last {
        accuse(Kind::AccountDiffers, account.seq);
    }
    if account.balance.hundredths() < 0 && account != last {
        accuse(Kind::BalanceNegative, account.seq);
    }
    violations
}

/// Whether an entry's balance is the previous balance plus the entry's amount.
fn adds_up(before: Account, entry: &Entry) -> bool {
    let moved = i128::from(entry.amount.hundredths());
    let moved = match entry.kind {
        EntryKind::Charge | EntryKind::Refund | EntryKind::Correction => moved,
        EntryKind::Payment => -moved,
    };
    i128::from(before.balance.hundredths()) + moved == i128::from(entry.balance_after.hundredths())
}
