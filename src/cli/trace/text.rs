//! A trace as text.

use super::Traced;
use crate::cli::draw::Canvas;
use crate::cli::figures::{bytes, counted, moment, span};
use crate::cli::observed::{Sheet, on_one_line};

pub(super) fn draw(traced: &Traced<'_>) -> String {
    let summary = &traced.summary;
    let header = &summary.header;
    let mut sheet = Sheet::new(Canvas::of_environment());
    sheet.line(format_args!("trace     {}", on_one_line(&traced.path.to_string_lossy())));
    sheet.line(format_args!("identity  {}, generation {}", header.identity, header.generation));
    let size = bytes(traced.bytes.into());
    let requests = counted(summary.requests, "request");
    sheet.line(format_args!("start     {}", moment(header.start / 1_000_000)));
    sheet.line(format_args!("length    {}, {requests}, {size}", span(summary.duration)));
    if let Some(damage) = &summary.damage {
        sheet.line(format_args!("end       {damage}; what is before that is shown"));
    } else if !summary.complete {
        sheet.line(format_args!("end       missing: the mount is not unmounted yet, or was ended by force"));
    }
    sheet.line(format_args!(""));
    sheet.requests(&traced.observed.requests);
    sheet.observed(&traced.observed);
    sheet.finish()
}
