use proptest::{prelude::*, sample::Index};
use rstest::rstest;

use super::*;

/// Of a company that sells coats.
fn common() -> CommonPasswords {
    CommonPasswords::new("Weather-Wear, wwear  IBM,x2,e\u{301}te\u{301}")
}

/// Lines of the list that are nothing but letters, enough of them to be words.
fn words() -> Vec<&'static str> {
    LISTED.lines().filter(|line| line.chars().count() >= SHORTEST && line.chars().all(char::is_alphabetic)).collect()
}

#[rstest]
#[case::a_year_and_a_sign("Summer2026!")]
#[case::digits_and_a_sign("Password123!")]
#[case::a_greeting_with_a_year("Welcome2026!")]
#[case::leet_that_is_listed_and_a_digit("P@ssw0rd1")]
#[case::leet_that_is_listed_and_a_sign("Passw0rd!")]
#[case::a_sign_between("Admin@123")]
#[case::another_word("Company123!")]
#[case::a_year_before("2026 winter")]
#[case::years_of_a_season("winter25/26")]
#[case::a_year_of_another_script("summer٢٠٢٦")]
#[case::signs_that_are_not_ascii("¡Summer£2026€")]
#[case::a_word_of_another_language("Sommer 2026")]
#[case::a_sign_for_a_first_letter("$ummer2026")]
#[case::a_digit_for_a_first_letter("4dm1n!2026")]
#[case::a_digit_for_a_last_letter("potat0#99")]
#[case::a_sign_for_t("+r4d3r99")]
#[case::a_stroke_for_i("m1ll10n2026")]
#[case::a_stroke_for_l("e1eph4nt!")]
#[case::a_bar_for_l("e|ephant_7")]
#[case::an_exclamation_mark_for_i("!nfinity26")]
#[case::nine_for_g("dra9on2026")]
#[case::eight_for_b("8aseball*")]
#[case::many_strokes("1l0v3y0u!")]
#[case::a_listed_one_of_digits_with_a_sign("12345678!")]
#[case::a_listed_one_of_digits_among_signs("++123456++")]
#[case::a_listed_one_of_letters_and_digits("abc123!!!!")]
#[case::keys_in_a_row("1q2w3e4r5t!")]
#[case::a_listed_one_that_begins_with_a_sign("!QAZ2wsx")]
#[case::as_long_as_may_be(&format!("summer{}", "!".repeat(122)))]
fn what_people_add_to_a_common_password_changes_nothing(#[case] password: &str) {
    assert!(common().has(password));
}

#[rstest]
#[case::this_services("pyshop-auth")]
#[case::this_services_with_a_year("PyShop2026")]
#[case::this_services_in_one("PYSHOPAUTH1")]
#[case::this_services_in_leet("py$h0p-4uth!")]
#[case::the_companys("WeatherWear1!")]
#[case::the_companys_as_it_was_written("Weather-Wear!")]
#[case::another("wwear2026")]
#[case::one_of_three_letters("ibm12345")]
#[case::one_that_is_not_ascii("Été-2026!")]
#[case::several("wwear+pyshop+ibm")]
#[case::one_again_and_again(&"ibm".repeat(42))]
fn the_services_names_are_common(#[case] password: &str) {
    assert!(common().has(password));
}

#[rstest]
#[case::random_ones_of_8_characters("k7#pQ2x!")]
#[case::two_letters_with_digits("ab12345678")]
#[case::a_word_of_the_service_with_too_few_letters("x2-83027519")]
#[case::a_phrase("correct horse battery staple")]
#[case::a_phrase_with_a_year("my summer house is blue 2026")]
#[case::two_words("correct horse! ")]
#[case::a_word_in_a_word("midsummer-night")]
#[case::two_words_in_one("summerhorses2026")]
#[case::a_word_that_is_not_listed("lovelace1815")]
#[case::leet_of_a_word_that_is_not_listed("l0v3l4c3!1815")]
#[case::digits_that_could_be_letters("7357-4055-1337")]
#[case::a_telephone_number("+49 8302751946")]
#[case::a_date("25.11.2026")]
#[case::a_word_of_the_service_in_another("pyshopper2026")]
#[case::a_word_of_the_service_and_another("acme-and-pyshop")]
#[case::a_word_with_emoji("🐎🔋📎✅ horses")]
#[case::another_script("правильная лошадь")]
#[case::nothing_but_blanks("        ")]
fn what_is_more_than_a_common_password_is_none(#[case] password: &str) {
    assert!(!common().has(password));
}

#[test]
fn without_words_of_a_service_its_own_names_are_common_and_nothing_else() {
    let common = CommonPasswords::new(" , ");
    assert!(common.has("pyshop2026") && !common.has("wwear2026") && !common.has(""));
}

#[test]
fn words_that_fit_in_a_vast_number_of_ways_take_no_time() {
    let words: Vec<_> = (3..40).map(|length| "a".repeat(length)).collect();
    assert!(!CommonPasswords::new(&words.join(",")).has(&format!("{}b", "a".repeat(127))));
}

#[test]
fn statement_4_the_list_has_forty_thousand_lines_in_order() {
    let lines: Vec<&str> = LISTED.lines().collect();
    assert!(lines.len() >= 40_000);
    assert!(lines.is_sorted_by(|a, b| a < b));
    assert_eq!(lines.iter().map(|line| line.chars().count()).max(), Some(LONGEST));
}

#[test]
fn every_line_of_the_list_is_found_and_no_neighbour() {
    for line in LISTED.lines() {
        assert!(is_listed(line), "{line}");
    }
    assert!(!is_listed("correct horse battery staple"));
}

proptest! {
    #[test]
    fn the_search_agrees_with_a_plain_one(text in "[ -~]{0,12}") {
        prop_assert_eq!(is_listed(&text), LISTED.lines().any(|line| line == text));
    }

    #[test]
    fn every_word_of_the_list_is_common_with_digits_and_signs_around(
        word in any::<Index>(),
        before in "[0-9 !-/:-@£§]{0,6}",
        after in "[0-9 !-/:-@£§]{0,20}",
    ) {
        let words = words();
        let password = format!("{before}{}{after}", word.get(&words).to_uppercase());
        // Some letters are two once they are capital; the list is in lower case.
        prop_assume!(password.to_lowercase().contains(word.get(&words)));
        prop_assert!(common().has(&password), "{password}");
    }

    #[test]
    fn words_are_common_in_leet(word in any::<Index>(), after in "[0-9!?#]{0,6}") {
        let words = words();
        let word = word.get(&words);
        let leet = word.replace('a', "4").replace('e', "3").replace('o', "0").replace('t', "7");
        prop_assume!(letters(&leet).chars().count() * MAX_SHARE >= leet.chars().count());
        prop_assume!(letters(&leet).chars().count() >= MIN_LETTERS);
        prop_assert!(common().has(&format!("{leet}{after}")), "{leet}{after}");
    }

    #[test]
    fn a_random_password_of_16_characters_is_not_common(password in "[!-~]{16}") {
        prop_assert!(!common().has(&password), "{password}");
    }

    #[test]
    fn any_password_is_judged(password in "\\PC{0,128}") {
        common().has(&password);
    }
}
