//! Plays rushes into one queue, and prints what each costs.
//!
//! ```text
//! cargo run --release --example simulate-rush
//! ```

use simulator::{Measured, Phase, Rush};

fn phases<const N: usize>(phases: [(u32, f64); N]) -> Vec<Phase> {
    let phases = phases.into_iter();
    phases
        .map(|(seconds, joins)| Phase { seconds, joins })
        .collect()
}

fn steady(joins: f64) -> Rush {
    Rush::new(7, phases([(60, joins)]))
}

/// The rushes that are played, and what they are called.
fn rushes() -> Vec<(&'static str, Rush)> {
    let crowd = phases([
        (10, 20_000.0),
        (10, 15_000.0),
        (10, 9_000.0),
        (10, 5_000.0),
        (20, 2_500.0),
        (20, 1_000.0),
        (20, 300.0),
    ]);
    let warned = |entries, phases| Rush {
        entries,
        ..Rush::new(7, phases)
    };
    vec![
        (
            "20,000/s fading, after a draw",
            warned(100_000, crowd.clone()),
        ),
        ("20,000/s fading, no warning", warned(0, crowd.clone())),
        (
            "… clocks off by 1 s",
            Rush {
                clocks_off: 1_000,
                ..warned(100_000, crowd.clone())
            },
        ),
        (
            "… 0.1 % of answers lost",
            Rush {
                lost: 0.001,
                ..warned(100_000, crowd.clone())
            },
        ),
        (
            "… 0.1 % of instances die",
            Rush {
                killed: 0.001,
                ..warned(100_000, crowd)
            },
        ),
        (
            "20,000/s for 10 s, then nobody",
            warned(100_000, phases([(10, 20_000.0)])),
        ),
        (
            "30,000/s for 10 s, 80 partitions",
            Rush {
                partitions: 80,
                ..warned(100_000, phases([(10, 30_000.0)]))
            },
        ),
        ("2,500 people in 5 s", warned(0, phases([(5, 500.0)]))),
        (
            "20,000 drawn, then 50/s",
            warned(20_000, phases([(60, 50.0)])),
        ),
        (
            "6,000/s for 3 s, twice, no warning",
            warned(
                0,
                phases([(3, 6_000.0), (17, 100.0), (3, 6_000.0), (17, 100.0)]),
            ),
        ),
        (
            "4,000/s fading, clocks off by 1 s",
            Rush {
                clocks_off: 1_000,
                ..warned(
                    0,
                    phases([(10, 4_000.0), (10, 2_000.0), (10, 1_000.0), (10, 500.0)]),
                )
            },
        ),
        ("50/s", steady(50.0)),
        ("300/s", steady(300.0)),
        ("450/s", steady(450.0)),
        ("550/s", steady(550.0)),
        ("700/s", steady(700.0)),
        ("1,000/s", steady(1_000.0)),
        ("1,500/s", steady(1_500.0)),
        ("3,000/s", steady(3_000.0)),
        (
            "2,000/s, 4 partitions",
            Rush {
                partitions: 4,
                ..steady(2_000.0)
            },
        ),
    ]
}

fn main() {
    println!(
        "{:34} {:>7} {:>7} {:>16} {:>16} {:>10} {:>7} {:>7} {:>6} {:>7} {:>6} {:>3}",
        "rush",
        "joins",
        "refused",
        "drawing ms",
        "overtaken ms",
        "after draw",
        "unused",
        "gaps",
        "%",
        "busiest",
        "WRU",
        "#"
    );
    for (name, rush) in rushes() {
        print(name, &rush.play());
    }
}

fn print(name: &str, measured: &Measured) {
    let Measured {
        joins,
        refused,
        drawing,
        overtaken,
        came_after_draw,
        unused,
        gaps,
        busiest,
        wru,
        pools,
        ..
    } = measured;
    let share = 100.0 * measured.gap_share();
    let spread =
        |spread: &simulator::Spread| format!("{}/{}/{}", spread.p50, spread.p99, spread.max);
    println!(
        "{name:34} {joins:>7} {refused:>7} {:>16} {:>16} {came_after_draw:>10} {unused:>7} {gaps:>7} {share:>6.2} {busiest:>7} {wru:>6.2} {pools:>3}",
        spread(drawing),
        spread(overtaken),
    );
}
