//! The texts of each error, in Korean and in English. Limits in the texts are those of the code.

mod plan;

use std::{borrow::Cow, ops::RangeInclusive};

use super::{ApiError, Constraint};
use crate::{
    domain::{
        ids::QueueId,
        money::Money,
        programme::MAX_SHOWS,
        queue::{MAX_AHEAD, Settings},
        reason::Reason,
        seat::{MAX_SEATS_PER_HOLD, MAX_SEATS_PER_SHOW},
        show::PERSON_LIMITS,
        texts::{self, Description, Notice, Venue},
        user::{Email, Name, Password},
    },
    http::{MAX_BODY_BYTES, MAX_PAGE_LENGTH},
    language::Language,
};

/// A text in Korean and in English.
type Texts = (Cow<'static, str>, Cow<'static, str>);

fn both(korean: impl Into<Cow<'static, str>>, english: impl Into<Cow<'static, str>>) -> Texts {
    (korean.into(), english.into())
}

/// Whole won.
fn won(money: Money) -> i64 {
    money.hundredths() / 100
}

fn bounds<T: Copy>(range: &RangeInclusive<T>) -> (T, T) {
    (*range.start(), *range.end())
}

/// The text of an error.
pub(super) fn of_error(error: &ApiError, language: Language) -> Cow<'static, str> {
    let (korean, english) = texts_of_error(error);
    language.pick(korean, english)
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn texts_of_error(error: &ApiError) -> Texts {
    match error {
        ApiError::MissingField(field @ "user_id") => both(
            format!("필수 필드 '{field}'가 요청에 포함되지 않았습니다."),
            format!("The required field '{field}' is missing."),
        ),
        ApiError::MissingField(field) => both(
            format!("필수 필드 '{field}'가 누락되었습니다."),
            format!("The required field '{field}' is missing."),
        ),
        ApiError::MissingParameter(name) => both(
            format!("필수 파라미터 '{name}'가 누락되었습니다."),
            format!("The required parameter '{name}' is missing."),
        ),
        ApiError::InvalidSeatNumber { capacity } => both(
            format!("좌석 번호는 1 ~ {capacity} 사이의 값이어야 합니다."),
            format!("Seat numbers must be whole numbers from 1 to {capacity}, none of them twice."),
        ),
        ApiError::UnknownField(name) => both(
            format!("'{name}' 필드는 사용할 수 없습니다. 이름을 확인해 주세요."),
            format!("This request has no field '{name}'. Please check its name."),
        ),
        ApiError::VersionMismatch {
            current: Some(version),
            ..
        } => both(
            format!("그 사이에 내용이 변경되었습니다. 현재 버전은 {version}입니다."),
            format!("It has been changed meanwhile: its version is {version}."),
        ),
        ApiError::VersionMismatch { current: None, .. } => both(
            "존재하지 않는 대기열이므로 설정의 버전이 없습니다.",
            "There is no such queue, so its settings have no version.",
        ),
        ApiError::Invalid(constraint) => of_constraint(*constraint),
        ApiError::EmptyBody => both(
            "요청 본문이 비어 있거나 잘못된 형식입니다.",
            "The request body is empty or malformed.",
        ),
        ApiError::MissingDateOrSeat => both(
            "필수 필드 'date' 또는 'seat_number'가 누락되었습니다.",
            "The required field 'date' or 'seat_number' is missing.",
        ),
        ApiError::MissingPaymentAmount => both(
            "결제 금액 정보가 누락되었습니다.",
            "The amount of the payment is missing, or is not a number.",
        ),
        ApiError::InvalidUserId => both(
            "user_id는 올바른 UUID 형식이어야 합니다.",
            "user_id must be a well-formed UUID.",
        ),
        ApiError::InvalidDate => both(
            "잘못된 날짜 형식입니다. 'YYYY-MM-DD' 형식으로 입력해 주세요.",
            "The date is malformed. Please write it as 'YYYY-MM-DD', or as 'YYYY-MM-DDTHH:MM' with the \
             start of the show.",
        ),
        ApiError::TooManySeats => both(
            format!("한 번에 최대 {MAX_SEATS_PER_HOLD}개의 좌석까지 예약할 수 있습니다."),
            format!("At most {MAX_SEATS_PER_HOLD} seats can be reserved at once."),
        ),
        ApiError::InvalidAmount => both(
            "충전 금액은 0보다 큰 실수 값이어야 합니다.",
            format!(
                "The amount must be a number greater than 0 and at most {}, with at most two decimals, \
                 and the balance may be at most {}.",
                won(Money::MAX_AT_ONCE),
                won(Money::MAX_IN_ACCOUNT)
            ),
        ),
        ApiError::MalformedAuthorization => both(
            "잘못된 인증 형식입니다. 'Authorization' 헤더를 확인해 주세요.",
            "The authorization is malformed. Please check the 'Authorization' header.",
        ),
        ApiError::TokenAlreadyActive => both(
            "이미 활성화된 토큰이 존재합니다.",
            "You already have an active token for this queue. To get it again, send your access \
             token, or the Idempotency-Key that you joined with.",
        ),
        ApiError::BadRequest => both(
            "잘못된 요청입니다. 요청 내용을 확인해 주세요.",
            "The request is not valid. Please check what you sent.",
        ),
        ApiError::MissingAuthorization => both(
            "Authorization 헤더가 누락되었습니다.",
            "The Authorization header is missing.",
        ),
        ApiError::InvalidToken => both(
            "유효하지 않은 토큰입니다.",
            "The token is not valid. It has expired or been ended, or this call needs a token of \
             another kind.",
        ),
        ApiError::InvalidCredentials => both(
            "사용자 정보 또는 비밀번호가 올바르지 않습니다.",
            "The user or the password is not correct.",
        ),
        ApiError::InsufficientBalance => both(
            "결제 실패 - 잔액이 부족합니다.",
            "Payment failed: your balance is not sufficient.",
        ),
        ApiError::NotYourTurn { .. } => both(
            "아직 입장 순서가 아닙니다. 잠시 후 다시 시도해 주세요.",
            "It is not your turn yet. Please try again shortly.",
        ),
        ApiError::Forbidden => both(
            "접근 권한이 없습니다.",
            "You do not have permission to do this.",
        ),
        ApiError::AccountNeeded => both(
            "이 대기열은 회원만 참여할 수 있습니다. 이메일과 비밀번호를 등록해 주세요.",
            "Only users with an account may join this queue. Add an e-mail address and a password.",
        ),
        ApiError::UserNotFound => both("존재하지 않는 사용자입니다.", "There is no such user."),
        ApiError::NoAvailableDates => both(
            "예약 가능한 날짜가 없습니다.",
            "There are no dates with free seats.",
        ),
        ApiError::ShowNotFound => both(
            "해당 날짜에 대한 좌석 정보가 존재하지 않습니다.",
            "There is no show on this date, or none that starts at this time.",
        ),
        ApiError::SeveralShows { shows } => {
            let shows: Vec<_> = shows.iter().map(ToString::to_string).collect();
            let shows = shows.join(", ");
            both(
                format!("해당 날짜에 공연이 여러 회 있습니다({shows}). 회차를 선택해 주세요."),
                format!("There are several shows on this date: {shows}. Please name one of them."),
            )
        }
        ApiError::ReservationNotFound => {
            both("존재하지 않는 예약입니다.", "There is no such reservation.")
        }
        ApiError::ConcertNotFound => {
            both("존재하지 않는 콘서트입니다.", "There is no such concert.")
        }
        ApiError::QueueNotFound => both("존재하지 않는 대기열입니다.", "There is no such queue."),
        ApiError::PlanNotFound => both("존재하지 않는 배치도입니다.", "There is no such plan."),
        ApiError::InvalidPlan(mistake) => plan::of_mistake(mistake),
        ApiError::NotFound => both(
            "요청한 경로를 찾을 수 없습니다.",
            "This path does not exist, or does not have this method.",
        ),
        ApiError::SeatAlreadyReserved { .. } => both(
            "해당 좌석은 이미 예약되었습니다.",
            "This seat is already reserved.",
        ),
        ApiError::NoSeatsTogether(_) => both(
            "요청하신 조건에 맞는 빈 좌석이 없습니다.",
            "There are no free seats of the kind that you asked for.",
        ),
        ApiError::HoldExists => both(
            "이미 다른 좌석을 임시 예약 중입니다.",
            "You already hold other seats. Pay for them or give them back first.",
        ),
        ApiError::PersonLimit { limit, bought } => both(
            format!(
                "한 사람이 이 공연의 좌석을 최대 {limit}석까지 구매할 수 있습니다. 이미 구매한 좌석은 {bought}석입니다."
            ),
            format!(
                "One person can have at most {limit} seats of this concert. You have {bought} already."
            ),
        ),
        ApiError::AmountMismatch => both(
            "결제 금액이 예약 금액과 일치하지 않습니다.",
            "The amount differs from that of the reservation.",
        ),
        ApiError::SaleNotOpen { .. } => both(
            "아직 판매가 시작되지 않았습니다.",
            "This show is not on sale yet.",
        ),
        ApiError::SaleClosed => both("판매가 종료되었습니다.", "This show is no longer on sale."),
        ApiError::SaleOpen { .. } => both(
            "판매가 종료된 지 20초가 지나야 좌석을 변경하거나 공연을 삭제할 수 있습니다. 먼저 판매를 종료해 주세요.",
            "Seats of this show may still be held. Close its sale, and wait until it has been \
             closed for 20 seconds. Then its seats can be changed, or it can be deleted.",
        ),
        ApiError::SeatsTaken { .. } => both(
            "판매되었거나 임시 예약된 좌석이 있어 변경할 수 없습니다.",
            "Seats that this would change are sold or held.",
        ),
        ApiError::ConcertHasOrders => both(
            "판매되었거나 임시 예약된 좌석이 있어 삭제할 수 없습니다.",
            "Seats are sold or held, so this cannot be deleted. Refund or cancel their \
             reservations first.",
        ),
        ApiError::LineNotEmpty => both(
            "대기열에 사람이 있어 공연을 다른 대기열로 옮길 수 없습니다.",
            "People are in the line of this concert's queue, so it cannot move to another queue.",
        ),
        ApiError::EmailTaken => both(
            "이미 사용 중인 이메일 주소입니다.",
            "This e-mail address is already in use.",
        ),
        ApiError::OwnRole => both(
            "자신의 권한은 변경할 수 없습니다. 다른 관리자에게 요청해 주세요.",
            "Nobody can change their own role. Please ask another administrator.",
        ),
        ApiError::AdminNeedsAccount => both(
            "이메일과 비밀번호를 등록한 회원만 관리자가 될 수 있습니다.",
            "Only a user with an e-mail address and a password can be an administrator.",
        ),
        ApiError::RefundClosed => both(
            "환불 가능한 기간이 아닙니다.",
            "This reservation can no longer be refunded.",
        ),
        ApiError::BalanceOutOfRange => both(
            "정정 후 잔액은 0원 이상이어야 하며 한도를 초과할 수 없습니다.",
            "The correction would leave the balance below 0 or above what an account may hold.",
        ),
        ApiError::UserHasHold => both(
            "임시 예약 중인 좌석이 있어 탈퇴할 수 없습니다.",
            "The user holds seats. Pay for them or give them back first, or send force=true.",
        ),
        ApiError::UserHasBalance => both(
            "잔액이 남아 있어 탈퇴할 수 없습니다.",
            "The user's account has money in it. Pay it out and correct the balance to 0 first. \
             Or send force=true: then the money stays in the account for good.",
        ),
        ApiError::HoldExpired => both(
            "임시 예약 시간이 만료되었습니다.",
            "The time to pay for these seats is over.",
        ),
        ApiError::SessionOver { .. } => both(
            "대기열 이용이 종료되었습니다. 다시 대기열에 참여해 주세요.",
            "Your session in this queue is over. Please join the queue again.",
        ),
        ApiError::SoldOut => both("모든 좌석이 매진되었습니다.", "Every seat is sold."),
        ApiError::SaleOver => both("판매가 종료되었습니다.", "This sale is over."),
        ApiError::ShowCalledOff => both(
            "취소된 공연입니다. 결제하신 금액은 잔액으로 환불됩니다.",
            "This show does not take place. What was paid for it is refunded to the balances.",
        ),
        ApiError::QueueClosed => both("대기열이 종료되었습니다.", "This queue is closed."),
        ApiError::IdempotencyKeyReused => both(
            "이미 다른 요청에 사용된 Idempotency-Key입니다.",
            "This Idempotency-Key was used for a different request.",
        ),
        ApiError::TooManyAttempts { .. } => both(
            "비밀번호 입력 횟수를 초과했습니다. 잠시 후 다시 시도해 주세요.",
            "Too many wrong passwords. Please try again later.",
        ),
        ApiError::Busy(_) => both(
            "서버가 혼잡하여 요청을 처리할 수 없습니다.",
            "The server is too busy. Please try again shortly.",
        ),
        ApiError::Internal(_) => both(
            "서버 내부 오류가 발생했습니다. 관리자에게 문의하세요.",
            "Something went wrong on our side. Please contact the operator.",
        ),
    }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn of_constraint(constraint: Constraint) -> Texts {
    match constraint {
        Constraint::Body => both(
            format!("요청 본문은 {MAX_BODY_BYTES}바이트 이하여야 합니다."),
            format!("The body of a request must not have more than {MAX_BODY_BYTES} bytes."),
        ),
        Constraint::Encoding => both(
            "요청 본문은 UTF-8로 인코딩되어야 합니다.",
            "The body of a request must be encoded in UTF-8.",
        ),
        Constraint::StrayBody => both(
            "이 요청에는 본문을 포함할 수 없습니다.",
            "This request must not have a body.",
        ),
        Constraint::Name => {
            let max = Name::MAX_LENGTH;
            both(
                format!(
                    "이름은 1 ~ {max}자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다."
                ),
                format!(
                    "A name must have 1 to {max} characters. At least one must be visible, and none \
                     may break lines or change the direction of a text."
                ),
            )
        }
        Constraint::Email => {
            let max = Email::MAX_LENGTH;
            both(
                format!(
                    "이메일 주소 형식이 올바르지 않습니다. 최대 {max}바이트까지 입력할 수 있습니다."
                ),
                format!("The e-mail address is malformed, or longer than {max} bytes."),
            )
        }
        Constraint::Password => {
            let (min, max) = bounds(&Password::LENGTH);
            both(
                format!("비밀번호는 {min} ~ {max}자여야 하며 제어 문자를 포함할 수 없습니다."),
                format!(
                    "A password must have {min} to {max} characters, none of them control characters."
                ),
            )
        }
        Constraint::Limit => both(
            format!("limit은 1 ~ {MAX_PAGE_LENGTH} 사이의 정수여야 합니다."),
            format!("limit must be a whole number from 1 to {MAX_PAGE_LENGTH}."),
        ),
        Constraint::Shows => both(
            format!("콘서트에는 서로 다른 날짜의 공연이 1 ~ {MAX_SHOWS}개 있어야 합니다."),
            format!(
                "A concert must have 1 to {MAX_SHOWS} shows, each with its own date, or date and start."
            ),
        ),
        Constraint::ShowTimes => both(
            "하루에 공연이 여러 회 있는 경우 모든 회차에 시작 시각이 있어야 합니다.",
            "If a day has several shows, each of them must have a start: 'YYYY-MM-DDTHH:MM'.",
        ),
        Constraint::Price => {
            let max = won(Money::MAX_AT_ONCE);
            both(
                format!("가격은 소수점 이하 두 자리까지의 0 ~ {max} 사이의 숫자여야 합니다."),
                format!("A price must be a number from 0 to {max}, with at most two decimals."),
            )
        }
        Constraint::Capacity => both(
            format!(
                "좌석 수는 1 ~ {MAX_SEATS_PER_SHOW} 사이의 정수여야 하며, 배치도가 있는 공연에서는 배치도의 좌석 수와 같아야 합니다."
            ),
            format!(
                "A capacity must be a whole number from 1 to {MAX_SEATS_PER_SHOW}. A show with a \
                 plan has as many seats as the plan."
            ),
        ),
        Constraint::Prices => both(
            "배치도가 있는 공연에는 모든 등급의 가격을 빠짐없이 prices에 입력해야 하고, 배치도가 없는 공연에는 price만 입력해야 합니다.",
            "A show with a plan needs prices with one price for each grade of the plan, and no other. \
             A show without a plan needs a price.",
        ),
        Constraint::Plan => both(
            "plan_id는 배치도의 ID여야 하며 prices와 함께 입력해야 합니다. 등급이 같은 배치도로 변경하는 경우에만 prices를 생략할 수 있습니다.",
            "plan_id must be the id of a plan, and needs prices beside it. Only a show that has a \
             plan with the same grades keeps its prices without them.",
        ),
        Constraint::Description => {
            let max = Description::MAX_LENGTH;
            both(
                format!(
                    "description은 ko와 en에 각각 1 ~ {max}자를 입력할 수 있으며, 줄바꿈 이외의 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다."
                ),
                format!(
                    "A description has texts in ko and en, each of 1 to {max} characters. None may be \
                     a control character other than a line break, or change the direction of a text."
                ),
            )
        }
        Constraint::Venue => {
            let max = Venue::MAX_LENGTH;
            both(
                format!(
                    "venue는 ko와 en에 각각 1 ~ {max}자를 입력할 수 있으며, 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다."
                ),
                format!(
                    "A venue has texts in ko and en, each of 1 to {max} characters. None may break \
                     lines or change the direction of a text."
                ),
            )
        }
        Constraint::Notice => {
            let max = Notice::MAX_LENGTH;
            both(
                format!(
                    "notice는 ko와 en에 각각 1 ~ {max}자를 입력할 수 있으며, 줄바꿈 이외의 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다."
                ),
                format!(
                    "A notice has texts in ko and en, each of 1 to {max} characters. None may be a \
                     control character other than a line break, or change the direction of a text."
                ),
            )
        }
        Constraint::AgeLimit => {
            let (min, max) = bounds(&texts::Texts::AGE_LIMIT);
            both(
                format!("age_limit은 {min} ~ {max} 사이의 정수여야 합니다."),
                format!("age_limit must be a whole number from {min} to {max}."),
            )
        }
        Constraint::DoorTimes => both(
            "doors_at과 starts_at은 'HH:MM' 형식이어야 하고, doors_at은 공연 시작 시각보다 늦을 수 없습니다. date에 시작 시각이 있으면 starts_at은 그와 같아야 합니다.",
            "doors_at and starts_at must be 'HH:MM', and the doors must not open after the start. If \
             date has a start, starts_at must be the same.",
        ),
        Constraint::Best => both(
            format!(
                "best의 count는 1 ~ {MAX_SEATS_PER_HOLD} 사이의 정수여야 합니다. grade와 section은 배치도에 있어야 하고, accessible은 0 ~ count 사이의 정수여야 하며 apart와 함께 사용할 수 없습니다."
            ),
            format!(
                "best must have a count from 1 to {MAX_SEATS_PER_HOLD}. A grade and a section must be of \
                 the show's plan. accessible must be a whole number from 0 to count, and cannot be \
                 combined with apart."
            ),
        ),
        Constraint::SalesWindow => both(
            "판매 시작 시각은 종료 시각보다 앞서야 하며 RFC 3339 형식이어야 합니다.",
            "A sale must open before it closes. Both times must be in RFC 3339.",
        ),
        Constraint::Correction => {
            let max = won(Money::MAX_AT_ONCE);
            both(
                format!(
                    "정정 금액은 소수점 이하 두 자리까지의 -{max} ~ {max} 사이의 0이 아닌 숫자여야 합니다."
                ),
                format!(
                    "A correction must be a number from -{max} to {max} other than 0, with at most two \
                     decimals."
                ),
            )
        }
        Constraint::Reason => {
            let max = Reason::MAX_LENGTH;
            both(
                format!(
                    "사유는 1 ~ {max}자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다."
                ),
                format!(
                    "A reason must have 1 to {max} characters. At least one must be visible, and none \
                     may break lines or change the direction of a text."
                ),
            )
        }
        Constraint::PersonLimit => {
            let (min, max) = bounds(&PERSON_LIMITS);
            both(
                format!("most_seats_a_person는 {min} ~ {max} 사이의 정수여야 합니다."),
                format!("most_seats_a_person must be a whole number from {min} to {max}."),
            )
        }
        Constraint::SeatsOfOrder => both(
            format!(
                "seat_numbers는 결제된 예약의 서로 다른 좌석 번호 1 ~ {MAX_SEATS_PER_HOLD}개여야 합니다."
            ),
            format!(
                "seat_numbers must be 1 to {MAX_SEATS_PER_HOLD} different seats of a reservation that is \
                 paid."
            ),
        ),
        Constraint::QueueId => {
            let (min, max) = bounds(&QueueId::LENGTH);
            both(
                format!("대기열 ID는 {min} ~ {max}자의 영문 소문자, 숫자, 하이픈이어야 합니다."),
                format!(
                    "A queue's id must have {min} to {max} lower-case letters, digits and hyphens."
                ),
            )
        }
        Constraint::QueueShows => both(
            format!("하나의 대기열에는 최대 {MAX_SHOWS}개의 공연만 등록할 수 있습니다."),
            format!("The concerts of one queue may have at most {MAX_SHOWS} shows together."),
        ),
        Constraint::MaxActive => {
            let (min, max) = bounds(&Settings::MAX_ACTIVE);
            both(
                format!("max_active는 {min} ~ {max} 사이의 정수여야 합니다."),
                format!("max_active must be a whole number from {min} to {max}."),
            )
        }
        Constraint::Rate => {
            let (min, max) = Settings::rate_bounds();
            both(
                format!(
                    "rate는 {min} ~ {max} 사이의 숫자여야 합니다. 입장을 멈추려면 state를 PAUSED로 설정하세요."
                ),
                format!(
                    "rate must be a number from {min} to {max} with at most three decimals. To let nobody in, \
             set state to PAUSED."
                ),
            )
        }
        Constraint::Windows => {
            let (min, max) = (
                Settings::CLAIM_SECONDS.start(),
                Settings::ACTIVE_SECONDS.end(),
            );
            let least = Settings::MIN_SECONDS_LEFT;
            both(
                format!(
                    "claim_seconds와 active_seconds는 {min} ~ {max} 사이의 정수여야 하며 active_seconds는 claim_seconds보다 {least} 이상 커야 합니다."
                ),
                format!(
                    "claim_seconds and active_seconds must be whole numbers from {min} to {max}, and \
                     active_seconds must be at least {least} more than claim_seconds."
                ),
            )
        }
        Constraint::TickSeconds => {
            let (min, max) = bounds(&Settings::TICK_SECONDS);
            both(
                format!("tick_seconds는 {min} ~ {max} 사이의 정수여야 합니다."),
                format!("tick_seconds must be a whole number from {min} to {max}."),
            )
        }
        Constraint::QueueState => both(
            "state는 OPEN, PAUSED, CLOSED 중 하나여야 합니다.",
            "state must be OPEN, PAUSED or CLOSED.",
        ),
        Constraint::Role => both(
            "role은 user 또는 admin이어야 합니다.",
            "role must be user or admin.",
        ),
        Constraint::ChangeKind => both(
            "kind는 변경 기록의 종류 중 하나여야 합니다.",
            "kind must be one of the kinds of changes that the log has.",
        ),
        Constraint::ConcertId => both(
            "concert_id는 올바른 UUID 형식이어야 합니다.",
            "concert_id must be a well-formed UUID.",
        ),
        Constraint::WhoJoins => both(
            "who는 everybody 또는 accounts여야 합니다.",
            "who must be everybody or accounts.",
        ),
        Constraint::OpensAt => {
            let days = MAX_AHEAD.as_hours() / 24;
            both(
                format!("opens_at은 앞으로 {days}일 이내의 RFC 3339 시각이어야 합니다."),
                format!("opens_at must be a time in the next {days} days, in RFC 3339."),
            )
        }
        Constraint::AlreadyOpen => both(
            "이미 열린 대기열의 opens_at은 바꿀 수 없습니다. 입장을 멈추려면 state를 PAUSED로 설정해 주세요.",
            "This queue is already open, and people may have joined it, so opens_at cannot be set \
             any more. To let nobody in, set state to PAUSED.",
        ),
        Constraint::DefaultConcert => both(
            "default_concert_id는 이 대기열에서 판매하는 콘서트여야 합니다.",
            "default_concert_id must be a concert that this queue sells.",
        ),
    }
}
