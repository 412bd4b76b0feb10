//! Every text that a client is shown, in Korean (to the letter those of seed S2, where it has
//! one) and in English. One table, so that no text stands anywhere else.

use std::borrow::Cow;

use lambda_http::http::{HeaderMap, header::ACCEPT_LANGUAGE};

use crate::error::{ApiError, Constraint};

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// What is spoken unless the client prefers otherwise.
    Korean,
    /// On `Accept-Language: en`.
    English,
}

impl Language {
    /// What the client prefers of the two, by the quality values of `Accept-Language`. Korean
    /// when it says nothing, or likes both the same, or neither.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let quality = |language: &str| -> u16 {
            let named = ranges(header).filter(|(range, _)| is_range_of(range, language));
            let any = ranges(header).filter(|(range, _)| *range == "*");
            named
                .map(|(_, quality)| quality)
                .max()
                .or_else(|| any.map(|(_, quality)| quality).max())
                .unwrap_or(0)
        };
        if quality("en") > quality("ko") {
            Self::English
        } else {
            Self::Korean
        }
    }
}

/// The language ranges of an `Accept-Language` header with their qualities in thousandths.
fn ranges(header: &str) -> impl Iterator<Item = (&str, u16)> {
    header.split(',').map(|part| {
        let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
        let quality = match parameters.trim().strip_prefix("q=") {
            Some(quality) => quality.trim().parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0),
            None => 1.0,
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (range.trim(), (quality * 1_000.0) as u16)
    })
}

fn is_range_of(range: &str, language: &str) -> bool {
    let primary = range.split('-').next().unwrap_or_default();
    primary.eq_ignore_ascii_case(language)
}

/// What a client is told when something was done.
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

impl Language {
    fn pick<T>(self, korean: T, english: T) -> T {
        match self {
            Self::Korean => korean,
            Self::English => english,
        }
    }
}

