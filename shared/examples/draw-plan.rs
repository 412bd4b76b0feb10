//! Draws a plan of a hall as SVG: the stage, the seats in the colours of their grades, the wheelchair
//! places as squares, the names of sections and rows. A browser shows for each seat which one it is.
//!
//! ```text
//! cargo run --quiet --example draw-plan -- shared/plans/theatre.json > theatre.svg
//! cargo run --quiet --example draw-plan -- shared/plans/theatre.json theatre.svg
//! ```
//!
//! For a wrong plan it prints where the first mistake is, and what is wrong there. So it also checks
//! a plan before an administrator uploads it.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use shared::domain::plan::{Place, Plan, PlanMistake, PlanRow};

/// Draws a plan of a hall. The exit code is 1 if the plan is wrong, and 2 if a file cannot be read
/// or written.
#[derive(Parser)]
struct Arguments {
    /// The plan, as JSON.
    plan: PathBuf,
    /// The file to write; standard output if not given.
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = match fs::read(&arguments.plan) {
        Ok(json) => json,
        Err(error) => return cannot("read", &arguments.plan, &error),
    };
    let svg = match drawn(&json) {
        Ok(svg) => svg,
        Err(mistake) => {
            eprintln!("The plan is wrong: {mistake}.");
            return ExitCode::from(1);
        }
    };
    match &arguments.svg {
        Some(path) => {
            if let Err(error) = fs::write(path, svg) {
                return cannot("write", path, &error);
            }
        }
        None => println!("{svg}"),
    }
    ExitCode::SUCCESS
}

fn cannot(act: &str, path: &Path, error: &io::Error) -> ExitCode {
    eprintln!("Cannot {act} {}: {error}.", path.display());
    ExitCode::from(2)
}

/// The drawing of a plan.
fn drawn(json: &[u8]) -> Result<String, PlanMistake> {
    let plan = Plan::read(json)?;
    Ok(Drawing::of(&plan).to_string())
}

/// The colour of each grade, the best first. As many as a plan may have.
const COLOURS: [&str; 12] = [
    "#7b3fa0", "#d1495b", "#2e86ab", "#3a9d6e", "#e08e1b", "#8d6b4f", "#4055a5", "#b03a8c",
    "#5f7f1f", "#1a8f98", "#a3552b", "#6b7280",
];

/// Half of the width that a seat is drawn with. All lengths are hundredths of a seat's place.
const SEAT: f64 = 42.0;

/// The space around everything.
const MARGIN: f64 = 300.0;

/// A point.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

impl Point {
    /// The point that is this far behind this one, for somebody who comes from another. It is to the
    /// left if both are the same.
    fn beyond(self, from: Self, distance: f64) -> Self {
        let (x, y) = (self.x - from.x, self.y - from.y);
        let length = x.hypot(y);
        let (x, y) = if length > 0.0 {
            (x / length, y / length)
        } else {
            (-1.0, 0.0)
        };
        Self {
            x: self.x + x * distance,
            y: self.y + y * distance,
        }
    }
}

