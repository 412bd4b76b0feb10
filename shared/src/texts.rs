//! The texts of successful answers, in Korean and in English. Those of errors are in
//! `error::texts`.

use crate::language::Language;

/// The text of a successful answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessText {
    /// The session has ended.
    LeftQueue,
    /// The seats are held.
    Held,
    /// The reservation is paid.
    Paid,
    /// The balance is topped up.
    Charged,
    /// The balance is corrected.
    Corrected,
    /// The request was right, and no seat is free.
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
