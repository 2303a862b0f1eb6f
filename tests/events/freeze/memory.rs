//! The memory of a frozen function does not contain the working memory of a password hash, from which the password could be
//! guessed more cheaply than from the hash itself.

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

/// The memory of the most expensive hash that is accepted, in KiB. Wiping it takes far longer than everything else after a
/// hash, so a function that does not wait for the wiping is detected.
const DEAR_KIB: u32 = 262_144;

/// The limit for non-zero memory of a function, in KiB: a few times the normal amount, and a fifth of what a hash fills.
const QUIET_KIB: usize = 4_096;

/// Seconds after which every request has timed out: more than `Timeouts::request`.
const TOO_LONG: u64 = 14;

/// Gives Ada a hash of the maximum cost that matches no password, with this number of passes.
async fn make_dear(aws: &Aws, passes: u32) {
    let hash = format!("$argon2id$v=19$m={DEAR_KIB},t={passes},p=1$c2l4dGVlbiBieXRlcyAuLg${}", "A".repeat(43));
    let marker = aws.tables().await.update_item().table_name("UsersTable");
    let marker = marker.key("pk", AttributeValue::S("email#ada@example.com".into()));
    let marker = marker.update_expression("SET password_hash = :hash");
    marker.expression_attribute_values(":hash", AttributeValue::S(hash)).send().await.unwrap();
}

const ZEROS: [u8; 1_024] = [0; 1_024];

/// The private memory of a process that is not zero, in KiB.
fn held_kib(process: &Process) -> usize {
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).unwrap();
    let memory = File::open(format!("/proc/{}/mem", process.id())).unwrap();
    let mut held = 0;
    for map in maps.lines() {
        // Address range, permissions, offset, device, and inode, which is 0 unless the memory is mapped from a file
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
            // Memory that was unmapped in the meantime counts as zero.
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
#[case::the_current_cost(None, support::PASSWORD, 200)]
#[case::the_current_cost_and_a_wrong_password(None, "wrong horse", 401)]
#[case::the_maximum_cost(Some(1), "wrong horse", 401)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hash_is_wiped_from_memory_before_the_response(
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
async fn a_hash_is_wiped_from_memory_before_the_response_to_a_request_that_timed_out() {
    let world = World::start().await;
    make_dear(&world.aws, 8).await;
    let mut clock = Clock::new();
    let mut variables = world.aws.reliable_variables();
    variables.extend(clock.variables());
    let mut login = Process::start(&BINARIES["login"], "login", &variables).await.unwrap();
    login.polled().await.unwrap();
    login.send(attempt("wrong horse")).await.unwrap();
    // Wait until the hash is being computed.
    while held_kib(&login) < 2 * QUIET_KIB {
        tokio::task::yield_now().await;
    }
    login.stop().unwrap();
    // The clock also stops, so the limit on waiting for the hash never passes, however slow this machine is.
    clock.advance_and_stop(TOO_LONG);
    // This interrupts the wait for the next event, so the process reads the clock
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