/// The text of an error.
#[allow(clippy::too_many_lines)]
pub(crate) fn of_error(error: &ApiError, language: Language) -> Cow<'static, str> {
    let (korean, english) = match error {
        ApiError::MissingField(field) => return missing_field(field, language),
        ApiError::MissingParameter(name) => {
            return Cow::Owned(language.pick(
                format!("필수 파라미터 '{name}'가 누락되었습니다."),
                format!("The required parameter '{name}' is missing."),
            ));
        }
        ApiError::InvalidSeatNumber { capacity } => {
            return Cow::Owned(language.pick(
                format!("좌석 번호는 1 ~ {capacity} 사이의 값이어야 합니다."),
                format!("Seat numbers must be different values from 1 to {capacity}."),
            ));
        }
        ApiError::UnknownField(name) => {
            return Cow::Owned(language.pick(
                format!("'{name}' 필드는 사용할 수 없습니다. 이름을 확인해 주세요."),
                format!("There is no field '{name}' here. Please check its name."),
            ));
        }
        ApiError::VersionMismatch { current } => return version_mismatch(*current, language),
        ApiError::Invalid(wrong) => return Cow::Borrowed(of_constraint(*wrong, language)),
        ApiError::EmptyBody => (
            "요청 본문이 비어 있거나 잘못된 형식입니다.",
            "The request body is empty or malformed.",
        ),
        ApiError::MissingDateOrSeat => (
            "필수 필드 'date' 또는 'seat_number'가 누락되었습니다.",
            "The required field 'date' or 'seat_number' is missing.",
        ),
        ApiError::MissingPaymentAmount => (
            "결제 금액 정보가 누락되었습니다.",
            "The amount of the payment is missing.",
        ),
        ApiError::InvalidUserId => (
            "user_id는 올바른 UUID 형식이어야 합니다.",
            "user_id must be a well-formed UUID.",
        ),
        ApiError::InvalidDate => (
            "잘못된 날짜 형식입니다. 'YYYY-MM-DD' 형식으로 입력해 주세요.",
            "The date is malformed. Please write it as 'YYYY-MM-DD'.",
        ),
        ApiError::TooManySeats => (
            "한 번에 최대 4개의 좌석까지 예약할 수 있습니다.",
            "At most 4 seats can be reserved at once.",
        ),
        ApiError::InvalidAmount => (
            "충전 금액은 0보다 큰 실수 값이어야 합니다.",
            "The amount must be a number greater than 0, with at most two decimals.",
        ),
        ApiError::MalformedAuthorization => (
            "잘못된 인증 형식입니다. 'Authorization' 헤더를 확인해 주세요.",
            "The authorization is malformed. Please check the 'Authorization' header.",
        ),
        ApiError::TokenAlreadyActive => (
            "이미 활성화된 토큰이 존재합니다.",
            "You already have an active token for this queue. It is issued again to a request with your access token, or with the Idempotency-Key of the join.",
        ),
        ApiError::BadRequest => (
            "잘못된 요청입니다. 요청 내용을 확인해 주세요.",
            "The request is not valid. Please check what you sent.",
        ),
        ApiError::MissingAuthorization => (
            "Authorization 헤더가 누락되었습니다.",
            "The Authorization header is missing.",
        ),
        ApiError::InvalidToken => (
            "유효하지 않은 토큰입니다.",
            "The token is not valid: it has expired or was ended, or this call needs one of another kind.",
        ),
        ApiError::InvalidCredentials => (
            "사용자 정보 또는 비밀번호가 올바르지 않습니다.",
            "The user or the password is not correct.",
        ),
        ApiError::InsufficientBalance => (
            "결제 실패 - 잔액이 부족합니다.",
            "Payment failed: your balance is not sufficient.",
        ),
        ApiError::NotYourTurn { .. } => (
            "아직 입장 순서가 아닙니다. 잠시 후 다시 시도해 주세요.",
            "It is not your turn yet. Please try again shortly.",
        ),
        ApiError::Forbidden => ("접근 권한이 없습니다.", "You may not do this."),
        ApiError::UserNotFound => ("존재하지 않는 사용자입니다.", "There is no such user."),
        ApiError::NoAvailableDates => (
            "예약 가능한 날짜가 없습니다.",
            "There are no dates with free seats.",
        ),
        ApiError::ShowNotFound => (
            "해당 날짜에 대한 좌석 정보가 존재하지 않습니다.",
            "There is no show on this date.",
        ),
        ApiError::ReservationNotFound => {
            ("존재하지 않는 예약입니다.", "There is no such reservation.")
        }
        ApiError::ConcertNotFound => ("존재하지 않는 콘서트입니다.", "There is no such concert."),
        ApiError::QueueNotFound => ("존재하지 않는 대기열입니다.", "There is no such queue."),
        ApiError::NotFound => (
            "요청한 경로를 찾을 수 없습니다.",
            "There is nothing at this path.",
        ),
        ApiError::SeatAlreadyReserved => (
            "해당 좌석은 이미 예약되었습니다.",
            "This seat is already reserved.",
        ),
        ApiError::HoldExists => (
            "이미 다른 좌석을 임시 예약 중입니다.",
            "You already hold other seats. Pay for them or give them back first.",
        ),
        ApiError::AmountMismatch => (
            "결제 금액이 예약 금액과 일치하지 않습니다.",
            "The amount is not that of the reservation.",
        ),
        ApiError::SaleNotOpen { .. } => (
            "아직 판매가 시작되지 않았습니다.",
            "This show is not on sale yet.",
        ),
        ApiError::SaleClosed => ("판매가 종료되었습니다.", "This show is no longer on sale."),
        ApiError::ConcertHasOrders => (
            "판매되었거나 임시 예약된 좌석이 있어 삭제할 수 없습니다.",
            "It cannot be deleted: seats are sold or held. Refund or cancel their reservations first.",
        ),
        ApiError::LineNotEmpty => (
            "대기열에 사람이 있어 공연을 다른 대기열로 옮길 수 없습니다.",
            "People are in the line of this concert's queue, so it cannot move to another queue.",
        ),
        ApiError::EmailTaken => (
            "이미 사용 중인 이메일 주소입니다.",
            "This e-mail address is already in use.",
        ),
        ApiError::RefundClosed => (
            "환불 가능한 기간이 아닙니다.",
            "This reservation can no longer be refunded.",
        ),
        ApiError::BalanceOutOfRange => (
            "정정 후 잔액은 0원 이상이어야 하며 한도를 초과할 수 없습니다.",
            "The correction would leave the balance below 0 or above what an account may hold.",
        ),
        ApiError::UserHasHold => (
            "임시 예약 중인 좌석이 있어 탈퇴할 수 없습니다.",
            "The user holds seats. Pay for them or give them back first, or send force=true.",
        ),
        ApiError::UserHasBalance => (
            "잔액이 남아 있어 탈퇴할 수 없습니다.",
            "There is money left in the user's account. Pay it out and correct the balance to 0 first, or send force=true: then it stays there for good.",
        ),
        ApiError::HoldExpired => (
            "임시 예약 시간이 만료되었습니다.",
            "The time to pay for these seats is over.",
        ),
        ApiError::SessionOver { .. } => (
            "대기열 이용이 종료되었습니다. 다시 대기열에 참여해 주세요.",
            "Your session in this queue is over. Please join the queue again.",
        ),
        ApiError::SoldOut => ("모든 좌석이 매진되었습니다.", "Every seat is sold."),
        ApiError::SaleOver => ("판매가 종료되었습니다.", "This sale is over."),
        ApiError::QueueClosed => ("대기열이 종료되었습니다.", "This queue is closed."),
        ApiError::IdempotencyKeyReused => (
            "이미 다른 요청에 사용된 Idempotency-Key입니다.",
            "This Idempotency-Key was used for a different request.",
        ),
        ApiError::TooManyAttempts { .. } => (
            "비밀번호 입력 횟수를 초과했습니다. 잠시 후 다시 시도해 주세요.",
            "Too many wrong passwords. Please try again later.",
        ),
        ApiError::Busy(_) => (
            "서버가 혼잡하여 요청을 처리할 수 없습니다.",
            "The server is too busy. Please try again shortly.",
        ),
        ApiError::Internal(_) => (
            "서버 내부 오류가 발생했습니다. 관리자에게 문의하세요.",
            "Something went wrong on our side. Please contact the operator.",
        ),
    };
    Cow::Borrowed(language.pick(korean, english))
}

