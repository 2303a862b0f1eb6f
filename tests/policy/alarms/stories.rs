//! Stories: what happens to a stack, and which alarm fires. Each begins with an hour in which nothing is wrong.

mod scenarios;

use std::collections::BTreeSet;

use super::{alarms, data::Data, definition::Alarm, evaluation::State, template};

/// The minute in which something happens.
const EVENT: usize = 60;

/// The length of a story, in minutes.
const END: usize = 300;

/// The period of each alarm, in minutes.
const PERIOD: usize = 5;

/// The delay of late data, in minutes. Services report once a minute, and the documentation gives no bound for the delay.
const LATE: usize = 3;

/// How many more points CloudWatch retrieves than an alarm evaluates. The documentation gives no number; this is that of its
/// examples.
const SPARE: usize = 2;

/// A series of events, and the expected behaviour of one alarm.
struct Story {
    what: String,
    data: Data,
    then: Then,
}

enum Then {
    /// The alarm fires once.
    Rings {
        /// In minutes after the event, at the latest.
        within: usize,
        /// The minute in which the fault is over.
        over: usize,
        /// In minutes after `over`, at the latest.
        ends: usize,
    },
    /// The alarm does not fire.
    Silence,
}

impl Story {
    fn rings(what: impl Into<String>, data: Data, within: usize, over: usize, ends: usize) -> Self {
        Self { what: what.into(), data, then: Then::Rings { within, over, ends } }
    }

    fn silence(what: impl Into<String>, data: Data) -> Self {
        Self { what: what.into(), data, then: Then::Silence }
    }

    /// The difference from the expected behaviour, if there is one, with data that arrives `late` minutes late. The sequence of
    /// states does not depend on the number of spare points; the time at which the alarm ends is checked only for `SPARE`.
    fn fault(&self, alarm: &Alarm, late: usize, spare: usize) -> Option<String> {
        let states = alarm.play(&self.data, END, late, alarm.rule.periods + spare);
        let mut changes = states.clone();
        changes.dedup();
        match self.then {
            Then::Silence => (changes != [State::Ok]).then(|| format!("{changes:?}")),
            Then::Rings { .. } if changes != [State::Ok, State::Alarm, State::Ok] => Some(format!("{changes:?}")),
            Then::Rings { within, over, ends } => {
                // The index of a state is the minute at whose end it is evaluated.
                let first = states.iter().position(|state| *state == State::Alarm)?;
                let last = states.iter().rposition(|state| *state == State::Alarm)?;
                // Late data is incomplete in the newest period, and complete in the one before.
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

/// The differences from the expected behaviour in all stories.
fn faults(late: usize, spare: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, stories) in scenarios::STORIES {
        let alarm = alarm(name);
        for story in stories() {
            let fault = story.fault(&alarm, late, spare);
            faults.extend(fault.map(|fault| format!("{name}: {}: {fault}", story.what)));
        }
    }
    faults
}

#[test]
fn each_alarm_fires_and_recovers_in_time_and_only_then() {
    assert_eq!(faults(0, SPARE), [""; 0]);
}

#[test]
fn each_alarm_fires_and_recovers_in_time_with_data_that_is_a_few_minutes_late() {
    assert_eq!(faults(LATE, SPARE), [""; 0]);
}

#[test]
fn each_alarm_goes_through_the_same_states_however_many_points_cloudwatch_retrieves() {
    for spare in [0, 1, 7] {
        assert_eq!(faults(0, spare), [""; 0], "{spare} more than it evaluates");
    }
}

#[test]
fn each_alarm_has_a_story_that_fires_it_for_each_metric_and_one_that_does_not() {
    let template = template();
    let there: BTreeSet<_> = alarms(&template).into_iter().map(|(name, _)| name).collect();
    assert_eq!(there, BTreeSet::from(scenarios::STORIES.map(|(name, _)| name)));
    for (name, stories) in scenarios::STORIES {
        let (silent, ringing): (Vec<_>, Vec<_>) =
            stories().into_iter().partition(|story| matches!(story.then, Then::Silence));
        assert!(!silent.is_empty(), "{name}");
        let played: BTreeSet<_> = ringing.iter().flat_map(|story| story.data.metrics()).cloned().collect();
        let watched: BTreeSet<_> = alarm(name).watched.into_values().map(|watched| watched.metric).collect();
        assert_eq!(played, watched, "{name}");
    }
}
