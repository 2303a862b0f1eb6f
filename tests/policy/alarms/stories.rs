//! What happens to a stack, and which alarm rings. Each story begins with an hour in which nothing is wrong.

mod told;

use std::collections::BTreeSet;

use super::{alarms, data::Data, definition::Alarm, evaluation::State, template};

/// The minute in which something happens.
const EVENT: usize = 60;

/// How many minutes a story has.
const END: usize = 300;

/// The period of each alarm, in minutes.
const PERIOD: usize = 5;

/// By how many minutes data comes late where it does. The services report once a minute, and the documents name no bound.
const LATE: usize = 3;

/// How many points more than an alarm looks at CloudWatch gets, as in the document's examples; it names no number.
const SPARE: usize = 2;

/// What happens to an alarm.
struct Story {
    what: String,
    data: Data,
    then: Then,
}

enum Then {
    /// The alarm rings once.
    Rings {
        /// After so many minutes, at the latest.
        within: usize,
        /// The minute in which all is well again.
        over: usize,
        /// So many minutes after that it has ended, at the latest.
        ends: usize,
    },
    /// Nobody is woken.
    Silence,
}

impl Story {
    fn rings(what: impl Into<String>, data: Data, within: usize, over: usize, ends: usize) -> Self {
        Self { what: what.into(), data, then: Then::Rings { within, over, ends } }
    }

    fn silence(what: impl Into<String>, data: Data) -> Self {
        Self { what: what.into(), data, then: Then::Silence }
    }

    /// What comes of it otherwise than told, with data that comes late by so many minutes. However many points CloudWatch
    /// gets, the states are the same; when they change is told for `SPARE`.
    fn fault(&self, alarm: &Alarm, late: usize, spare: usize) -> Option<String> {
        let states = alarm.play(&self.data, END, late, alarm.rule.periods + spare);
        let mut changes = states.clone();
        changes.dedup();
        match self.then {
            Then::Silence => (changes != [State::Ok]).then(|| format!("{changes:?}")),
            Then::Rings { .. } if changes != [State::Ok, State::Alarm, State::Ok] => Some(format!("{changes:?}")),
            Then::Rings { within, over, ends } => {
                // A state stands at the index of the minute at whose end it is evaluated.
                let first = states.iter().position(|state| *state == State::Alarm)?;
                let last = states.iter().rposition(|state| *state == State::Alarm)?;
                // Of late data, the newest period has a part; all of it is in the one before.
                let until = EVENT + within + if late == 0 { 0 } else { PERIOD };
                let in_time = EVENT <= first && first < until;
                let ended = spare != SPARE || last + 1 < over + ends + late;
                (!in_time || !ended).then(|| format!("ALARM from minute {first} to {last}"))
            }
        }
    }
}

fn alarm(name: &str) -> Alarm {
    let template = template();
    Alarm::new(&template["Resources"][name]["Properties"], &template["Parameters"])
}

/// What comes otherwise than told, in all stories.
fn faults(late: usize, spare: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, stories) in told::STORIES {
        let alarm = alarm(name);
        for story in stories() {
            let fault = story.fault(&alarm, late, spare);
            faults.extend(fault.map(|fault| format!("{name}: {}: {fault}", story.what)));
        }
    }
    faults
}

#[test]
fn each_alarm_rings_in_time_and_ends_in_time_and_no_other_time() {
    assert_eq!(faults(0, SPARE), [""; 0]);
}

#[test]
fn and_so_it_does_when_its_data_comes_a_few_minutes_late() {
    assert_eq!(faults(LATE, SPARE), [""; 0]);
}

#[test]
fn and_however_many_points_cloudwatch_gets() {
    for spare in [0, 1, 7] {
        assert_eq!(faults(0, spare), [""; 0], "{spare} more than it looks at");
    }
}

#[test]
fn each_alarm_of_the_template_has_a_story_in_which_it_rings_for_each_of_its_metrics_and_one_in_which_it_does_not() {
    let template = template();
    let there: BTreeSet<_> = alarms(&template).into_iter().map(|(name, _)| name).collect();
    assert_eq!(there, BTreeSet::from(told::STORIES.map(|(name, _)| name)));
    for (name, stories) in told::STORIES {
        let (silent, ringing): (Vec<_>, Vec<_>) =
            stories().into_iter().partition(|story| matches!(story.then, Then::Silence));
        assert!(!silent.is_empty(), "{name}");
        let played: BTreeSet<_> = ringing.iter().flat_map(|story| story.data.metrics()).cloned().collect();
        let watched: BTreeSet<_> = alarm(name).watched.into_values().map(|watched| watched.metric).collect();
        assert_eq!(played, watched, "{name}");
    }
}