/// The text of what does not keep its limits.
pub(crate) fn of_constraint(wrong: Constraint, language: Language) -> &'static str {
    let (korean, english) = match wrong {
        Constraint::Body => (
            "요청 본문은 65536바이트 이하여야 합니다.",
            "The body of a request must not have more than 65536 bytes.",
        ),
        Constraint::Encoding => (
            "요청 본문은 UTF-8로 인코딩되어야 합니다.",
            "The body of a request must be encoded in UTF-8.",
        ),
        Constraint::StrayBody => (
            "이 요청에는 본문을 포함할 수 없습니다.",
            "This request must not have a body.",
        ),
        Constraint::Name => (
            "이름은 1 ~ 100자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.",
            "A name must have 1 to 100 characters, one at least that can be seen, and none that \
             controls a text or its direction.",
        ),
        Constraint::Email => (
            "이메일 주소 형식이 올바르지 않습니다. 최대 254자까지 입력할 수 있습니다.",
            "The e-mail address is malformed, or longer than 254 characters.",
        ),
        Constraint::Password => (
            "비밀번호는 10 ~ 128자여야 하며 제어 문자를 포함할 수 없습니다.",
            "A password must have 10 to 128 characters, none of them control characters.",
        ),
        Constraint::Limit => (
            "limit은 1 ~ 100 사이의 정수여야 합니다.",
            "limit must be a whole number from 1 to 100.",
        ),
        Constraint::Shows => (
            "콘서트에는 서로 다른 날짜의 공연이 1 ~ 200개 있어야 합니다.",
            "A concert must have 1 to 200 shows, each on a date of its own.",
        ),
        Constraint::Price => (
            "가격은 소수점 이하 두 자리까지의 0 이상 숫자여야 합니다.",
            "A price must be a number not below 0, with at most two decimals.",
        ),
        Constraint::Capacity => (
            "좌석 수는 1 ~ 100000 사이의 정수여야 하며 변경할 수 없습니다.",
            "A capacity must be a whole number from 1 to 100000, and cannot be changed.",
        ),
        Constraint::SalesWindow => (
            "판매 시작 시각은 종료 시각보다 앞서야 하며 RFC 3339 형식이어야 합니다.",
            "A sale must open before it closes, at times written as RFC 3339 has them.",
        ),
        Constraint::Correction => (
            "정정 금액은 소수점 이하 두 자리까지의 0이 아닌 숫자여야 합니다.",
            "A correction must be a number other than 0, with at most two decimals.",
        ),
        Constraint::Reason => (
            "사유는 1 ~ 200자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.",
            "A reason must have 1 to 200 characters, one at least that can be seen, and none that breaks lines or changes the direction of a text.",
        ),
        Constraint::QueueId => (
            "대기열 ID는 3 ~ 40자의 영문 소문자, 숫자, 하이픈이어야 합니다.",
            "A queue's id must have 3 to 40 lower-case letters, digits and hyphens.",
        ),
        Constraint::QueueShows => (
            "하나의 대기열에는 최대 200개의 공연만 등록할 수 있습니다.",
            "The concerts of one queue may have at most 200 shows together.",
        ),
        Constraint::MaxActive => (
            "max_active는 1 ~ 1000000 사이의 정수여야 합니다.",
            "max_active must be a whole number from 1 to 1000000.",
        ),
        Constraint::Rate => (
            "rate는 0.001 ~ 10000 사이의 숫자여야 합니다. 입장을 멈추려면 state를 PAUSED로 설정하세요.",
            "rate must be a number from 0.001 to 10000 with at most three decimals. To let nobody in, \
             set state to PAUSED.",
        ),
        Constraint::Windows => (
            "claim_seconds와 active_seconds는 10 ~ 3600 사이의 정수여야 하며 active_seconds는 claim_seconds보다 10 이상 커야 합니다.",
            "claim_seconds and active_seconds must be whole numbers from 10 to 3600, active_seconds \
             at least 10 more than claim_seconds.",
        ),
        Constraint::TickSeconds => (
            "tick_seconds는 1 ~ 30 사이의 정수여야 합니다.",
            "tick_seconds must be a whole number from 1 to 30.",
        ),
        Constraint::QueueState => (
            "state는 OPEN, PAUSED, CLOSED 중 하나여야 합니다.",
            "state must be OPEN, PAUSED or CLOSED.",
        ),
        Constraint::OpensAt => (
            "opens_at은 앞으로 28일 이내의 RFC 3339 시각이어야 합니다.",
            "opens_at must be a time in the next 28 days, written as RFC 3339 has it.",
        ),
        Constraint::AlreadyOpen => (
            "이미 열린 대기열의 opens_at은 바꿀 수 없습니다. 입장을 멈추려면 state를 PAUSED로 설정해 주세요.",
            "This queue is open already, and people have joined it or could: its opening cannot be \
             set any more. To let nobody in, set state to PAUSED.",
        ),
        Constraint::DefaultConcert => (
            "default_concert_id는 이 대기열에서 판매하는 콘서트여야 합니다.",
            "default_concert_id must be a concert that this queue sells.",
        ),
    };
    language.pick(korean, english)
}

