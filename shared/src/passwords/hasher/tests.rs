//! What is hashed, what is verified, and what is replaced.

use futures_util::FutureExt;
use rstest::rstest;

use super::*;
use crate::domain::Rules;

fn attempt(password: &str) -> PasswordAttempt {
    PasswordAttempt::check(password).unwrap()
}

/// Asserts that there is memory for hashes to come, and that nothing is left in it.
#[track_caller]
fn assert_wiped(hasher: &Hasher) {
    let memories = hasher.memories.lock().unwrap();
    assert!(!memories.is_empty());
    for memory in memories.iter() {
        assert_eq!(memory.len(), BLOCKS);
        assert!(memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}

async fn hashed(hasher: &Hasher, password: &str) -> PasswordHash {
    hasher.hash_secret(SecretString::from(password)).await.unwrap()
}

#[tokio::test]
async fn statement_1_the_hash_is_a_phc_string_of_the_stated_cost_with_a_salt_of_16_bytes() {
    let hash = hashed(&Hasher::new(Random::system()), "correct horse").await;
    let parsed = phc::PasswordHash::new(hash.expose()).unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    assert_eq!(parsed.salt.unwrap().len(), 16);
}

#[tokio::test]
async fn statement_1_the_dummy_costs_what_a_hash_costs() {
    let hasher = Hasher::new(Random::system());
    let (dummy, hash) = (hasher.dummy().unwrap(), hashed(&hasher, "correct horse").await);
    let cost = |hash: &PasswordHash| phc::PasswordHash::new(hash.expose()).unwrap().params;
    assert_eq!(cost(&dummy), cost(&hash));
}

#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let hasher = Hasher::new(Random::system());
    assert_ne!(hashed(&hasher, "correct horse").await.expose(), hashed(&hasher, "correct horse").await.expose());
}

#[tokio::test]
async fn statement_3_only_the_password_that_was_hashed_is_right() {
    let hasher = Hasher::new(Random::system());
    let hash = hashed(&hasher, "correct horse").await;
    assert!(hasher.verify(attempt("correct horse"), Some(hash.clone())).await.unwrap().is_right());
    for wrong in ["Correct horse", "correct horse ", " correct horse", "correct"] {
        assert!(!hasher.verify(attempt(wrong), Some(hash.clone())).await.unwrap().is_right(), "{wrong:?}");
    }
}

#[tokio::test]
async fn the_memory_of_a_hash_is_kept_and_wiped() {
    let hasher = Hasher::new(Random::system());
    let hash = hashed(&hasher, "correct horse").await;
    hasher.verify(attempt("correct horse"), Some(hash)).await.unwrap();
    hasher.idle().await;
    assert_wiped(&hasher);
}

#[tokio::test]
async fn a_hash_whose_request_was_given_up_is_done_and_wiped_before_its_hasher_is_idle() {
    let hasher = Hasher::new(Random::system());
    let mut request = Box::pin(hashed(&hasher, "correct horse"));
    assert!(request.as_mut().now_or_never().is_none());
    drop(request);
    hasher.idle().await;
    assert_wiped(&hasher);
}

#[tokio::test]
async fn the_memory_of_a_hash_that_panics_is_wiped_and_its_core_is_free() {
    let hasher = Hasher::new(Random::system());
    let panics = |memory: &mut Memory| -> Result<(), Error> {
        hash(memory, "correct horse", &[7; 16])?;
        panic!("behind the hash")
    };
    assert!(matches!(hasher.off_the_loop(panics).await, Err(Error::Internal(_))));
    hasher.idle().await;
    assert_wiped(&hasher);
}

/// By another implementation: `argon2-cffi` 25.1.0, `hash_secret` with `hash_len` 16 and 32.
#[rstest]
#[case::of_16_bytes("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::of_32_bytes(
    "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$IlO2V59Tdtb9LK4zQ3rYz0BJfh+4P3PuYL6sZh8sMZ8"
)]
#[tokio::test]
async fn a_hash_that_another_implementation_made_is_verified(#[case] stored: &str) {
    let hasher = Hasher::new(Random::system());
    let hash = PasswordHash::new(stored.into());
    assert!(hasher.verify(attempt("correct horse battery staple"), Some(hash.clone())).await.unwrap().is_right());
    assert!(!hasher.verify(attempt("wrong horse battery staple"), Some(hash)).await.unwrap().is_right());
}

