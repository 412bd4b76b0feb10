//! Labels of seats, and the text that names the seats of a row.
//!
//! The text has tokens with spaces between them: a label (`7`, `A7`), a range of labels (`1-20`,
//! `A20-A1`, `1-19/2`), or a gap of places without seats (`_2`).
//!
//! A text has one canonical form. It follows from the labels and gaps alone. From the left, each
//! token is the longest range that is possible, of two labels or more if the numbers follow each
//! other, and of three or more if every second one is left out. Gaps beside each other are one.

use std::{collections::HashSet, fmt, ops::RangeInclusive};

use super::{MAX_LABEL_LENGTH, MAX_PLACES_PER_ROW, MAX_SEATS_PER_ROW, PlanReason, count};
use crate::domain::user::can_be_seen;

/// A label: what stands before its number, and the number with all its digits. `A07` is `A`, 7 and
/// two digits. A label that does not end in a digit has no digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Label<'a> {
    before: &'a str,
    number: u32,
    digits: u32,
}

impl<'a> Label<'a> {
    /// Reads a label, which is in Unicode's composed form (NFC). `None` if it is too long, or has
    /// anything but letters and digits that can be seen.
    pub fn read(text: &'a str) -> Option<Self> {
        let is_allowed = |letter: char| letter.is_alphanumeric() && can_be_seen(letter);
        let length = text.chars().take(MAX_LABEL_LENGTH + 1).count();
        if !(1..=MAX_LABEL_LENGTH).contains(&length) || !text.chars().all(is_allowed) {
            return None;
        }
        let before = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = &text[before.len()..];
        Some(Self {
            before,
            number: digits.parse().unwrap_or(0),
            digits: count(digits.len()),
        })
    }

    fn begins_with_zero(self) -> bool {
        digits_of(self.number) < self.digits
    }

    /// Whether both can be in one range. Their numbers have equally many digits, or no zeros
    /// before them.
    fn goes_with(self, other: Self) -> bool {
        let is_numbered = self.digits > 0 && other.digits > 0;
        let is_plain = !self.begins_with_zero() && !other.begins_with_zero();
        is_numbered && self.before == other.before && (self.digits == other.digits || is_plain)
    }
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.before)?;
        if self.digits > 0 {
            let digits = usize::try_from(self.digits).unwrap_or_default();
            write!(f, "{:0digits$}", self.number)?;
        }
        Ok(())
    }
}

/// How many digits a number has.
fn digits_of(number: u32) -> u32 {
    number.checked_ilog10().unwrap_or(0) + 1
}

/// The labels that a text names, in its order, and the gaps between them.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    pub labels: Vec<Label<'a>>,
    /// Each gap: how many labels come before it, and how many places it has. They are in order, and
    /// no two at the same label.
    gaps: Vec<(usize, u32)>,
    /// How many places all gaps have.
    empty: u32,
}

impl<'a> Named<'a> {
    /// Reads a text, which is in Unicode's composed form (NFC). Nothing is made of a range before
    /// its size is known to be allowed.
    pub fn read(text: &'a str) -> Result<Self, PlanReason> {
        let mut named = Self::default();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            match token.strip_prefix('_') {
                Some(places) => named.push_gap(places)?,
                None => named.push_range(token)?,
            }
        }
        if named.labels.is_empty() {
            return Err(PlanReason::NoSeats);
        }
        let mut different = HashSet::with_capacity(named.labels.len());
        if !named.labels.iter().all(|label| different.insert(*label)) {
            return Err(PlanReason::SeatTwice);
        }
        Ok(named)
    }

    /// Labels without gaps.
    pub fn only(labels: Vec<Label<'a>>) -> Self {
        Self {
            labels,
            ..Self::default()
        }
    }

    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    /// How many places there are: seats, and the places of gaps.
    pub fn places(&self) -> u32 {
        count(self.labels.len()) + self.empty
    }

    fn push_gap(&mut self, places: &str) -> Result<(), PlanReason> {
        let is_number = places.bytes().all(|byte| byte.is_ascii_digit());
        let places = places.parse().ok().filter(|_| is_number);
        let places = places
            .filter(|places| (1..=MAX_PLACES_PER_ROW).contains(places))
            .ok_or(PlanReason::WrongGap)?;
        self.empty += places;
        match self.gaps.last_mut() {
            Some((after, gap)) if *after == self.labels.len() => *gap += places,
            _ => self.gaps.push((self.labels.len(), places)),
        }
        self.require_room()
    }

    fn push_range(&mut self, token: &'a str) -> Result<(), PlanReason> {
        let (range, step) = match token.split_once('/') {
            Some((range, "2")) => (range, 2),
            Some(_) => return Err(PlanReason::WrongStep),
            None => (token, 1),
        };
        let Some((first, last)) = range.split_once('-') else {
            // A single label has no step.
            let label = Label::read(token).ok_or(PlanReason::NotALabel)?;
            self.labels.push(label);
            return self.require_room();
        };
        let first = Label::read(first).ok_or(PlanReason::NotALabel)?;
        let last = Label::read(last).ok_or(PlanReason::NotALabel)?;
        if !first.goes_with(last) {
            return Err(PlanReason::NotARange);
        }
        let steps = first.number.abs_diff(last.number) / step;
        if steps >= MAX_SEATS_PER_ROW {
            return Err(PlanReason::TooManySeatsInRow);
        }
        let numbers = Numbers::between(first, last, step);
        self.labels
            .extend((0..=steps).map(|index| numbers.label(first.before, index)));
        self.require_room()
    }

    fn require_room(&self) -> Result<(), PlanReason> {
        if count(self.labels.len()) > MAX_SEATS_PER_ROW {
            Err(PlanReason::TooManySeatsInRow)
        } else if self.places() > MAX_PLACES_PER_ROW {
            Err(PlanReason::TooManyPlaces)
        } else {
            Ok(())
        }
    }

    /// The runs that these labels are.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut gaps = self.gaps.iter().copied().peekable();
        let (mut index, mut place) = (0, 0);
        while index < self.labels.len() {
            if let Some((_, places)) = gaps.next_if(|(after, _)| *after == index) {
                place += places;
            }
            let end = gaps.peek().map_or(self.labels.len(), |(after, _)| *after);
            let labels = longest_range(&self.labels[index..end]);
            let run = Run::of(labels, count(index), place);
            index += labels.len();
            place += run.seats;
            runs.push(run);
        }
        runs
    }
}

