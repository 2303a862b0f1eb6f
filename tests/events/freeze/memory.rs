//! What is in a function's memory when it is frozen: nothing that a password was hashed in, from which it could be guessed
//! more cheaply than from the hash.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use aws_sdk_dynamodb::types::AttributeValue;
use harness::Process;
use rstest::rstest;
use serde_json::{Value, json};

use super::{BINARIES, World, clock::Clock};
use crate::{aws::Aws, endpoints::with_body};

/// The memory of the dearest hash that is taken, in KiB. To wipe it takes far longer than all that follows a hash, so that
/// whoever does not wait for that is found out.
const DEAR_KIB: u32 = 262_144;

/// How much of a function's memory may hold anything, in KiB: a few times what does, and a fifth of what a hash fills.
const QUIET_KIB: usize = 4_096;

/// Seconds after which any request has been given up: more than `Timeouts::request`.
const TOO_LONG: u64 = 14;

/// Gives Ada a hash of no password, as dear as any, with so many passes.
async fn make_dear(aws: &Aws, passes: u32) {
    let hash = format!("$argon2id$v=19$m={DEAR_KIB},t={passes},p=1$c2l4dGVlbiBieXRlcyAuLg${}", "A".repeat(43));
    let marker = aws.tables().await.update_item().table_name("UsersTable");
    let marker = marker.key("pk", AttributeValue::S("email#ada@example.com".into()));
    let marker = marker.update_expression("SET password_hash = :hash");
    marker.expression_attribute_values(":hash", AttributeValue::S(hash)).send().await.unwrap();
}

const ZEROS: [u8; 1_024] = [0; 1_024];

/// How many KiB of a process's own memory hold anything but zeros.
fn held_kib(process: &Process) -> usize {
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).unwrap();
    let memory = File::open(format!("/proc/{}/mem", process.id())).unwrap();
    let mut held = 0;
    for map in maps.lines() {
        // Where, what may be done, and a file's offset, device and inode: 0 where it is no file's
        // (<https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html>).
        let [place, rights, _, _, inode] = map.split_whitespace().take(5).collect::<Vec<_>>().try_into().unwrap();
        if !rights.starts_with("rw") || inode != "0" {
            continue;
        }
        let (start, end) = place.split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut piece = vec![0_u8; usize::try_from(end - start).unwrap().min(1 << 20)];
        for address in (start..end).step_by(piece.len()) {
            let length = usize::try_from(end - address).unwrap().min(piece.len());
            // Nothing of what has gone meanwhile.
            let length = memory.read_at(&mut piece[..length], address).unwrap_or_default();
            held += piece[..length].chunks(ZEROS.len()).filter(|kib| !ZEROS.starts_with(kib)).count();
        }
    }
    held
}

fn attempt(password: &str) -> Value {
    with_body("login", &json!({ "email": "ada@example.com", "password": password }))
}

#[rstest]
#[case::of_today(None, support::PASSWORD, 200)]
#[case::of_today_and_another_password(None, "wrong horse", 401)]
#[case::as_dear_as_any(Some(1), "wrong horse", 401)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hash_leaves_nothing_in_memory_behind_the_answer(
    #[case] passes: Option<u32>,
    #[case] password: &str,
    #[case] status: u16,
) {
    let world = World::start().await;
    if let Some(passes) = passes {
        make_dear(&world.aws, passes).await;
    }
    let variables = world.aws.reliable_variables();
    let mut login = Process::start(&BINARIES["login"], "login", &variables).await.unwrap();
    for _ in 0..3 {
        let answer = login.call(attempt(password)).await.unwrap();
        login.stop().unwrap();
        assert_eq!(answer["statusCode"], status, "{answer}");
        let held = held_kib(&login);
        assert!(held < QUIET_KIB, "{held} KiB");
        login.go_on().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_whose_request_is_given_up_leaves_nothing_in_memory_behind_the_answer() {
    let world = World::start().await;
    make_dear(&world.aws, 8).await;
    let mut clock = Clock::new();
    let mut variables = world.aws.reliable_variables();
    variables.extend(clock.variables());
    let mut login = Process::start(&BINARIES["login"], "login", &variables).await.unwrap();
    login.polled().await.unwrap();
    login.send(attempt("wrong horse")).await.unwrap();
    // Until the hash is under way.
    while held_kib(&login) < 2 * QUIET_KIB {
        tokio::task::yield_now().await;
    }
    login.stop().unwrap();
    // However slow this machine is, a hash is not given up that takes longer than an answer waits for it.
    clock.advance_and_stop(TOO_LONG);
    // That interrupts its wait for what comes first, and it looks at the clock
    // (<https://man7.org/linux/man-pages/man7/signal.7.html>).
    login.go_on().unwrap();
    let answer = login.answer().await.unwrap();
    login.stop().unwrap();
    assert_eq!(answer["statusCode"], 503, "{answer}");
    let held = held_kib(&login);
    assert!(held < QUIET_KIB, "{held} KiB");
    login.go_on().unwrap();
    let log = login.end().unwrap();
    assert!(log.contains("the request took too long"), "{log}");
}