fn version_mismatch(current: Option<u64>, language: Language) -> Cow<'static, str> {
    match current {
        Some(version) => Cow::Owned(language.pick(
            format!("설정이 이미 변경되었습니다. 현재 버전은 {version}입니다."),
            format!("The settings have been changed: their version is {version}."),
        )),
        None => Cow::Borrowed(language.pick(
            "존재하지 않는 대기열이므로 설정의 버전이 없습니다.",
            "There is no such queue, so that its settings have no version.",
        )),
    }
}

fn missing_field(field: &str, language: Language) -> Cow<'static, str> {
    Cow::Owned(match (field, language) {
        ("user_id", Language::Korean) => {
            "필수 필드 'user_id'가 요청에 포함되지 않았습니다.".to_owned()
        }
        (_, Language::Korean) => format!("필수 필드 '{field}'가 누락되었습니다."),
        (_, Language::English) => format!("The required field '{field}' is missing."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().expect("a header"));
        Language::of(&headers)
    }

    #[test]
    fn korean_unless_english_is_preferred() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::Korean);
        for korean in [
            "ko",
            "ko-KR,en;q=0.9",
            "fr",
            "*",
            "en;q=0",
            "en;q=0.5,ko;q=0.5",
            "",
            "en;q=x",
        ] {
            assert_eq!(language(korean), Language::Korean, "{korean}");
        }
        for english in [
            "en",
            "EN-us",
            "en-GB,ko;q=0.8",
            "fr,en;q=0.7",
            "ko;q=0.2, en;q=0.3",
        ] {
            assert_eq!(language(english), Language::English, "{english}");
        }
    }
}
