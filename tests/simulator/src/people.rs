//! All people who have drawn a number, in few bytes.

use shared::{
    domain::{
        ids::UserId,
        queue::{Admission, Queue},
        session::{Arrival, Ending, Session, Standing},
    },
    jiff::Timestamp,
};

use crate::time::time;

/// What must be remembered of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub joined_at: i64,
    /// When they were admitted, if they were.
    pub admitted_at: i64,
    pub arrival: Option<Arrived>,
    pub closed: Option<Ending>,
    /// Whether they count as inside.
    pub is_inside: bool,
    pub was_let_in: bool,
    /// Whether their admission is on the agenda, or was.
    pub is_expected: bool,
}

/// The part of an arrival that a session keeps, besides the admission.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived {
    pub active_until: i64,
    pub cohort: i64,
}

impl Person {
    pub fn arrive(&mut self, admission: Admission) -> Arrived {
        let arrived = Arrived {
            active_until: admission.active_until.as_millisecond(),
            cohort: admission.cohort,
        };
        self.admitted_at = admission.admitted_at.as_millisecond();
        self.arrival = Some(arrived);
        arrived
    }
}

/// All people, by number.
pub(crate) struct People {
    /// `None` for a number that was skipped, or whose call died.
    people: Vec<Option<Person>>,
    /// A session that is filled in for each person that is asked for.
    session: Session,
    arrival: Arrival,
    /// How long a token lives (milliseconds).
    token_lives: i64,
}

impl People {
    pub fn new(expected: usize, queue: &Queue) -> Self {
        let epoch = time(0);
        let session = Session::join(UserId::new(), queue, None, 1, epoch);
        let nobody = Admission {
            admitted_at: epoch,
            claim_until: epoch,
            active_until: epoch,
            cohort: 0,
            counters: 1,
        };
        Self {
            people: Vec::with_capacity(expected),
            arrival: Arrival::new(nobody, epoch),
            token_lives: session.expires_at.as_millisecond(),
            session,
        }
    }

    /// How many numbers have been drawn.
    pub fn issued(&self) -> u64 {
        self.people.len() as u64
    }

    /// Draws the next number.
    pub fn join(&mut self, now: Timestamp) -> u64 {
        self.people.push(Some(Person {
            joined_at: now.as_millisecond(),
            admitted_at: 0,
            arrival: None,
            closed: None,
            is_inside: false,
            was_let_in: false,
            is_expected: false,
        }));
        self.issued()
    }

    /// Draws a number that belongs to nobody.
    pub fn leave_gap(&mut self) {
        self.people.push(None);
    }

    /// Whether this number belongs to a person.
    pub fn exists(&self, number: u64) -> bool {
        self.people[index(number)].is_some()
    }

    pub fn get(&self, number: u64) -> &Person {
        self.people[index(number)].as_ref().expect("somebody")
    }

    pub fn get_mut(&mut self, number: u64) -> &mut Person {
        self.people[index(number)].as_mut().expect("somebody")
    }

    /// All people, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Person)> {
        let numbered = (1..).zip(&self.people);
        numbered.filter_map(|(number, person)| Some((number, person.as_ref()?)))
    }

    /// Whether a person's token is still valid.
    pub fn has_token(&self, number: u64, now: Timestamp) -> bool {
        now.as_millisecond() < self.get(number).joined_at + self.token_lives
    }

    /// The state of a person's session, by this document.
    pub fn standing(&mut self, number: u64, queue: &Queue, now: Timestamp) -> Standing {
        let person = *self.get(number);
        self.session.ticket = number.into();
        self.session.joined_at = time(person.joined_at);
        self.session.closed = person.closed;
        self.session.arrival = person.arrival.map(|arrived| Arrival {
            admitted_at: time(person.admitted_at),
            active_until: time(arrived.active_until),
            cohort: arrived.cohort,
            ..self.arrival
        });
        self.session.standing(queue, now)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number - 1).expect("a small number")
}
