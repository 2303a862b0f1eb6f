//! A rotation of the secret as others see it: functions and verifiers whose readings have different ages.

use super::*;

#[tokio::test]
async fn statement_31_the_set_has_the_key_that_signs_the_one_before_and_the_one_to_come() {
    let world = World::new();
    let first = shown(&world.keys).await;
    assert_eq!(first, [signs(&world.keys).await]);
    world.rotate(SECOND);
    world.wait(300);
    let [second, before] = shown(&world.keys).await.try_into().unwrap();
    assert_eq!((&before, &signs(&world.keys).await), (&first[0], &first[0]));
    world.wait(600);
    assert_eq!(signs(&world.keys).await, second);
    assert_eq!(shown(&world.keys).await, [second.clone(), before]);
    world.rotate(THIRD);
    world.wait(300);
    assert_eq!(shown(&world.keys).await[1..], [second]);
}

#[tokio::test]
async fn statement_31_a_rotation_between_the_two_readings_loses_no_key() {
    let world = World::new();
    world.rotate(SECOND);
    world.wait(86_400);
    let second = signs(&world.keys).await;
    world.rotate(THIRD);
    // The former previous version comes with the new current one.
    world.secrets.lock().unwrap().late = 1;
    let reader = (world.reader)();
    assert_eq!(signs(&reader).await, second);
    assert!(shown(&reader).await.contains(&second));
}

#[tokio::test]
async fn statement_31_a_version_with_the_text_of_the_one_before_is_shown_once() {
    let world = World::new();
    world.rotate(SECOND);
    world.wait(86_400);
    world.rotate(SECOND);
    assert_eq!(shown(&(world.reader)()).await, [signs(&world.keys).await]);
}

/// A verifier that keeps a key set for five minutes, as `Cache-Control` allows, and never looks again before.
#[derive(Default)]
struct Verifier {
    cached: Option<(UnixSeconds, Vec<String>)>,
}

impl Verifier {
    async fn knows(&mut self, id: &str, now: UnixSeconds, set: &KeyStore) -> bool {
        let is_fresh = |read: UnixSeconds| now < read + SECRET_MAX_AGE.as_secs();
        if !self.cached.as_ref().is_some_and(|(read, _)| is_fresh(*read)) {
            self.cached = Some((now, shown(set).await));
        }
        self.cached.as_ref().unwrap().1.iter().any(|known| known == id)
    }
}

/// Each step 30 s long, so that every age of every reader occurs.
#[rstest]
#[case::while_secrets_manager_answers(None)]
#[case::while_it_is_down_for_a_while_at_the_worst_moment(Some(0..300))]
#[tokio::test]
async fn statement_31_no_verifier_meets_an_unknown_key_in_a_rotation(#[case] down: Option<std::ops::Range<u64>>) {
    const STEP: u64 = 30;
    let world = World::new();
    // The function that signs, the one that shows the set, and the verifier, each with readings of another age.
    for (signer_age, set_age, verifier_age) in triples([0, 30, 150, 270, 299]) {
        let (signer, set, mut verifier) = ((world.reader)(), (world.reader)(), Verifier::default());
        let ages = [signer_age, set_age, verifier_age];
        for age in (0..300).rev() {
            if age == signer_age {
                signs(&signer).await;
            }
            if age == set_age {
                shown(&set).await;
            }
            if age == verifier_age {
                let id = signs(&signer).await;
                assert!(verifier.knows(&id, world.now.load(Ordering::Relaxed), &set).await);
            }
            world.wait(1);
        }
        let before = signs(&signer).await;
        world.rotate(&format!("the secret of a rotation of ages {ages:?}"));
        for since in (0..1_800).step_by(usize::try_from(STEP).unwrap()) {
            world.go_down(down.as_ref().is_some_and(|down| down.contains(&since)));
            let id = signs(&signer).await;
            let now = world.now.load(Ordering::Relaxed);
            assert!(verifier.knows(&id, now, &set).await, "{since} s after the rotation, with ages {ages:?}");
            assert_eq!(id == before, since < 900, "{since} s after the rotation");
            world.wait(STEP);
        }
    }
}

/// All triples of these.
fn triples(ages: [u64; 5]) -> impl Iterator<Item = (u64, u64, u64)> {
    ages.into_iter().flat_map(move |one| ages.into_iter().flat_map(move |two| ages.map(|three| (one, two, three))))
}
