//! The one table that all benchmarks print: a row for each comparison, its ratio taken within each round.

use std::io;
use std::time::{Duration, Instant};

/// Shortest time that one figure is taken from.
const SAMPLE: Duration = Duration::from_millis(2);

/// What is compared with what.
pub(crate) struct Row<'a> {
    /// What seedfs does.
    pub(crate) what: &'a str,
    /// Of both figures; more is better.
    pub(crate) unit: &'a str,
    /// What stands beside it.
    pub(crate) beside: &'a str,
}

/// Prints the head of the table, unless `--rows` says that somebody else has.
pub(crate) fn start() {
    if !std::env::args().any(|arg| arg == "--rows") {
        println!(
            "| {:<44} | {:<11} | {:<28} | {:>8} | {:>8} | ratio (lowest-highest) |",
            "what", "unit", "beside", "that", "seedfs"
        );
        println!("| --- | --- | --- | --: | --: | --- |");
    }
}

impl Row<'_> {
    /// Prints the row: the median of each side, and median, lowest and highest of the ratios of each round.
    pub(crate) fn print(&self, theirs: &[f64], ours: &[f64]) {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratios.iter().copied().fold(0.0, f64::max);
        println!(
            "| {:<44} | {:<11} | {:<28} | {:>8} | {:>8} | {:.2} ({lowest:.2}-{highest:.2}) |",
            self.what,
            self.unit,
            self.beside,
            figure(median(theirs)),
            figure(median(ours)),
            median(&ratios)
        );
    }

    /// Takes both figures in turn, round after round, and prints the row. The one that comes second finds memory and
    /// caches warm: they take turns. A round before the first only warms up.
    ///
    /// # Errors
    /// Those of the two.
    pub(crate) fn compare(
        &self,
        rounds: usize,
        mut theirs: impl FnMut() -> io::Result<f64>,
        mut ours: impl FnMut() -> io::Result<f64>,
    ) -> io::Result<()> {
        let mut figures = [const { Vec::new() }; 2];
        for round in 0..=rounds {
            for which in [round % 2, 1 - round % 2] {
                let figure = if which == 0 { theirs()? } else { ours()? };
                if round > 0 {
                    figures[which].push(figure);
                }
            }
        }
        self.print(&figures[0], &figures[1]);
        Ok(())
    }

    /// The same for work inside this process: `amount` of the unit is done by one call, a second being the measure.
    pub(crate) fn compare_work(&self, rounds: usize, amount: f64, mut theirs: impl FnMut(), mut ours: impl FnMut()) {
        let done = self.compare(rounds, || Ok(rate(amount, &mut theirs)), || Ok(rate(amount, &mut ours)));
        done.expect("work in memory has no errors");
    }
}

/// What is done a second by calls that do `amount` each.
pub(crate) fn rate(amount: f64, mut call: impl FnMut()) -> f64 {
    let mut calls = 1u32;
    loop {
        let begin = Instant::now();
        (0..calls).for_each(|_| call());
        let took = begin.elapsed();
        if took >= SAMPLE {
            return amount * f64::from(calls) / took.as_secs_f64();
        }
        calls *= 2;
    }
}

/// The middle one; the upper of two.
fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
