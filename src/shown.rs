//! Text as people are shown it.

use std::borrow::Cow;

/// A text on one line, and harmless to a terminal: line breaks, escapes and other control characters, which a name or an
/// option may bring along, are spelt out as in the source of a program (`\n`, `\u{1b}`). Any other text stays as it is.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelt_out_and_nothing_else_is_changed() {
        let text = "a\\n \"b\" – ü 日本 \u{fffd}";
        assert!(matches!(one_line(text), Cow::Borrowed(same) if same == text));
        assert_eq!(one_line("a\nb\r\tc\0\u{1b}[1m\u{7f}\u{9b}ü"), "a\\nb\\r\\tc\\u{0}\\u{1b}[1m\\u{7f}\\u{9b}ü");
    }
}
