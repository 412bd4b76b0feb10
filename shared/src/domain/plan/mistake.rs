//! What can be wrong with a plan.

use super::{
    Grade, MAX_GRADES, MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_PLACES_PER_ROW, MAX_PLAN_BYTES,
    MAX_RANK, MAX_ROWS, MAX_SEATS_PER_ROW, MAX_SECTIONS, MAX_STORED_BYTES,
};
use crate::domain::{seat::MAX_SEATS_PER_SHOW, user::Name};

/// The first mistake in a plan, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", if at.is_empty() { "the document" } else { at })]
pub struct PlanMistake {
    /// Where it is: a JSON pointer (RFC 6901). It is empty for the whole document. For a field that
    /// is missing it is the place where the field would be.
    pub at: String,
    /// What is wrong there.
    pub reason: PlanReason,
}

/// What is wrong at a place of a plan. The texts are English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanReason {
    /// The document as sent is too long to be read.
    #[error("must not have more than {MAX_PLAN_BYTES} bytes")]
    TooLong,
    /// The canonical document would be too long.
    #[error("must not have more than {MAX_PLAN_BYTES} bytes in its canonical form")]
    DocumentTooLong,
    /// The canonical document is too long to be stored.
    #[error("must not have more than {MAX_STORED_BYTES} bytes when it is compressed")]
    StoredTooLong,
    /// It is not JSON, or it is nested too deeply.
    #[error("must be JSON, which it is not at line {line}, column {column}")]
    NotJson {
        /// The line of the mistake, from 1.
        line: usize,
        /// The column of the mistake, from 1; 0 if the line has not begun.
        column: usize,
    },
    /// A plan has no such field here.
    #[error("is not a field of a plan")]
    UnknownField,
    /// The object has this field more than once.
    #[error("must not be there twice")]
    FieldTwice,
    /// The field is needed.
    #[error("is missing")]
    Missing,
    /// It is not an object.
    #[error("must be an object")]
    NotAnObject,
    /// It is not a list.
    #[error("must be a list")]
    NotAList,
    /// It is not a text.
    #[error("must be a text")]
    NotAText,
    /// It is not a whole number, or one outside the limits.
    #[error("must be a whole number from {from} to {to}")]
    WholeNumber {
        /// The least that is allowed.
        from: i32,
        /// The most that is allowed.
        to: i32,
    },
    /// It is not a point.
    #[error("must be two whole numbers, [x, y]")]
    NotAPoint,
    /// It is not an end of a row.
    #[error("must be \"left\", \"middle\" or \"right\"")]
    NotAnEnd,
    /// It is not the name of a plan.
    #[error("must be one line of 1 to {} characters", Name::MAX_LENGTH)]
    NotAPlanName,
    /// It is not the name of a section.
    #[error("must be one line of 1 to {MAX_NAME_LENGTH} characters")]
    NotASectionName,
    /// It is not the name of a grade.
    #[error("must be one line of 1 to {} characters", Grade::MAX_LENGTH)]
    NotAGrade,
    /// It is not a label, or has one that is not.
    #[error("a label has 1 to {MAX_LABEL_LENGTH} letters or digits")]
    NotALabel,
    /// A range has ends that do not belong together.
    #[error("a range goes from one number to another with the same letters before, as in A1-A20")]
    NotARange,
    /// A range has another step than 2.
    #[error("a range has every number, or every second one with /2")]
    WrongStep,
    /// A gap has no places, or too many.
    #[error("a gap is _ and a number from 1 to {MAX_PLACES_PER_ROW}")]
    WrongGap,
    /// A gap is where only seats can be.
    #[error("must not have a gap")]
    GapNotAllowed,
    /// There is no seat.
    #[error("must have a seat")]
    NoSeats,
    /// There is no grade.
    #[error("must have a grade")]
    NoGrades,
    /// There is no section.
    #[error("must have a section")]
    NoSections,
    /// There is no row.
    #[error("must have a row")]
    NoRows,
    /// There are too many grades.
    #[error("a plan has at most {MAX_GRADES} grades")]
    TooManyGrades,
    /// There are too many sections.
    #[error("a plan has at most {MAX_SECTIONS} sections")]
    TooManySections,
    /// There are too many rows.
    #[error("a plan has at most {MAX_ROWS} rows")]
    TooManyRows,
    /// The row has too many seats.
    #[error("a row has at most {MAX_SEATS_PER_ROW} seats")]
    TooManySeatsInRow,
    /// The row has too many places.
    #[error("a row has at most {MAX_PLACES_PER_ROW} places, seats and gaps together")]
    TooManyPlaces,
    /// The plan has too many seats.
    #[error("a plan has at most {MAX_SEATS_PER_SHOW} seats")]
    TooManySeats,
    /// The rank of the section and that of the row are too high together.
    #[error("the ranks of a section and of its row are at most {MAX_RANK} together")]
    RankTooHigh,
    /// Another grade has this name.
    #[error("is a grade already")]
    GradeTwice,
    /// Another section has this name.
    #[error("is the name of another section")]
    SectionTwice,
    /// Another row of the section has this label.
    #[error("is the label of another row of the section")]
    RowTwice,
    /// A label is named twice.
    #[error("has a label twice")]
    SeatTwice,
    /// The plan does not list this grade.
    #[error("is not one of the plan's grades")]
    UnknownGrade,
    /// No seat has this grade.
    #[error("is the grade of no seat")]
    UnusedGrade,
    /// The row has no such seat.
    #[error("names a seat that the row does not have")]
    UnknownSeat,
}
