//! File names and the recipes they carry, both ways.

use proptest::prelude::*;
use seedfs::name::{self, Name, NameError, kind_of_extension, parse, write_canonical};
use seedfs::recipe::Mixed;
use seedfs::{Kind, Recipe};

fn recipe(name: &str) -> Recipe {
    parse(name.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}")).recipe
}

fn mixed(compress: u64, dedupe: u64, unit: u64) -> Kind {
    Kind::Mixed(Mixed::new(compress, dedupe, unit).unwrap())
}

#[test]
fn the_documented_examples() {
    let file = |kind, seed, size, edition| Recipe { kind, seed, size, edition };
    assert_eq!(recipe("s42-1GiB"), file(Kind::Random, 42, 1 << 30, 0));
    assert_eq!(recipe("s42-1048576.txt"), file(Kind::Text, 42, 1 << 20, 0));
    assert_eq!(recipe("holiday_s7-3M.jpg"), file(Kind::Random, 7, 3 << 20, 0));
    assert_eq!(recipe("vm_s9-40G-c60d25.img"), file(mixed(60, 25, 4096), 9, 40 << 30, 0));
    assert_eq!(recipe("letter_s3-20480-e2.txt"), file(Kind::Text, 3, 20480, 2));
}

#[test]
fn other_spellings_mean_the_same_file() {
    let plain = recipe("s42-1048576");
    for same in
        ["s0x2a-1MiB", "s0x2A-1mib", "s042-1m", "s42-1024k", "s42-1M-random", "s42-1M-e0", "any thing_s42-1M.bin"]
    {
        assert_eq!(recipe(same), plain, "{same}");
    }
    assert_eq!(recipe("s1-5kB").size, 5000);
    assert_eq!(recipe("s1-5kib").size, 5120);
}

#[test]
fn the_last_recipe_in_a_name_counts() {
    assert_eq!(recipe("s1-1k_s2-2k.txt").seed, 2);
    assert_eq!(recipe("a_s1-1k_sx.txt_s3-3k").seed, 3);
    // The later ones are no recipes, so the first one is tried: and is followed by something that is no recipe's end.
    assert_eq!(parse(b"s1-1k_summer"), Err(NameError::NoRecipe));
    // Behind the dot everything is extension, also what looks like the start of a recipe.
    assert_eq!(recipe("s1-1k.a_snow").seed, 1);
    assert_eq!(recipe("s1-1k.tar_s2-2k.gz").seed, 2);
}

#[test]
fn an_explicit_kind_wins_over_the_extension() {
    assert_eq!(recipe("s1-1k-random.txt").kind, Kind::Random);
    assert_eq!(recipe("s1-1k-text.jpg").kind, Kind::Text);
    assert_eq!(recipe("s1-1k.TXT").kind, Kind::Text);
    assert_eq!(recipe("s1-1k.txt.gz").kind, Kind::Random);
    assert_eq!(kind_of_extension(b"an-extension-longer-than-any"), Kind::Random);
}

#[test]
fn the_limits_are_reached_and_not_passed() {
    assert_eq!(recipe("s18446744073709551615-9223372036854775807-e4294967295").size, u64::MAX / 2);
    assert_eq!(recipe("s0xffffffffffffffff-0").seed, u64::MAX);
    for (name, error) in [
        ("s18446744073709551616-1", NameError::Seed),
        ("s0x10000000000000000-1", NameError::Seed),
        ("s1-9223372036854775808", NameError::Size),
        ("s1-8EiB", NameError::Size),
        ("s1-99999999999999999999999999999999k", NameError::Size),
        ("s1-1-e4294967296", NameError::Edition),
    ] {
        assert_eq!(parse(name.as_bytes()), Err(error), "{name}");
    }
    let longest = format!("{}_s1-1", "x".repeat(name::MAX_NAME - 5));
    assert!(parse(longest.as_bytes()).is_ok());
    assert_eq!(parse(format!("x{longest}").as_bytes()), Err(NameError::TooLong));
}

#[test]
fn what_is_no_recipe() {
    for name in [
        "",
        "s",
        "s1",
        "s1-",
        "s-1",
        "s1-1.",
        "s1--1",
        "s1-1-",
        "s1-1-e",
        "s1-1-e1-e2",
        "s1-1-e1-text",
        "s1-1-text-text",
        "S1-1",
        "xs1-1",
        "s1-1x",
        "s 1-1",
        "s1 -1",
        "s+1-1",
        "s0x-1",
        "s0X1-1",
        "s1-0x1",
        "s1-1k-c60-d25",
        ".s1-1k.txt.q8Zx1y",
        "1-1",
    ] {
        let error = parse(name.as_bytes()).expect_err(name);
        assert!(matches!(error, NameError::NoRecipe | NameError::Kind(_)), "{name}: {error:?}");
    }
    assert_eq!(parse(b"a/s1-1"), Err(NameError::BadByte));
    assert_eq!(parse(b"s1-1.a\0b"), Err(NameError::BadByte));
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let named =
        prop::sample::select(vec![Kind::Random, Kind::Text, Kind::Stamp, Kind::Zero, Kind::Classic, Kind::Chunks]);
    prop_oneof![named, (0u64..=100, 0u64..=100, 9u32..=54).prop_map(|(c, d, unit)| mixed(c, d, 1 << unit))]
}

fn any_recipe() -> impl Strategy<Value = Recipe> {
    (any_kind(), any::<u64>(), 0..=u64::MAX / 2, any::<u32>()).prop_map(|(kind, seed, size, edition)| Recipe {
        kind,
        seed,
        size,
        edition,
    })
}

proptest! {
    #[test]
    fn a_canonical_name_gives_its_recipe_back(
        recipe in any_recipe(),
        stem in prop::option::of("[a-z0-9._-]{0,80}"),
        ext in prop::option::of("[a-z0-9]{1,12}"),
    ) {
        let mut name = Vec::new();
        write_canonical(&mut name, stem.as_deref().map(str::as_bytes), &recipe, ext.as_deref().map(str::as_bytes));
        let stem = stem.as_deref().map(str::as_bytes);
        let ext = ext.as_deref().map(str::as_bytes);
        prop_assert_eq!(parse(&name), Ok(Name { stem, recipe, ext }));
    }

    #[test]
    fn a_recipe_prints_as_a_name_of_itself(recipe in any_recipe()) {
        prop_assert_eq!(parse(recipe.to_string().as_bytes()).unwrap().recipe, recipe);
    }

    #[test]
    fn any_bytes_are_parsed_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn near_names_are_parsed_without_a_panic(name in "(_?s?(0x)?[0-9a-f]{0,22}-?[0-9]{0,22}[kmgtpeib-]{0,4}(c[0-9]{0,4})?(d[0-9]{0,4})?(u[0-9]{0,22}m?)?(-e[0-9]{0,12})?\\.?[a-z]{0,3}){1,3}") {
        if let Ok(parsed) = parse(name.as_bytes()) {
            prop_assert!(parsed.recipe.size <= u64::MAX / 2);
        }
    }
}
