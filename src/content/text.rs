//! Readable lines: phrases of the corpus in an order that the keystream draws.

use super::keystream::{Keystream, StreamId};

/// Bytes of a page; each is made on its own, from the keystream at its own offset.
pub(crate) const PAGE: usize = 4096;
/// Longest phrase in bytes: the width of one copy.
const SLOT: usize = 16;
/// What 16-bit draws can tell apart.
const MAX_PHRASES: usize = 65536;
/// Keystream bytes made at once. A page seldom needs more, and some ciphers work in batches of this size.
const DRAWS: usize = 1024;

/// The corpus as phrases of at most [`SLOT`] bytes: one for each word, filled up with the words after it.
#[derive(Debug)]
pub(crate) struct PhraseTable {
    slots: Vec<[u8; SLOT]>,
    lens: Vec<u8>,
}

/// How far a page has come: bytes written, or all of it.
enum Progress {
    Written(usize),
    Complete,
}

impl PhraseTable {
    /// The phrases of the first 65,536 words. White space only makes an empty table.
    pub(crate) fn new(text: &[u8]) -> Self {
        let tokens = tokens(text);
        let phrases = (0..tokens.len()).map(|first| phrase(tokens[first..].iter().chain(&tokens[..first])));
        let (slots, lens) = phrases.map(|phrase| (phrase.bytes, phrase.len as u8)).unzip();
        Self { slots, lens }
    }

    /// Entropy of a page in bits: that of one draw, equal phrases counted as one, times the phrases of a mean page.
    pub(crate) fn bits_per_page(&self) -> f64 {
        let mut phrases: Vec<(&[u8; SLOT], u8, u32)> =
            (0..self.lens.len()).map(|i| (&self.slots[i], self.lens[i], self.draws_of(i))).collect();
        phrases.sort_unstable();
        let all = MAX_PHRASES as f64;
        let mut bits_per_draw = 0.0;
        for equal in phrases.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let share = f64::from(equal.iter().map(|p| p.2).sum::<u32>()) / all;
            bits_per_draw -= share * libm::log2(share);
        }
        let mean_len = phrases.iter().map(|p| f64::from(p.1) * f64::from(p.2)).sum::<f64>() / all;
        bits_per_draw * (PAGE - 1) as f64 / mean_len
    }

    /// How many of the 65,536 draws mean the phrase `index`.
    fn draws_of(&self, index: usize) -> u32 {
        let first_draw = |i: usize| (i * MAX_PHRASES).div_ceil(self.lens.len()) as u32;
        first_draw(index + 1) - first_draw(index)
    }

    /// Fills `out` with the text of a keystream from `offset` on.
    pub(crate) fn fill(&self, keystream: &Keystream, offset: u64, out: &mut [u8]) {
        let mut number = offset / PAGE as u64;
        let skip = (offset % PAGE as u64) as usize;
        let head = if skip == 0 { 0 } else { (PAGE - skip).min(out.len()) };
        let (head, rest) = out.split_at_mut(head);
        if !head.is_empty() {
            head.copy_from_slice(&self.lone_page(keystream, number)[skip..][..head.len()]);
            number += 1;
        }
        let (pages, tail) = rest.as_chunks_mut();
        for page in pages {
            self.page(keystream, number, page);
            number += 1;
        }
        if !tail.is_empty() {
            tail.copy_from_slice(&self.lone_page(keystream, number)[..tail.len()]);
        }
    }

    fn lone_page(&self, keystream: &Keystream, number: u64) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        self.page(keystream, number, &mut page);
        page
    }

    fn page(&self, keystream: &Keystream, number: u64, page: &mut [u8; PAGE]) {
        let mut draws = [0; DRAWS];
        let mut written = 0;
        for batch in 0.. {
            // A page has as many bytes of draws as it is long; behind them the format draws phrase 0.
            if batch < PAGE / DRAWS {
                keystream.fill(StreamId::Text, number * PAGE as u64 + (batch * DRAWS) as u64, &mut draws);
            } else {
                draws.fill(0);
            }
            match self.write_phrases(&draws, written, page) {
                Progress::Written(so_far) => written = so_far,
                Progress::Complete => break,
            }
        }
    }

    /// Writes the phrases that `draws` mean until they or the page are used up; the page is then padded.
    #[inline]
    fn write_phrases(&self, draws: &[u8; DRAWS], mut written: usize, page: &mut [u8; PAGE]) -> Progress {
        let (slots, lens) = (&self.slots[..], &self.lens[..self.slots.len()]);
        let mut draws = draws.as_chunks().0.iter();
        // Room for a whole slot and the final newline: copy a fixed width, let the next phrase overwrite the excess.
        while written < PAGE - SLOT {
            let Some(draw) = draws.next() else { return Progress::Written(written) };
            let index = index_of(*draw, slots.len());
            page[written..written + SLOT].copy_from_slice(&slots[index]);
            written += usize::from(lens[index]);
        }
        for draw in draws {
            let index = index_of(*draw, slots.len());
            let phrase = &slots[index][..lens[index].into()];
            if written + phrase.len() > PAGE - 1 {
                page[written..PAGE - 1].fill(b' ');
                page[PAGE - 1] = b'\n';
                return Progress::Complete;
            }
            page[written..written + phrase.len()].copy_from_slice(phrase);
            written += phrase.len();
        }
        Progress::Written(written)
    }
}

