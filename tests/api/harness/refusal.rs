//! The refusals of the contract: status, code and Korean text.

use super::Reply;

/// A row of the contract's error table.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub korean: &'static str,
}

const fn refusal(status: u16, code: &'static str, korean: &'static str) -> Refusal {
    Refusal {
        status,
        code,
        korean,
    }
}

#[rustfmt::skip]
mod rows {
    use super::{Refusal, refusal};

    pub const EMPTY_BODY: Refusal = refusal(400, "EMPTY_BODY", "요청 본문이 비어 있거나 잘못된 형식입니다.");
    pub const MISSING_USER_ID: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'user_id'가 요청에 포함되지 않았습니다.");
    pub const MISSING_DATE_OR_SEAT: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'date' 또는 'seat_number'가 누락되었습니다.");
    pub const MISSING_AMOUNT: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'amount'가 누락되었습니다.");
    pub const MISSING_RESERVATION_ID: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'reservation_id'가 누락되었습니다.");
    pub const MISSING_NAME: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'name'가 누락되었습니다.");
    pub const MISSING_EMAIL: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'email'가 누락되었습니다.");
    pub const MISSING_PASSWORD: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'password'가 누락되었습니다.");
    pub const MISSING_CURRENT_PASSWORD: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'current_password'가 누락되었습니다.");
    pub const MISSING_SHOWS: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'shows'가 누락되었습니다.");
    pub const MISSING_DATE_FIELD: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'date'가 누락되었습니다.");
    pub const MISSING_PRICE: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'price'가 누락되었습니다.");
    pub const MISSING_REASON: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'reason'가 누락되었습니다.");
    pub const MISSING_SEAT_NUMBER: Refusal = refusal(400, "MISSING_PARAMETER", "필수 파라미터 'seat_number'가 누락되었습니다.");
    pub const MISSING_DATE: Refusal = refusal(400, "MISSING_PARAMETER", "필수 파라미터 'date'가 누락되었습니다.");
    pub const MISSING_CONCERT_ID: Refusal = refusal(400, "MISSING_PARAMETER", "필수 파라미터 'concert_id'가 누락되었습니다.");
    pub const MISSING_PAYMENT_AMOUNT: Refusal = refusal(400, "MISSING_PAYMENT_AMOUNT", "결제 금액 정보가 누락되었습니다.");
    pub const INVALID_USER_ID: Refusal = refusal(400, "INVALID_USER_ID", "user_id는 올바른 UUID 형식이어야 합니다.");
    pub const INVALID_DATE: Refusal = refusal(400, "INVALID_DATE", "잘못된 날짜 형식입니다. 'YYYY-MM-DD' 형식으로 입력해 주세요.");
    pub const INVALID_SEAT_NUMBER: Refusal = refusal(400, "INVALID_SEAT_NUMBER", "좌석 번호는 1 ~ 50 사이의 값이어야 합니다.");
    pub const TOO_MANY_SEATS: Refusal = refusal(400, "TOO_MANY_SEATS", "한 번에 최대 4개의 좌석까지 예약할 수 있습니다.");
    pub const SEVERAL_SHOWS: Refusal = refusal(400, "SEVERAL_SHOWS", "해당 날짜에 공연이 여러 회 있습니다(2027-05-01T14:00, 2027-05-01T19:30). 회차를 선택해 주세요.");
    pub const INVALID_PLAN: Refusal = refusal(400, "INVALID_PLAN", "배치도가 올바르지 않습니다. /sections/0/grade: 배치도에 없는 등급입니다.");
    pub const INVALID_PRICES: Refusal = refusal(400, "BAD_REQUEST", "배치도가 있는 공연에는 모든 등급의 가격을 빠짐없이 prices에 입력해야 하고, 배치도가 없는 공연에는 price만 입력해야 합니다.");
    pub const INVALID_PLAN_ID: Refusal = refusal(400, "BAD_REQUEST", "plan_id는 배치도의 ID여야 하며 prices와 함께 입력해야 합니다. 등급이 같은 배치도로 변경하는 경우에만 prices를 생략할 수 있습니다.");
    pub const SALE_OPEN: Refusal = refusal(409, "SALE_OPEN", "판매가 종료된 지 20초가 지나야 좌석을 변경하거나 공연을 삭제할 수 있습니다. 먼저 판매를 종료해 주세요.");
    pub const SEATS_TAKEN: Refusal = refusal(409, "SEATS_TAKEN", "판매되었거나 임시 예약된 좌석이 있어 변경할 수 없습니다.");
    pub const SEATS_OF_ORDER: Refusal = refusal(400, "BAD_REQUEST", "seat_numbers는 결제된 예약의 서로 다른 좌석 번호 1 ~ 4개여야 합니다.");
    pub const PERSON_LIMIT: Refusal = refusal(409, "PERSON_LIMIT", "한 사람이 이 공연의 좌석을 최대 1석까지 구매할 수 있습니다. 이미 구매한 좌석은 0석입니다.");
    pub const INVALID_PERSON_LIMIT: Refusal = refusal(400, "BAD_REQUEST", "most_seats_a_person는 1 ~ 100 사이의 정수여야 합니다.");
    pub const INVALID_BEST: Refusal = refusal(400, "BAD_REQUEST", "best의 count는 1 ~ 4 사이의 정수여야 합니다. grade와 section은 배치도에 있어야 하고, accessible은 0 ~ count 사이의 정수여야 하며 apart와 함께 사용할 수 없습니다.");
    pub const SHOW_TIMES: Refusal = refusal(400, "BAD_REQUEST", "하루에 공연이 여러 회 있는 경우 모든 회차에 시작 시각이 있어야 합니다.");
    pub const INVALID_AMOUNT: Refusal = refusal(400, "INVALID_AMOUNT", "충전 금액은 0보다 큰 실수 값이어야 합니다.");
    pub const MALFORMED_AUTHORIZATION: Refusal = refusal(400, "MALFORMED_AUTHORIZATION", "잘못된 인증 형식입니다. 'Authorization' 헤더를 확인해 주세요.");
    pub const TOKEN_ALREADY_ACTIVE: Refusal = refusal(400, "TOKEN_ALREADY_ACTIVE", "이미 활성화된 토큰이 존재합니다.");
    pub const BAD_REQUEST: Refusal = refusal(400, "BAD_REQUEST", "잘못된 요청입니다. 요청 내용을 확인해 주세요.");
    pub const BODY_TOO_LARGE: Refusal = refusal(400, "BAD_REQUEST", "요청 본문은 65536바이트 이하여야 합니다.");
    pub const WRONG_ENCODING: Refusal = refusal(400, "BAD_REQUEST", "요청 본문은 UTF-8로 인코딩되어야 합니다.");
    pub const STRAY_BODY: Refusal = refusal(400, "BAD_REQUEST", "이 요청에는 본문을 포함할 수 없습니다.");
    pub const INVALID_NAME: Refusal = refusal(400, "BAD_REQUEST", "이름은 1 ~ 100자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.");
    pub const INVALID_EMAIL: Refusal = refusal(400, "BAD_REQUEST", "이메일 주소 형식이 올바르지 않습니다. 최대 254바이트까지 입력할 수 있습니다.");
    pub const INVALID_PASSWORD: Refusal = refusal(400, "BAD_REQUEST", "비밀번호는 10 ~ 128자여야 하며 제어 문자를 포함할 수 없습니다.");
    pub const INVALID_SHOWS: Refusal = refusal(400, "BAD_REQUEST", "콘서트에는 서로 다른 날짜의 공연이 1 ~ 200개 있어야 합니다.");
    pub const INVALID_PRICE: Refusal = refusal(400, "BAD_REQUEST", "가격은 소수점 이하 두 자리까지의 0 ~ 1000000000000 사이의 숫자여야 합니다.");
    pub const INVALID_CAPACITY: Refusal = refusal(400, "BAD_REQUEST", "좌석 수는 1 ~ 100000 사이의 정수여야 하며, 배치도가 있는 공연에서는 배치도의 좌석 수와 같아야 합니다.");
    pub const INVALID_SALES_WINDOW: Refusal = refusal(400, "BAD_REQUEST", "판매 시작 시각은 종료 시각보다 앞서야 하며 RFC 3339 형식이어야 합니다.");
    pub const INVALID_QUEUE_ID: Refusal = refusal(400, "BAD_REQUEST", "대기열 ID는 3 ~ 40자의 영문 소문자, 숫자, 하이픈이어야 합니다.");
    pub const INVALID_MAX_ACTIVE: Refusal = refusal(400, "BAD_REQUEST", "max_active는 1 ~ 1000000 사이의 정수여야 합니다.");
    pub const INVALID_RATE: Refusal = refusal(400, "BAD_REQUEST", "rate는 0.001 ~ 10000 사이의 숫자여야 합니다. 입장을 멈추려면 state를 PAUSED로 설정하세요.");
    pub const INVALID_WINDOWS: Refusal = refusal(400, "BAD_REQUEST", "claim_seconds와 active_seconds는 10 ~ 3600 사이의 정수여야 하며 active_seconds는 claim_seconds보다 10 이상 커야 합니다.");
    pub const INVALID_TICK_SECONDS: Refusal = refusal(400, "BAD_REQUEST", "tick_seconds는 1 ~ 30 사이의 정수여야 합니다.");
    pub const INVALID_DESCRIPTION: Refusal = refusal(400, "BAD_REQUEST", "description은 ko와 en에 각각 1 ~ 2000자를 입력할 수 있으며, 줄바꿈 이외의 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.");
    pub const INVALID_VENUE: Refusal = refusal(400, "BAD_REQUEST", "venue는 ko와 en에 각각 1 ~ 100자를 입력할 수 있으며, 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.");
    pub const INVALID_AGE_LIMIT: Refusal = refusal(400, "BAD_REQUEST", "age_limit은 0 ~ 99 사이의 정수여야 합니다.");
    pub const INVALID_DOOR_TIMES: Refusal = refusal(400, "BAD_REQUEST", "doors_at과 starts_at은 'HH:MM' 형식이어야 하고, doors_at은 공연 시작 시각보다 늦을 수 없습니다. date에 시작 시각이 있으면 starts_at은 그와 같아야 합니다.");
    pub const INVALID_ROLE: Refusal = refusal(400, "BAD_REQUEST", "role은 user 또는 admin이어야 합니다.");
    pub const INVALID_CHANGE_KIND: Refusal = refusal(400, "BAD_REQUEST", "kind는 변경 기록의 종류 중 하나여야 합니다.");
    pub const INVALID_CONCERT_ID: Refusal = refusal(400, "BAD_REQUEST", "concert_id는 올바른 UUID 형식이어야 합니다.");
    pub const MISSING_ROLE: Refusal = refusal(400, "MISSING_FIELD", "필수 필드 'role'가 누락되었습니다.");
    pub const OWN_ROLE: Refusal = refusal(409, "OWN_ROLE", "자신의 권한은 변경할 수 없습니다. 다른 관리자에게 요청해 주세요.");
    pub const ADMIN_NEEDS_ACCOUNT: Refusal = refusal(409, "ADMIN_NEEDS_ACCOUNT", "이메일과 비밀번호를 등록한 회원만 관리자가 될 수 있습니다.");
    pub const INVALID_WHO: Refusal = refusal(400, "BAD_REQUEST", "who는 everybody 또는 accounts여야 합니다.");
    pub const INVALID_NOTICE: Refusal = refusal(400, "BAD_REQUEST", "notice는 ko와 en에 각각 1 ~ 300자를 입력할 수 있으며, 줄바꿈 이외의 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.");
    pub const INVALID_QUEUE_STATE: Refusal = refusal(400, "BAD_REQUEST", "state는 OPEN, PAUSED, CLOSED 중 하나여야 합니다.");
    pub const INVALID_OPENS_AT: Refusal = refusal(400, "BAD_REQUEST", "opens_at은 앞으로 28일 이내의 RFC 3339 시각이어야 합니다.");
    pub const ALREADY_OPEN: Refusal = refusal(400, "BAD_REQUEST", "이미 열린 대기열의 opens_at은 바꿀 수 없습니다. 입장을 멈추려면 state를 PAUSED로 설정해 주세요.");
    pub const UNKNOWN_FIELD: Refusal = refusal(400, "UNKNOWN_FIELD", "'ratee' 필드는 사용할 수 없습니다. 이름을 확인해 주세요.");
    pub const INVALID_DEFAULT_CONCERT: Refusal = refusal(400, "BAD_REQUEST", "default_concert_id는 이 대기열에서 판매하는 콘서트여야 합니다.");
    pub const INVALID_CORRECTION: Refusal = refusal(400, "BAD_REQUEST", "정정 금액은 소수점 이하 두 자리까지의 -1000000000000 ~ 1000000000000 사이의 0이 아닌 숫자여야 합니다.");
    pub const INVALID_REASON: Refusal = refusal(400, "BAD_REQUEST", "사유는 1 ~ 200자여야 하며, 보이는 문자가 있어야 하고 제어 문자나 글자 방향을 바꾸는 문자를 포함할 수 없습니다.");
    pub const TOO_MANY_QUEUE_SHOWS: Refusal = refusal(400, "BAD_REQUEST", "하나의 대기열에는 최대 200개의 공연만 등록할 수 있습니다.");
    pub const INVALID_LIMIT: Refusal = refusal(400, "BAD_REQUEST", "limit은 1 ~ 100 사이의 정수여야 합니다.");
    pub const MISSING_AUTHORIZATION: Refusal = refusal(401, "MISSING_AUTHORIZATION", "Authorization 헤더가 누락되었습니다.");
    pub const INVALID_TOKEN: Refusal = refusal(401, "INVALID_TOKEN", "유효하지 않은 토큰입니다.");
    pub const INVALID_CREDENTIALS: Refusal = refusal(401, "INVALID_CREDENTIALS", "사용자 정보 또는 비밀번호가 올바르지 않습니다.");
    pub const INSUFFICIENT_BALANCE: Refusal = refusal(402, "INSUFFICIENT_BALANCE", "결제 실패 - 잔액이 부족합니다.");
    pub const NOT_YOUR_TURN: Refusal = refusal(403, "NOT_YOUR_TURN", "아직 입장 순서가 아닙니다. 잠시 후 다시 시도해 주세요.");
    pub const ACCOUNT_NEEDED: Refusal = refusal(403, "ACCOUNT_NEEDED", "이 대기열은 회원만 참여할 수 있습니다. 이메일과 비밀번호를 등록해 주세요.");
    pub const FORBIDDEN: Refusal = refusal(403, "FORBIDDEN", "접근 권한이 없습니다.");
    pub const USER_NOT_FOUND: Refusal = refusal(404, "USER_NOT_FOUND", "존재하지 않는 사용자입니다.");
    pub const NO_AVAILABLE_DATES: Refusal = refusal(404, "NO_AVAILABLE_DATES", "예약 가능한 날짜가 없습니다.");
    pub const SHOW_NOT_FOUND: Refusal = refusal(404, "SHOW_NOT_FOUND", "해당 날짜에 대한 좌석 정보가 존재하지 않습니다.");
    pub const RESERVATION_NOT_FOUND: Refusal = refusal(404, "RESERVATION_NOT_FOUND", "존재하지 않는 예약입니다.");
    pub const CONCERT_NOT_FOUND: Refusal = refusal(404, "CONCERT_NOT_FOUND", "존재하지 않는 콘서트입니다.");
    pub const QUEUE_NOT_FOUND: Refusal = refusal(404, "QUEUE_NOT_FOUND", "존재하지 않는 대기열입니다.");
    pub const PLAN_NOT_FOUND: Refusal = refusal(404, "PLAN_NOT_FOUND", "존재하지 않는 배치도입니다.");
    pub const NOT_FOUND: Refusal = refusal(404, "NOT_FOUND", "요청한 경로를 찾을 수 없습니다.");
    pub const SEAT_ALREADY_RESERVED: Refusal = refusal(409, "SEAT_ALREADY_RESERVED", "해당 좌석은 이미 예약되었습니다.");
    pub const NO_SEATS_TOGETHER: Refusal = refusal(409, "NO_SEATS_TOGETHER", "요청하신 조건에 맞는 빈 좌석이 없습니다.");
    pub const HOLD_EXISTS: Refusal = refusal(409, "HOLD_EXISTS", "이미 다른 좌석을 임시 예약 중입니다.");
    pub const AMOUNT_MISMATCH: Refusal = refusal(409, "AMOUNT_MISMATCH", "결제 금액이 예약 금액과 일치하지 않습니다.");
    pub const SALE_NOT_OPEN: Refusal = refusal(409, "SALE_NOT_OPEN", "아직 판매가 시작되지 않았습니다.");
    pub const SHOW_CALLED_OFF: Refusal = refusal(410, "SHOW_CALLED_OFF", "취소된 공연입니다. 결제하신 금액은 잔액으로 환불됩니다.");
    pub const SALE_CLOSED: Refusal = refusal(409, "SALE_CLOSED", "판매가 종료되었습니다.");
    pub const EMAIL_TAKEN: Refusal = refusal(409, "EMAIL_TAKEN", "이미 사용 중인 이메일 주소입니다.");
    pub const CONCERT_HAS_ORDERS: Refusal = refusal(409, "CONCERT_HAS_ORDERS", "판매되었거나 임시 예약된 좌석이 있어 삭제할 수 없습니다.");
    pub const REFUND_CLOSED: Refusal = refusal(409, "REFUND_CLOSED", "환불 가능한 기간이 아닙니다.");
    pub const BALANCE_OUT_OF_RANGE: Refusal = refusal(409, "BALANCE_OUT_OF_RANGE", "정정 후 잔액은 0원 이상이어야 하며 한도를 초과할 수 없습니다.");
    pub const HOLD_EXPIRED: Refusal = refusal(410, "HOLD_EXPIRED", "임시 예약 시간이 만료되었습니다.");
    pub const USER_HAS_HOLD: Refusal = refusal(409, "USER_HAS_HOLD", "임시 예약 중인 좌석이 있어 탈퇴할 수 없습니다.");
    pub const USER_HAS_BALANCE: Refusal = refusal(409, "USER_HAS_BALANCE", "잔액이 남아 있어 탈퇴할 수 없습니다.");
    pub const SESSION_OVER: Refusal = refusal(410, "SESSION_OVER", "대기열 이용이 종료되었습니다. 다시 대기열에 참여해 주세요.");
    pub const SOLD_OUT: Refusal = refusal(410, "SOLD_OUT", "모든 좌석이 매진되었습니다.");
    pub const SALE_OVER: Refusal = refusal(410, "SALE_OVER", "판매가 종료되었습니다.");
    pub const LINE_NOT_EMPTY: Refusal = refusal(
        409,
        "LINE_NOT_EMPTY",
        "대기열에 사람이 있어 공연을 다른 대기열로 옮길 수 없습니다.",
    );
    pub const QUEUE_CLOSED: Refusal = refusal(410, "QUEUE_CLOSED", "대기열이 종료되었습니다.");
    pub const NEVER_SET: Refusal = refusal(412, "VERSION_MISMATCH", "그 사이에 내용이 변경되었습니다. 현재 버전은 0입니다.");
    pub const INTERNAL: Refusal = refusal(500, "INTERNAL", "서버 내부 오류가 발생했습니다. 관리자에게 문의하세요.");
    pub const BUSY: Refusal = refusal(503, "BUSY", "서버가 혼잡하여 요청을 처리할 수 없습니다.");
    pub const IDEMPOTENCY_KEY_REUSED: Refusal = refusal(422, "IDEMPOTENCY_KEY_REUSED", "이미 다른 요청에 사용된 Idempotency-Key입니다.");
    pub const TOO_MANY_ATTEMPTS: Refusal = refusal(429, "TOO_MANY_ATTEMPTS", "비밀번호 입력 횟수를 초과했습니다. 잠시 후 다시 시도해 주세요.");
}

pub use rows::*;

impl Reply {
    /// Checks that the answer is this error, with its text and in its envelope.
    #[track_caller]
    pub fn is(self, refusal: Refusal) {
        let text = self.refused(refusal.status, refusal.code);
        assert_eq!(text, refusal.korean);
    }

    /// Checks that the answer is that the session is over, for this reason if there is one.
    #[track_caller]
    pub fn session_over(self, reason: Option<&str>) {
        assert_eq!(self.body["reason"].as_str(), reason, "{}", self.body);
        self.is(SESSION_OVER);
    }
}
