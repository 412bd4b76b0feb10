//! The texts of mistakes in plans. The English ones are those of [`PlanReason`] itself.

use super::{Texts, both};
use crate::domain::{
    plan::{
        Grade, MAX_GRADES, MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_PLACES_PER_ROW, MAX_PLAN_BYTES,
        MAX_RANK, MAX_ROWS, MAX_SEATS_PER_ROW, MAX_SECTIONS, MAX_STORED_BYTES, PlanMistake,
        PlanReason,
    },
    seat::MAX_SEATS_PER_SHOW,
    user::Name,
};

/// Where the mistake is, and what is wrong there.
pub(super) fn of_mistake(mistake: &PlanMistake) -> Texts {
    let PlanMistake { at, reason } = mistake;
    let korean = korean(*reason);
    if at.is_empty() {
        both(
            format!("배치도가 올바르지 않습니다: {korean}"),
            format!("The plan is not valid: {reason}."),
        )
    } else {
        both(
            format!("배치도가 올바르지 않습니다. {at}: {korean}"),
            format!("The plan is not valid at {at}: {reason}."),
        )
    }
}

fn korean(reason: PlanReason) -> String {
    match reason {
        PlanReason::TooLong => format!("문서는 {MAX_PLAN_BYTES}바이트 이하여야 합니다."),
        PlanReason::DocumentTooLong => {
            format!("표준 형식의 문서는 {MAX_PLAN_BYTES}바이트 이하여야 합니다.")
        }
        PlanReason::StoredTooLong => {
            format!("압축한 문서는 {MAX_STORED_BYTES}바이트 이하여야 합니다.")
        }
        PlanReason::NotJson { line, column } => {
            format!("{line}행 {column}열에서 JSON 형식이 잘못되었습니다.")
        }
        PlanReason::UnknownField => "배치도에 없는 필드입니다.".to_owned(),
        PlanReason::FieldTwice => "같은 필드가 두 번 있습니다.".to_owned(),
        PlanReason::Missing => "필수 필드가 누락되었습니다.".to_owned(),
        PlanReason::NotAnObject => "객체여야 합니다.".to_owned(),
        PlanReason::NotAList => "배열이어야 합니다.".to_owned(),
        PlanReason::NotAText => "문자열이어야 합니다.".to_owned(),
        PlanReason::WholeNumber { from, to } => {
            format!("{from} ~ {to} 사이의 정수여야 합니다.")
        }
        PlanReason::NotAPoint => "두 정수의 배열 [x, y]여야 합니다.".to_owned(),
        PlanReason::NotAnEnd => "left, middle, right 중 하나여야 합니다.".to_owned(),
        PlanReason::NotAPlanName => {
            format!("이름은 한 줄의 1 ~ {}자여야 합니다.", Name::MAX_LENGTH)
        }
        PlanReason::NotASectionName => {
            format!("구역 이름은 한 줄의 1 ~ {MAX_NAME_LENGTH}자여야 합니다.")
        }
        PlanReason::NotAGrade => {
            format!(
                "등급 이름은 한 줄의 1 ~ {}자여야 합니다.",
                Grade::MAX_LENGTH
            )
        }
        PlanReason::NotALabel => {
            format!("좌석이나 열의 이름은 1 ~ {MAX_LABEL_LENGTH}자의 글자나 숫자여야 합니다.")
        }
        PlanReason::NotARange => {
            "범위의 양 끝은 A1-A20처럼 같은 글자 뒤의 숫자여야 합니다.".to_owned()
        }
        PlanReason::WrongStep => "범위의 간격은 생략하거나 /2만 쓸 수 있습니다.".to_owned(),
        PlanReason::WrongGap => {
            format!("빈자리는 _와 1 ~ {MAX_PLACES_PER_ROW} 사이의 정수로 써야 합니다.")
        }
        PlanReason::GapNotAllowed => "빈자리를 쓸 수 없는 곳입니다.".to_owned(),
        PlanReason::NoSeats => "좌석이 하나 이상 있어야 합니다.".to_owned(),
        PlanReason::NoGrades => "등급이 하나 이상 있어야 합니다.".to_owned(),
        PlanReason::NoSections => "구역이 하나 이상 있어야 합니다.".to_owned(),
        PlanReason::NoRows => "열이 하나 이상 있어야 합니다.".to_owned(),
        PlanReason::TooManyGrades => format!("등급은 {MAX_GRADES}개 이하여야 합니다."),
        PlanReason::TooManySections => format!("구역은 {MAX_SECTIONS}개 이하여야 합니다."),
        PlanReason::TooManyRows => format!("열은 모두 {MAX_ROWS}개 이하여야 합니다."),
        PlanReason::TooManySeatsInRow => {
            format!("한 열의 좌석은 {MAX_SEATS_PER_ROW}개 이하여야 합니다.")
        }
        PlanReason::TooManyPlaces => {
            format!("한 열의 좌석과 빈자리는 모두 {MAX_PLACES_PER_ROW}개 이하여야 합니다.")
        }
        PlanReason::TooManySeats => {
            format!("좌석은 모두 {MAX_SEATS_PER_SHOW}개 이하여야 합니다.")
        }
        PlanReason::RankTooHigh => {
            format!("구역과 열의 rank의 합은 {MAX_RANK} 이하여야 합니다.")
        }
        PlanReason::GradeTwice => "이미 있는 등급입니다.".to_owned(),
        PlanReason::SectionTwice => "다른 구역과 이름이 같습니다.".to_owned(),
        PlanReason::RowTwice => "같은 구역의 다른 열과 이름이 같습니다.".to_owned(),
        PlanReason::SeatTwice => "같은 좌석 이름이 두 번 있습니다.".to_owned(),
        PlanReason::UnknownGrade => "배치도에 없는 등급입니다.".to_owned(),
        PlanReason::UnusedGrade => "이 등급의 좌석이 없습니다.".to_owned(),
        PlanReason::UnknownSeat => "이 열에 없는 좌석입니다.".to_owned(),
    }
}
