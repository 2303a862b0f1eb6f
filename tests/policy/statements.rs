//! Each numbered guarantee in `SECURITY.md` has a test whose name contains its number.

use std::{collections::BTreeSet, fs, path::Path};

const DOCUMENT: &str = include_str!("../../SECURITY.md");

/// The numbers in the names of the tests in a folder and its subfolders: `fn statement_14_and_19_…` has two.
fn tested(folder: &Path, numbers: &mut BTreeSet<u32>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tested(&path, numbers);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(path).unwrap();
            for name in source.split("fn statement_").skip(1) {
                let words = name.split('_').take_while(|word| *word == "and" || word.parse::<u32>().is_ok());
                numbers.extend(words.filter_map(|word| word.parse::<u32>().ok()));
            }
        }
    }
}

#[test]
fn every_guarantee_has_a_test_and_every_numbered_test_a_guarantee() {
    let documented: BTreeSet<u32> =
        DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(documented, (1..=33).collect());
    let mut numbers = BTreeSet::new();
    for folder in ["functions", "shared", "tests", "tools"] {
        tested(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut numbers);
    }
    assert_eq!(numbers, documented);
}
