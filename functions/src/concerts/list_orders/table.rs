//! Orders as a table for spreadsheets: CSV (RFC 4180) in UTF-8. It has a byte order mark, without
//! which Excel takes the text for one in the code page of the computer.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};
use shared::{
    domain::{
        plan::Grade,
        user::{Email, Name},
    },
    http::Seconds,
};

use super::OrderOfShow;
use crate::reservations::seats::SeatOfReservation;

/// The content type.
pub(super) const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

/// An example for the OpenAPI document.
pub(super) const EXAMPLE: &str = "\u{feff}reservation_id,section,row,seat,seat_number,grade,price,paid_at,name,email\r\n\
    019a9e1c-2222-7000-8000-000000000001,1층 A,1,7,7,VIP,50000,2026-11-20T03:02:00Z,김민수,minsu@example.com\r\n";

const BYTE_ORDER_MARK: &str = "\u{feff}";

const COLUMNS: [&str; 10] = [
    "reservation_id",
    "section",
    "row",
    "seat",
    "seat_number",
    "grade",
    "price",
    "paid_at",
    "name",
    "email",
];

/// What spreadsheets take for the beginning of a formula, or for the end of the cell before it
/// (OWASP, CSV Injection).
const BEGINS_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The table: a line for each seat, in the order of the orders.
pub(super) fn of(orders: &[OrderOfShow<'_>]) -> Result<Vec<u8>, csv::Error> {
    let mut table = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    table.write_record(COLUMNS)?;
    for order in orders {
        match &order.seats {
            Some(seats) => {
                for seat in seats {
                    write(&mut table, &line(order, seat))?;
                }
            }
            None => {
                for seat in order.seat_numbers.iter() {
                    let mut cells = Cells::default();
                    cells[0] = order.reservation_id.to_string();
                    cells[4] = seat.get().to_string();
                    write(&mut table, &cells)?;
                }
            }
        }
    }
    let written = table.into_inner();
    written.map_err(|error| error.into_error().into())
}

/// The cells of a line, in the order of [`COLUMNS`].
type Cells = [String; COLUMNS.len()];

fn line(order: &OrderOfShow<'_>, seat: &SeatOfReservation) -> Cells {
    let labels = &seat.labels;
    [
        order.reservation_id.to_string(),
        cell(labels.section.as_deref()),
        cell(labels.row.as_deref()),
        cell(labels.seat.as_deref()),
        seat.seat_number.get().to_string(),
        cell(labels.grade.as_ref().map(Grade::as_str)),
        seat.price.0.json().get().to_owned(),
        order.paid_at.map(written).unwrap_or_default(),
        cell(order.name.map(Name::as_str)),
        cell(order.email.map(Email::as_str)),
    ]
}

/// A time as answers in JSON have it.
fn written(time: Seconds) -> String {
    let json = serde_json::to_value(time).unwrap_or_default();
    cell(json.as_str())
}

/// A text, or an empty cell.
fn cell(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn write(table: &mut csv::Writer<Vec<u8>>, cells: &Cells) -> Result<(), csv::Error> {
    table.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(BEGINS_A_FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_a_formula_is_a_text() {
        for text in [
            "=1+1", "+82", "-1", "@a", "\ta", "\ra", "\na", "＝1", "＋1", "－1", "＠a",
        ] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "김민수", "a=1", "'=1", "7"] {
            assert_eq!(harmless(text), text);
        }
    }
}