/// A plan, and where its seats are.
struct Drawing<'p> {
    plan: &'p Plan,
    places: Vec<Place>,
    /// How large the texts of sections and grades are.
    letters: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl<'p> Drawing<'p> {
    fn of(plan: &'p Plan) -> Self {
        let places = plan.places();
        let mut drawing = Self {
            plan,
            letters: 0.0,
            left: -MARGIN,
            right: MARGIN,
            top: -MARGIN,
            bottom: MARGIN,
            places,
        };
        for place in &drawing.places {
            drawing.left = drawing.left.min(place.x);
            drawing.right = drawing.right.max(place.x);
            drawing.top = drawing.top.min(place.y);
            drawing.bottom = drawing.bottom.max(place.y);
        }
        drawing.letters = ((drawing.right - drawing.left) / 75.0).clamp(70.0, 250.0);
        // Behind the last rows are the names of their sections.
        let margin = MARGIN + drawing.letters;
        drawing.left -= margin;
        drawing.right += margin;
        drawing.top -= margin;
        drawing.bottom += margin;
        drawing
    }

    /// Where the seat with this number is.
    fn point(&self, number: u32) -> Point {
        let Place { x, y, .. } = self.places[index(number)];
        Point { x, y }
    }

    /// Where the seats in the middle of a row are, on average.
    fn middle(&self, row: &PlanRow<'_>) -> Point {
        let numbers = row.numbers();
        let (first, last) = (*numbers.start(), *numbers.end());
        let left = self.point(first + (last - first) / 2);
        let right = self.point(first + (last - first).div_ceil(2));
        Point {
            x: f64::midpoint(left.x, right.x),
            y: f64::midpoint(left.y, right.y),
        }
    }

    /// The stage: as large as the nearest seat allows.
    fn write_stage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distances = self.places.iter().map(|place| place.x.hypot(place.y));
        let room = (distances.fold(f64::INFINITY, f64::min) - 1.5 * SEAT).max(SEAT);
        let (width, height) = (room * 0.9, room * 0.4);
        writeln!(
            f,
            r#"<rect class="stage" x="{:.0}" y="{:.0}" width="{:.0}" height="{:.0}" rx="20"/>"#,
            -width,
            -height,
            2.0 * width,
            2.0 * height,
        )?;
        let middle = Point { x: 0.0, y: 0.0 };
        write_text(
            f,
            "on-stage",
            middle,
            height.min(2.0 * self.letters),
            "Stage",
        )
    }

    fn write_row(&self, f: &mut fmt::Formatter<'_>, row: &PlanRow<'_>) -> fmt::Result {
        let grade = self
            .plan
            .grades()
            .iter()
            .position(|grade| grade == row.grade());
        writeln!(f, r#"<g class="g{}">"#, grade.unwrap_or_default())?;
        for place in self.places_of(row) {
            let Some(seat) = self.plan.seat(place.number) else {
                continue;
            };
            let (x, y) = (place.x, place.y);
            let tag = if seat.accessible {
                let (left, top, side) = (x - SEAT, y - SEAT, 2.0 * SEAT);
                write!(
                    f,
                    r#"<rect class="wheelchair" x="{left:.0}" y="{top:.0}" width="{side}" height="{side}">"#
                )?;
                "rect"
            } else {
                write!(f, r#"<circle cx="{x:.0}" cy="{y:.0}" r="{SEAT}">"#)?;
                "circle"
            };
            let mut title = format!(
                "{}, row {}, seat {}, {}, {}",
                seat.section,
                seat.row,
                seat.label,
                seat.grade.as_str(),
                place.number.get(),
            );
            if seat.accessible {
                title.push_str(", wheelchair place");
            }
            writeln!(f, "<title>{}</title></{tag}>", escaped(&title))?;
        }
        writeln!(f, "</g>")?;
        let numbers = row.numbers();
        let first = self.point(*numbers.start());
        let second = self.point((numbers.start() + 1).min(*numbers.end()));
        write_text(f, "row", first.beyond(second, 85.0), 45.0, row.label())
    }

    /// Where the seats of a row are.
    fn places_of(&self, row: &PlanRow<'_>) -> &[Place] {
        let numbers = row.numbers();
        &self.places[index(*numbers.start())..=index(*numbers.end())]
    }

    /// The name of a section, behind its last row and along it.
    fn write_section(&self, f: &mut fmt::Formatter<'_>, rows: &[PlanRow<'_>]) -> fmt::Result {
        let Some(last) = rows.last() else {
            return Ok(());
        };
        let numbers = last.numbers();
        let (left, right) = (self.point(*numbers.start()), self.point(*numbers.end()));
        let middle = self.middle(last);
        let before = Point {
            x: middle.x + right.y - left.y,
            // A single seat has no direction.
            y: middle.y + left.x - right.x - 1.0,
        };
        let at = middle.beyond(before, SEAT + 0.9 * self.letters);
        let away = (at.y - middle.y).atan2(at.x - middle.x).to_degrees();
        // No text is upside down.
        let turned = if away < 0.0 { away + 90.0 } else { away - 90.0 };
        let (x, y, size) = (at.x, at.y, self.letters);
        writeln!(
            f,
            r#"<text transform="translate({x:.0} {y:.0}) rotate({turned:.0})" font-size="{size:.0}">{}</text>"#,
            escaped(last.section()),
        )
    }

    /// The plan's name, and what the colours mean.
    fn write_legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = 1.5 * self.letters;
        let mut at = Point {
            x: self.left + MARGIN,
            y: self.top - self.legend_height() + MARGIN,
        };
        let name = format!("{}: {}", self.plan.name().as_str(), self.plan.seats());
        write_text(f, "legend", at, 1.3 * size, &name)?;
        let grades = self.plan.grades().iter().zip(self.plan.seats_of_grades());
        for (index, (grade, seats)) in grades.enumerate() {
            at.y += 1.4 * size;
            let (x, radius) = (at.x + 0.4 * size, 0.4 * size);
            writeln!(
                f,
                r#"<circle class="g{index}" cx="{x:.0}" cy="{:.0}" r="{radius:.0}"/>"#,
                at.y,
            )?;
            let beside = Point {
                x: at.x + 1.2 * size,
                y: at.y,
            };
            let text = format!("{}: {seats}", grade.as_str());
            write_text(f, "legend", beside, size, &text)?;
        }
        Ok(())
    }

    fn legend_height(&self) -> f64 {
        let grades = u8::try_from(self.plan.grades().len()).unwrap_or(u8::MAX);
        f64::from(grades + 1) * 1.4 * 1.5 * self.letters
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top = self.top - self.legend_height();
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{:.0} {:.0} {:.0} {:.0}">"#,
            self.left,
            top,
            self.right - self.left,
            self.bottom - top,
        )?;
        writeln!(f, "<title>{}</title>", escaped(self.plan.name().as_str()))?;
        f.write_str(
            "<style>text{font-family:sans-serif;text-anchor:middle;dominant-baseline:central}",
        )?;
        f.write_str(
            ".legend{text-anchor:start}.stage{fill:#333}.on-stage{fill:#fff}.row{fill:#777}",
        )?;
        f.write_str(".wheelchair{stroke:#000;stroke-width:14}")?;
        for (index, colour) in COLOURS.iter().enumerate().take(self.plan.grades().len()) {
            write!(f, ".g{index}{{fill:{colour}}}")?;
        }
        writeln!(f, "</style>")?;
        let (left, width, height) = (self.left, self.right - self.left, self.bottom - top);
        writeln!(
            f,
            r##"<rect x="{left:.0}" y="{top:.0}" width="{width:.0}" height="{height:.0}" fill="#fff"/>"##
        )?;
        self.write_stage(f)?;
        let rows: Vec<_> = self.plan.rows().collect();
        rows.iter().try_for_each(|row| self.write_row(f, row))?;
        rows.chunk_by(|one, next| one.section_index() == next.section_index())
            .try_for_each(|rows| self.write_section(f, rows))?;
        self.write_legend(f)?;
        f.write_str("</svg>")
    }
}

