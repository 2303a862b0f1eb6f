//! From data points to an alarm's state, by
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html> and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>.

use rstest::rstest;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Alarm,
    InsufficientData,
    Ok,
}

/// What a data point counts as that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Nothing: without the points that it takes, the state stays.
    Ignored,
    /// One that does not breach the threshold.
    NotBreaching,
}

/// M of N.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// How many data points are looked at.
    pub(crate) periods: usize,
    /// How many of them breach the threshold in an alarm.
    pub(crate) to_alarm: usize,
    pub(crate) missing: Missing,
}

impl Rule {
    /// The state after one more evaluation, of data points of which it is known whether they breach the threshold, the oldest
    /// first. CloudWatch gets more of them than the rule needs, looks at the newest ones that are there, and fills up with
    /// missing ones only where there are too few.
    pub(crate) fn state(self, points: &[Option<bool>], before: State) -> State {
        let there: Vec<bool> = points.iter().flatten().copied().collect();
        let newest = &there[there.len().saturating_sub(self.periods)..];
        let breaching = newest.iter().filter(|breaches| **breaches).count();
        let decided = self.missing == Missing::NotBreaching || newest.len() == self.periods || breaching < newest.len();
        if breaching >= self.to_alarm {
            State::Alarm
        } else if decided {
            State::Ok
        } else {
            before
        }
    }
}

/// Points as the document's tables write them: `0` does not breach, `X` does, `-` is missing.
fn points(written: &str) -> Vec<Option<bool>> {
    written.split(' ').map(|point| (point != "-").then_some(point == "X")).collect()
}

/// The rows of the document's tables, of which five points are there to look at; none is "retain current state".
#[rstest]
#[case(3, "0 - X - X", Some(State::Ok), State::Ok)]
#[case(3, "0 - - - -", Some(State::Ok), State::Ok)]
#[case(3, "- - - - -", None, State::Ok)]
#[case(3, "0 X X - X", Some(State::Alarm), State::Alarm)]
#[case(3, "- - - - X", None, State::Ok)]
#[case(3, "X - - - -", None, State::Ok)]
#[case(2, "0 - X - X", Some(State::Alarm), State::Alarm)]
#[case(2, "0 0 X 0 X", Some(State::Alarm), State::Alarm)]
#[case(2, "0 - X - -", Some(State::Ok), State::Ok)]
#[case(2, "- - - - 0", Some(State::Ok), State::Ok)]
#[case(2, "- - - - X", None, State::Ok)]
fn states_are_those_of_the_tables_in_the_document(
    #[case] to_alarm: usize,
    #[case] written: &str,
    #[case] ignored: Option<State>,
    #[case] not_breaching: State,
) {
    for before in [State::Ok, State::Alarm] {
        let state = |missing| Rule { periods: 3, to_alarm, missing }.state(&points(written), before);
        assert_eq!(state(Missing::Ignored), ignored.unwrap_or(before), "{written}, {before:?}");
        assert_eq!(state(Missing::NotBreaching), not_breaching, "{written}, {before:?}");
    }
}
