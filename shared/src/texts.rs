//! What the API says when something was done, in Korean and in English. What it says when something
//! was refused is in `error::texts`.

use crate::language::Language;

/// What an answer says when something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessText {
    /// The place was given back.
    LeftQueue,
    /// Seats are held.
    Held,
    /// A reservation is paid.
    Paid,
    /// Money came in.
    Charged,
    /// A balance was set right.
    Corrected,
    /// Nothing was wrong, but there is no seat.
    AllSeatsTaken,
}

impl SuccessText {
    /// The text.
    pub fn message(self, language: Language) -> &'static str {
        let (korean, english) = match self {
            Self::LeftQueue => ("대기열 이탈 완료", "You have left the queue."),
            Self::Held => ("임시 예약 성공", "Your seats are held."),
            Self::Paid => ("결제 성공", "Your payment is complete."),
            Self::Charged => ("충전 성공", "Your balance is topped up."),
            Self::Corrected => ("잔액 정정 성공", "The balance is corrected."),
            Self::AllSeatsTaken => (
                "모든 좌석이 이미 예약되었습니다.",
                "All seats are already reserved.",
            ),
        };
        language.pick(korean, english)
    }
}
