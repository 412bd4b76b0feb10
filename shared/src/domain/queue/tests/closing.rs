//! Where a line ends, and that its end is final.

use super::*;

fn close(desk: &mut Desk, second: i64) {
    desk.queue.settings.state = QueueState::Closed;
    assert!(desk.tick(second), "closing is written at once");
}

fn open(desk: &mut Desk, second: i64) {
    desk.queue.settings.state = QueueState::Open;
    desk.tick(second);
}

fn standing(desk: &Desk, number: u64, second: i64) -> Standing {
    desk.session(number, -60).standing(&desk.queue, at(second))
}

const CLOSED: Standing = Standing::Over(Ending::QueueClosed);

#[test]
fn closing_is_final_for_everybody_in_line_and_for_nobody_else() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(1_000);
    desk.tick(0);
    // Fifty are promised admission by then, half a tick from now.
    close(&mut desk, 1);
    assert_eq!(standing(&desk, 1_000, 1), CLOSED);
    assert_eq!(standing(&desk, 51, 1), CLOSED);
    assert_eq!(
        standing(&desk, 50, 5),
        Standing::Admitted(desk.admission(50))
    );

    desk.tick(10);
    desk.issued = 1_002;
    open(&mut desk, 20);
    for second in [20, 25, 3_600] {
        assert_eq!(standing(&desk, 51, second), CLOSED);
        assert_eq!(standing(&desk, 1_000, second), CLOSED);
    }
    assert!(matches!(standing(&desk, 1_001, 25), Standing::Admitted(_)));
    let newcomer = desk.session(1_003, 20).standing(&desk.queue, at(25));
    assert!(!newcomer.is_over(), "{newcomer:?}");
}

#[test]
fn closing_includes_numbers_that_were_drawn_just_after_it() {
    let mut desk = Desk::new(1, 1_000).with_issued(10);
    desk.tick(0);
    close(&mut desk, 5);
    // An instance did not know yet that the queue was closed.
    desk.issued = 11;
    close(&mut desk, 6);
    open(&mut desk, 10);
    assert_eq!(standing(&desk, 11, 10), CLOSED);
    assert_eq!(desk.queue.line.closures.len(), 1);
}

#[test]
fn numbers_that_were_closed_out_take_up_no_place() {
    let mut desk = Desk::new(20, 10_000).with_issued(1_000);
    desk.tick(0);
    assert_eq!(desk.served(5), 20);
    close(&mut desk, 5);
    desk.tick(10);
    assert_eq!(desk.queue.line.active, 20, "as many as have been let in");
    open(&mut desk, 15);
    assert_eq!(desk.queue.line.room, 0, "the house is still full");
    desk.tick_through(20..=180);
    assert_eq!(desk.queue.line.active, 0, "nobody came");
    assert_eq!(desk.queue.line.room + desk.credit(), 20);
}

#[test]
fn first_ending_of_a_number_stays_when_the_line_ends_again() {
    let mut desk = Desk::new(10, 1_000).with_issued(100);
    desk.queue.id = "arena".parse().expect("an id");
    desk.tick(0);
    close(&mut desk, 5);
    open(&mut desk, 10);
    desk.issued = 120;
    let sold_out = SeatCount {
        capacity: 10,
        sold: 10,
        ..SeatCount::default()
    };
    let line = desk
        .queue
        .tick(at(15), 120, |_| Counts::default(), Some(sold_out));
    desk.queue.line = line.expect("it is time");
    assert_eq!(standing(&desk, 50, 15), CLOSED);
    assert_eq!(standing(&desk, 120, 15), Standing::Over(Ending::SoldOut));
    assert_eq!(desk.queue.ended_inside(3), Some(Ending::SoldOut));
    assert_eq!(desk.queue.ended_for(121), None);
}

#[test]
fn line_stored_by_an_older_version_counts_as_sold_out() {
    let line: Line = serde_json::from_str(r#"{"closed_through": 7}"#).expect("a line");
    let queue = Queue {
        line,
        ..samples::queue(10, 1_000)
    };
    assert_eq!(queue.ended_for(7), Some(Ending::SoldOut));
    assert_eq!(queue.ended_for(8), None);
}

#[test]
fn closures_are_merged_into_16_at_most_and_none_is_forgotten() {
    let mut desk = Desk::new(1, 1_000);
    let mut second = 0;
    let mut closed_out = Vec::new();
    for _ in 0..40 {
        desk.issued += 10;
        open(&mut desk, second);
        close(&mut desk, second + 30);
        closed_out.push(desk.issued);
        second += 60;
    }
    open(&mut desk, second);
    assert!(desk.queue.line.closures.len() <= 16);
    for number in closed_out {
        assert_eq!(standing(&desk, number, second), CLOSED, "{number}");
    }
}

#[test]
fn line_without_seats_goes_on_while_a_show_is_to_open() {
    let mut desk = Desk::new(10, 1_000).with_issued(100);
    desk.queue.id = "arena".parse().expect("an id");
    let later = SeatCount {
        capacity: 10,
        sold: 10,
        opens_next: Some(at(600)),
        more_to_come: true,
        changes_at: Some(at(600)),
        ..SeatCount::default()
    };
    let no_counts = |_| Counts::default();
    let line = desk.queue.tick(at(0), 100, no_counts, Some(later));
    desk.queue.line = line.expect("it is time");
    assert_eq!(standing(&desk, 100, 0), Standing::Waiting { place: 100 });
    assert_eq!(desk.queue.sale_opens_at(), Some(at(600)));
    assert_eq!(desk.queue.estimated_wait(1, at(0)), Some(600));
    assert!(!desk.queue.is_beyond_seats(100));
    // Until then nobody has to count, and nobody is let in.
    assert!(!desk.queue.must_count_seats(at(5)));
    desk.tick(5);
    assert_eq!(desk.served(60), 0);
    assert!(!desk.queue.is_stale(at(14)));
    assert!(desk.queue.must_count_seats(at(600)) && desk.queue.is_stale(at(600)));
}

#[test]
fn change_of_what_is_on_sale_takes_effect_at_once() {
    let mut desk = Desk::new(10, 1_000).with_issued(100);
    desk.queue.id = "arena".parse().expect("an id");
    let over = SeatCount {
        sale_over: true,
        ..SeatCount::default()
    };
    let seats = SeatCount {
        capacity: 10,
        ..SeatCount::default()
    };
    let tick = |desk: &Desk, second, count| {
        desk.queue
            .tick(at(second), 100, |_| Counts::default(), Some(count))
    };
    desk.queue.line = tick(&desk, 0, seats).expect("it is time");
    desk.queue.line = tick(&desk, 1, over).expect("the end does not wait");
    assert!(desk.queue.is_sale_over());
    assert_eq!(standing(&desk, 100, 1), Standing::Over(Ending::SaleOver));
    assert_eq!(tick(&desk, 2, over), None, "nothing new");
    desk.queue.line = tick(&desk, 2, seats).expect("new seats do not wait");
    assert!(!desk.queue.is_sale_over());
    assert_eq!(standing(&desk, 100, 2), Standing::Over(Ending::SaleOver));
}