/// The longest range of labels at the beginning of some, of which there is at least one.
fn longest_range<'a, 'l>(labels: &'a [Label<'l>]) -> &'a [Label<'l>] {
    let [first, second, ..] = labels else {
        return labels;
    };
    let is_down = second.number < first.number;
    let step = first.number.abs_diff(second.number);
    if !(1..=2).contains(&step) {
        return &labels[..1];
    }
    let follows = |pair: &&[Label<'_>]| {
        let (before, label) = (pair[0], pair[1]);
        label.goes_with(*first)
            && label.goes_with(before)
            && label.number.abs_diff(before.number) == step
            && (label.number < before.number) == is_down
    };
    let seats = 1 + labels.windows(2).take_while(follows).count();
    let is_range = step == 1 || seats > 2;
    &labels[..if is_range { seats } else { 1 }]
}

/// The numbers of a range: the first one, the step, its direction, and the digits that each has;
/// `None` if they are as many as it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Numbers {
    first: u32,
    step: u32,
    is_down: bool,
    digits: Option<u32>,
}

impl Numbers {
    fn between(first: Label<'_>, last: Label<'_>, step: u32) -> Self {
        Self {
            first: first.number,
            step,
            is_down: last.number < first.number,
            digits: (first.digits == last.digits).then_some(first.digits),
        }
    }

    fn label<'a>(&self, before: &'a str, index: u32) -> Label<'a> {
        let number = if self.is_down {
            self.first - self.step * index
        } else {
            self.first + self.step * index
        };
        Label {
            before,
            number,
            digits: self.digits.unwrap_or_else(|| digits_of(number)),
        }
    }
}

/// Seats beside each other whose labels are one token of the canonical text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The index in its row of its first seat, from 0.
    pub first: u32,
    /// How many seats it has.
    pub seats: u32,
    /// The place in its row of its first seat, from 0. Gaps have places, too.
    pub place: u32,
    /// What stands before the numbers.
    before: Box<str>,
    numbers: Numbers,
}

impl Run {
    fn of(labels: &[Label<'_>], first: u32, place: u32) -> Self {
        let (start, end) = (labels[0], labels[labels.len() - 1]);
        let step = labels
            .get(1)
            .map_or(1, |next| next.number.abs_diff(start.number));
        Self {
            first,
            seats: count(labels.len()),
            place,
            before: start.before.into(),
            numbers: Numbers::between(start, end, step),
        }
    }

    /// The label of its seat with this index, from 0.
    pub fn label(&self, index: u32) -> Label<'_> {
        self.numbers.label(&self.before, index)
    }

    /// The labels of its seats, in order.
    pub fn labels(&self) -> impl Iterator<Item = Label<'_>> {
        (0..self.seats).map(|index| self.label(index))
    }

    /// The index in the row of the seat with this label.
    pub fn index_of(&self, label: Label<'_>) -> Option<u32> {
        let index = self.numbers.first.abs_diff(label.number) / self.numbers.step;
        let is_it = index < self.seats && self.label(index) == label;
        is_it.then(|| self.first + index)
    }

    /// The indices in the row of its seats.
    pub fn indices(&self) -> RangeInclusive<u32> {
        self.first..=self.first + self.seats - 1
    }
}

impl fmt::Display for Run {
    /// Writes its token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.label(0).fmt(f)?;
        if self.seats > 1 {
            write!(f, "-{}", self.label(self.seats - 1))?;
            if self.numbers.step == 2 {
                f.write_str("/2")?;
            }
        }
        Ok(())
    }
}

/// Writes the canonical text of a row with these runs and this many places.
pub(super) fn write(runs: &[Run], places: u32) -> String {
    let mut tokens = Vec::with_capacity(runs.len());
    let mut at = 0;
    for run in runs {
        if run.place > at {
            tokens.push(format!("_{}", run.place - at));
        }
        tokens.push(run.to_string());
        at = run.place + run.seats;
    }
    if places > at {
        tokens.push(format!("_{}", places - at));
    }
    tokens.join(" ")
}