/// The index of the seat with this number.
fn index(number: u32) -> usize {
    usize::try_from(number - 1).unwrap_or(usize::MAX)
}

fn write_text(
    f: &mut fmt::Formatter<'_>,
    class: &str,
    at: Point,
    size: f64,
    text: &str,
) -> fmt::Result {
    let (x, y, text) = (at.x, at.y, escaped(text));
    writeln!(
        f,
        r#"<text class="{class}" x="{x:.0}" y="{y:.0}" font-size="{size:.0}">{text}</text>"#
    )
}

/// A text as it stands in XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // What XML does not allow at all.
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUB: &[u8] = include_bytes!("../plans/club.json");

    #[test]
    fn every_seat_is_drawn_with_a_title() {
        let svg = drawn(CLUB).expect("a plan");
        assert_eq!(svg.matches("</title></circle>").count(), 300 - 10);
        assert_eq!(svg.matches(", wheelchair place</title></rect>").count(), 10);
        assert!(svg.contains("<title>테이블 1, row T1, seat 1, VIP, 1</title>"));
        assert!(svg.contains(">VIP: 48</text>") && svg.contains(">S: 124</text>"));
        assert_eq!(svg.matches(">1층 A구역</text>").count(), 1);
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    }

    #[test]
    fn names_cannot_break_the_drawing() {
        let json = r#"{ "name": "<script>&\u0022", "grades": ["</title>"], "sections": [
            { "name": "A<B>", "grade": "</title>", "rows": [{ "label": "1", "seats": "1" }] }] }"#;
        let svg = drawn(json.as_bytes()).expect("a plan");
        assert!(svg.contains("<title>&lt;script&gt;&amp;\"</title>"));
        assert!(svg.contains("<title>A&lt;B&gt;, row 1, seat 1, &lt;/title&gt;, 1</title>"));
        assert!(!svg.contains("<script"), "{svg}");
    }

    #[test]
    fn wrong_plan_is_not_drawn() {
        let mistake = drawn(br#"{ "name": "a", "grades": [] }"#).expect_err("two mistakes");
        assert_eq!(mistake.to_string(), "/sections: is missing");
    }
}
