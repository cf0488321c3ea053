//! The table of refusals: how each provider says why it does not answer. The first row that fits counts, so that what is said
//! in particular stands before what a status means in general. Every row has a sample in `samples.txt`.

mod endings;
mod keys;
mod lengths;
mod limits;
mod models;
#[cfg(test)]
mod tests;

use super::{fault::Fault, phrase::Numbers, row::Row, said::Said};

/// The parts of the table in their order.
const PARTS: [&[Row]; 8] = [
    limits::FILTERS,
    limits::MONEY,
    lengths::ROWS,
    keys::ROWS,
    models::ROWS,
    limits::RATES,
    endings::STATUSES,
    endings::KINDS,
];

/// The rows in their order.
fn rows() -> impl Iterator<Item = &'static Row> {
    PARTS.into_iter().flatten()
}

/// Why the upstream has not answered, and the numbers that it names; `None` where no row fits.
pub(super) fn find(said: &Said) -> Option<(Fault, Numbers)> {
    let (row, numbers) = rows().find_map(|row| Some((row, row.fits(said)?)))?;
    tracing::debug!(status = said.status, fault = ?row.fault, like = row.source, "an upstream refused a request");
    Some((row.fault, numbers))
}
