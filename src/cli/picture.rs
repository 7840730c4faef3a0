//! Pictures: SVG documents without outside fonts or scripts, for light and dark pages.

use std::fmt::{Display, Write};

/// Width of the picture, in its own units, of which a screen shows one a pixel.
pub(crate) const WIDTH: f64 = 960.0;
/// Empty space at the edges and between the columns.
pub(crate) const MARGIN: f64 = 32.0;

const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:12px;fill:#1f2933}\
.page{fill:#ffffff}.title{font-size:22px;font-weight:600}.head{font-size:14px;font-weight:600}\
.big{font-size:19px;font-weight:600}.soft{fill:#5b6875}.end{text-anchor:end}.mid{text-anchor:middle}\
.axis{stroke:#b8c2cc}.track{fill:#edf0f3}.one{fill:#2f6fb7}.two{fill:#d9822b}.three{fill:#3c9a6b}\
@media(prefers-color-scheme:dark){text{fill:#e6eaee}.page{fill:#14191f}.soft{fill:#9aa7b4}.axis{stroke:#4a5764}\
.track{fill:#242c35}.one{fill:#6aa6e8}.two{fill:#eda45b}.three{fill:#62c193}}";

/// What is drawn so far.
#[derive(Default)]
pub(crate) struct Picture {
    body: String,
}

/// Characters that mean something in XML, and those that it does not allow, made harmless.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The beginning of a text that is too long for its place.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

impl Picture {
    // Writing to a String cannot fail.

    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: impl Display) {
        let text = escape(&text.to_string());
        let _ = writeln!(self.body, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>");
    }

    /// A rectangle that tells `hint` to whoever points at it.
    pub(crate) fn bar(&mut self, [x, y, width, height]: [f64; 4], class: &str, hint: &str) {
        let hint = if hint.is_empty() { String::new() } else { format!("<title>{}</title>", escape(hint)) };
        let _ = writeln!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height:.2}\" class=\"{class}\" \
             rx=\"1.5\">{hint}</rect>"
        );
    }

    /// A line from one point to another.
    pub(crate) fn line(&mut self, [x, y, to_x, to_y]: [f64; 4], class: &str) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" class=\"{class}\"/>"
        );
    }

    /// A path, from the letters and numbers that make one.
    pub(crate) fn path(&mut self, path: &str, class: &str) {
        let _ = writeln!(self.body, "<path d=\"{path}\" class=\"{class}\"/>");
    }

    /// What the colours of bars mean, ending at `x`.
    pub(crate) fn legend(&mut self, x: f64, y: f64, entries: [(&str, &str); 2]) {
        let mut end = x;
        for (class, what) in entries {
            self.bar([end - 10.0, y - 9.0, 10.0, 10.0], class, "");
            self.text(end - 15.0, y, "soft end", what);
            // About as wide as the letters are; fonts differ.
            end -= what.len() as f64 * 6.2 + 32.0;
        }
    }

    /// The whole document, with more style than all have in common.
    pub(crate) fn document(self, title: &str, height: f64, style: &str) -> String {
        let title = escape(title);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}{style}</style>\n\
             <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n{}</svg>\n",
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escape("a<b>&\"c\u{1}\n"), "a&lt;b&gt;&amp;&quot;c\u{fffd}\u{fffd}");
        assert_eq!(clipped("abcdef", 4), "abc…");
        assert_eq!(clipped("abcd", 4), "abcd");
    }
}