/// Which of `phrases` phrases a draw means.
#[inline]
fn index_of(draw: [u8; 2], phrases: usize) -> usize {
    (usize::from(u16::from_le_bytes(draw)) * phrases) >> 16
}

/// A piece of the corpus that is never parted: a word, or a part of a long one.
#[derive(Debug, Clone, Copy, Default)]
struct Token {
    bytes: [u8; SLOT],
    len: usize,
}

impl Token {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends what still fits as a whole, and says whether it did.
    fn append(&mut self, bytes: &[u8]) -> bool {
        let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        self.len += bytes.len();
        true
    }
}

/// ASCII white space as the format defines it: space, tab, line feed, vertical tab, form feed, carriage return.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The words of a text, each with a newline behind it where the text has one there and else a space; words that do not
/// fit a slot with it are cut.
fn tokens(text: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (_, mut rest) = split_at_change(text, is_space);
    while !rest.is_empty() && tokens.len() < MAX_PHRASES {
        let (mut word, behind) = split_at_change(rest, |b| !is_space(b));
        let (gap, next) = split_at_change(behind, is_space);
        while word.len() >= SLOT && tokens.len() < MAX_PHRASES {
            let (part, tail) = word.split_at(cut(word));
            tokens.push(token(&[part]));
            word = tail;
        }
        tokens.push(token(&[word, if gap.contains(&b'\n') { b"\n" } else { b" " }]));
        rest = next;
    }
    tokens.truncate(MAX_PHRASES);
    tokens
}

/// Where to cut a word of at least [`SLOT`] bytes: behind a slot, or up to four bytes before that so as not to part a
/// UTF-8 sequence.
fn cut(word: &[u8]) -> usize {
    let continues = |at: &usize| word.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (SLOT - 3..=SLOT).rev().find(|at| !continues(at)).unwrap_or(SLOT - 4)
}

/// Parts that fit a slot together, joined.
fn token(parts: &[&[u8]]) -> Token {
    let mut token = Token::default();
    for part in parts {
        token.append(part);
    }
    token
}

/// As many tokens as fit a slot, the first of them at least.
fn phrase<'a>(tokens: impl Iterator<Item = &'a Token>) -> Token {
    let mut phrase = Token { bytes: [b' '; SLOT], len: 0 };
    for token in tokens {
        if !phrase.append(token.as_bytes()) {
            break;
        }
    }
    phrase
}

/// The longest beginning whose bytes all are `alike`, and what follows.
fn split_at_change(text: &[u8], alike: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&b| !alike(b)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(text: &[u8]) -> Vec<Vec<u8>> {
        let table = PhraseTable::new(text);
        table.slots.iter().zip(&table.lens).map(|(slot, &len)| slot[..len.into()].to_vec()).collect()
    }

    #[test]
    fn each_word_starts_a_phrase_of_whole_words_that_goes_round_the_corpus() {
        let expected: [&[u8]; 3] = [b"once upon ", b"upon a-longer\n", b"a-longer\nonce "];
        assert_eq!(phrases(b"  once\tupon  a-longer \r\n"), expected);
    }

    #[test]
    fn long_words_are_cut_at_sixteen_bytes_but_not_inside_a_character() {
        assert_eq!(phrases(b"0123456789abcdef")[..], [&b"0123456789abcdef"[..], b" "]);
        let text = "0123456789abc\u{1F600}xyz";
        assert_eq!(phrases(text.as_bytes())[0], b"0123456789abc");
    }

    #[test]
    fn a_corpus_of_few_words_has_no_phrase_that_holds_a_word_twice() {
        assert_eq!(phrases(b"a b"), [b"a b ", b"b a "]);
    }

    #[test]
    fn entropy_counts_equal_phrases_once() {
        let bits = |text: &[u8]| PhraseTable::new(text).bits_per_page();
        // Sixteen different phrases of 16 bytes each: 4 bits for each of 4,095 / 16 phrases.
        let words: Vec<u8> = (0..16).flat_map(|n| format!("fifteen-bytes{n:02} ").into_bytes()).collect();
        assert_eq!(bits(&words), 4.0 * 4095.0 / 16.0);
        assert_eq!(bits(&words.repeat(3)), 4.0 * 4095.0 / 16.0);
        assert_eq!(bits(b"word word word word word word word word"), 0.0);
    }
}
