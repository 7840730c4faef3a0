//! A corpus that some kind could not use is refused as a whole, with a reason that says what to change.

use seedfs::content::{Corpus, CorpusError};

/// `count` different words of six letters, one space behind each.
fn different_words(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("w{n:05} ").into_bytes()).collect()
}

fn refusal(text: &[u8]) -> CorpusError {
    Corpus::parse(text.to_vec()).expect_err("must be refused")
}

#[test]
fn a_corpus_without_words_is_refused() {
    for text in [&b""[..], b" ", b"\n\n\t \x0b\x0c\r\n"] {
        assert_eq!(refusal(text), CorpusError::Empty);
    }
    assert_eq!(refusal(b"").to_string(), "holds no words");
}

#[test]
fn a_corpus_shorter_than_one_chunk_is_refused() {
    // 143 words of 6 letters and the 142 spaces between them make exactly 1,000 bytes.
    assert_eq!(refusal(&different_words(142)), CorpusError::TooShort { joined: 993 });
    let just_enough = different_words(143);
    assert_eq!(just_enough.len() - 1, 1000);
    assert!(Corpus::parse(just_enough).is_ok());
}

#[test]
fn white_space_does_not_make_a_short_corpus_longer() {
    let mut text = different_words(50);
    text.extend([b' '; 5000]);
    assert_eq!(refusal(&text), CorpusError::TooShort { joined: 349 });
}

#[test]
fn a_corpus_that_repeats_itself_is_refused() {
    assert_eq!(refusal(&b"word ".repeat(1000)), CorpusError::TooPoor { bits: 0 });
    // Two different phrases of 16 bytes: one bit for each of the 4,095 / 16 phrases of a page.
    assert_eq!(refusal(&b"a b ".repeat(1000)), CorpusError::TooPoor { bits: 255 });
    let message = refusal(&b"a b ".repeat(1000)).to_string();
    assert_eq!(message, "has too little variety: 255 bits of choice per 4 KiB page of text, 256 are needed");
}

#[test]
fn repeating_a_rich_corpus_does_not_make_it_poor() {
    assert!(Corpus::parse(different_words(200).repeat(50)).is_ok());
}

#[test]
fn a_corpus_above_the_limit_is_refused_before_it_is_parsed() {
    let bytes = Corpus::MAX_BYTES + 1;
    assert_eq!(refusal(&vec![b' '; bytes]), CorpusError::TooLarge { bytes });
}

#[test]
fn a_word_of_many_megabytes_is_parsed_in_linear_time() {
    let mut text = different_words(200);
    text.extend((0..32u32 << 20).map(|n| b'a' + (n % 23) as u8));
    let len = text.len();
    assert_eq!(Corpus::parse(text).unwrap().bytes().len(), len);
}

#[test]
fn bytes_that_are_no_text_are_a_corpus_too() {
    let text: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(Corpus::parse(text.clone()).unwrap().bytes(), text);
}