/// What is hashed waits for a core, and what is told without a hash does not: while none is free, the two differ.
#[rstest]
#[case::of_a_user("wrong horse", true)]
#[case::of_a_user_and_too_long(&"x".repeat(129), true)]
#[case::of_nobody("wrong horse", false)]
#[case::of_nobody_and_too_long(&"x".repeat(129), false)]
#[tokio::test]
async fn statement_6_every_wrong_attempt_is_hashed(#[case] password: &str, #[case] is_known: bool) {
    let hasher = Hasher::new(Random::system());
    let hash = if is_known { Some(hashed(&hasher, "correct horse").await) } else { None };
    let all = hasher.cores.available_permits().try_into().unwrap();
    let busy = hasher.cores.clone().acquire_many_owned(all).await.unwrap();
    let mut verdict = Box::pin(hasher.verify(attempt(password), hash));
    assert!(verdict.as_mut().now_or_never().is_none());
    drop(busy);
    assert!(!verdict.await.unwrap().is_right());
}

#[tokio::test]
async fn statement_6_no_password_is_right_for_an_unknown_user() {
    let hasher = Hasher::new(Random::system());
    for password in ["", "correct horse", &"x".repeat(129)] {
        assert!(!hasher.verify(attempt(password), None).await.unwrap().is_right());
    }
}

#[tokio::test]
async fn statement_2_an_attempt_of_129_code_points_is_wrong_whatever_was_hashed() {
    let hasher = Hasher::new(Random::system());
    let long = "x".repeat(129);
    for hashed_before in ["", &long, &long[..128]] {
        let hash = hashed(&hasher, hashed_before).await;
        assert!(!hasher.verify(attempt(&long), Some(hash)).await.unwrap().is_right());
    }
}

#[rstest]
#[case::nothing("")]
#[case::plain_text("correct horse")]
#[case::another_scheme("$2b$12$abcdefghijklmnopqrstuu")]
#[case::another_scheme_of_django("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99")]
#[case::unusable_as_django_writes_it("!zdUyQXWdTeOZo4mVJ4eTgXZKJVJ0aZbW4PQ2Hp3W")]
#[case::argon2i("$argon2i$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::argon2i_that_is_named_like_ours("$argon2i$v=19$m=512,t=2,p=2$NGNHZDBITkhNTmc5$R60Bt2+wujkg048mYI9oJw")]
#[case::argon2i_of_django_and_an_old_version("argon2$argon2i$m=512,t=2,p=2$NGNHZDBITkhNTmc5$R60Bt2+wujkg048mYI9oJw")]
#[case::argon2i_of_django_and_too_many_passes(
    "argon2$argon2i$v=19$m=512,t=9,p=2$NGNHZDBITkhNTmc5$R60Bt2+wujkg048mYI9oJw"
)]
#[case::argon2d_of_django("argon2$argon2d$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::an_old_version("$argon2id$v=16$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::no_version("$argon2id$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::too_much_memory("$argon2id$v=19$m=262145,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::too_many_passes("$argon2id$v=19$m=19456,t=9,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::too_many_lanes("$argon2id$v=19$m=19456,t=2,p=17$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::cost_over_all_numbers("$argon2id$v=19$m=4294967296,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
#[case::too_many_iterations("pbkdf2_sha256$5000001$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[case::too_few_iterations("pbkdf2_sha256$999$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[case::no_iterations("pbkdf2_sha256$0$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[case::negative_iterations("pbkdf2_sha256$-1$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[case::no_salt("pbkdf2_sha256$10000$$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[case::a_short_output("pbkdf2_sha256$10000$salt$wOHK")]
#[case::an_empty_output("pbkdf2_sha256$10000$salt$")]
#[case::no_base64("pbkdf2_sha256$10000$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR_6eerWYCo=")]
#[case::a_part_more("pbkdf2_sha256$10000$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=$")]
#[case::another_digest("pbkdf2_sha1$10000$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=")]
#[tokio::test]
async fn statement_5_a_stored_hash_that_is_none_or_out_of_bounds_denies(#[case] stored: &str) {
    let hasher = Hasher::new(Random::system());
    let result = hasher.verify(attempt("correct horse"), Some(PasswordHash::new(stored.into()))).await;
    assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
}

/// Made once by Django 5.2.19 with argon2-cffi 25.1.0: `hasher.encode(password, hasher.salt(), iterations)` of its
/// `PBKDF2PasswordHasher` and its `Argon2PasswordHasher`, each checked with `check_password`; those of Argon2i by Django
/// 3.1.14, with the 16 bytes of output that `argon2-cffi` had by default at its time.
const DJANGO: &str = include_str!("django.json");

#[derive(serde::Deserialize)]
struct Vector {
    what: String,
    password: String,
    hash: String,
}

#[tokio::test]
async fn statement_5_a_hash_that_django_made_is_verified_and_replaced() {
    let hasher = Hasher::new(Random::system());
    for Vector { what, password, hash } in serde_json::from_str::<Vec<Vector>>(DJANGO).unwrap() {
        let stored = || Some(PasswordHash::new(hash.clone()));
        let Verdict::Outdated(better) = hasher.verify(attempt(&password), stored()).await.unwrap() else {
            panic!("{what}")
        };
        assert!(better.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{what}");
        assert!(matches!(hasher.verify(attempt(&password), Some(better)).await.unwrap(), Verdict::Right), "{what}");
        for wrong in [format!("{password} "), password.replacen('r', "R", 1) + ".", String::new()] {
            assert!(!hasher.verify(attempt(&wrong), stored()).await.unwrap().is_right(), "{what}: {wrong:?}");
        }
    }
}

/// By `argon2-cffi` 25.1.0, of `correct horse battery staple`.
#[rstest]
#[case::ours(
    "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$IlO2V59Tdtb9LK4zQ3rYz0BJfh+4P3PuYL6sZh8sMZ8",
    false
)]
#[case::of_a_short_output("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg", true)]
#[case::of_less_memory(
    "$argon2id$v=19$m=19455,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$AYchZUqXO3rZEvUBjcg+YYW0T66Y7D5vtOQUy38lS/8",
    true
)]
#[case::of_one_pass(
    "$argon2id$v=19$m=19456,t=1,p=1$c2l4dGVlbiBieXRlcyAuLg$hc2t1YT0hVpE43M3Y0/daQctTF2C8gn1f1qTrzbBngw",
    true
)]
#[case::with_a_short_salt(
    "$argon2id$v=19$m=19456,t=2,p=1$ZWlnaHQgYnk$2WQReKTxp8eKs+mb80UaTxWkNnP6Ug7bY3fs5S6HWTg",
    true
)]
#[case::stronger(
    "$argon2id$v=19$m=32768,t=3,p=2$c2l4dGVlbiBieXRlcyAuLg$rUhuXePrRkcALoCvTSbqXB9EFXY9uAllsKnFf/WdYVw",
    false
)]
#[tokio::test]
async fn statement_5_a_weaker_hash_is_replaced_and_no_other(#[case] stored: &str, #[case] outdated: bool) {
    let hasher = Hasher::new(Random::system());
    let hash = PasswordHash::new(stored.into());
    let verdict = hasher.verify(attempt("correct horse battery staple"), Some(hash)).await.unwrap();
    assert!(verdict.is_right());
    assert_eq!(matches!(verdict, Verdict::Outdated(_)), outdated);
}

#[tokio::test]
async fn memory_of_a_dear_hash_is_given_back() {
    let hasher = Hasher::new(Random::system());
    let dear = "$argon2id$v=19$m=32768,t=3,p=2$c2l4dGVlbiBieXRlcyAuLg$rUhuXePrRkcALoCvTSbqXB9EFXY9uAllsKnFf/WdYVw";
    hasher.verify(attempt("x"), Some(PasswordHash::new(dear.into()))).await.unwrap();
    hasher.idle().await;
    let kept: Vec<_> = hasher.memories.lock().unwrap().iter().map(Vec::capacity).collect();
    assert_eq!(kept, [BLOCKS]);
}
