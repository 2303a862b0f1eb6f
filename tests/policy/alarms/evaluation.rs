//! From data points to an alarm's state, by
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html> and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>.

use rstest::rstest;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Alarm,
    InsufficientData,
    Ok,
}

/// How a missing data point counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Not at all: if there are too few points, the state does not change.
    Ignored,
    /// As a point that does not breach the threshold.
    NotBreaching,
}

/// The rule "M of N".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// N: how many data points are evaluated.
    pub(crate) periods: usize,
    /// M: how many of them must breach the threshold to raise the alarm.
    pub(crate) to_alarm: usize,
    pub(crate) missing: Missing,
}

impl Rule {
    /// The state after one more evaluation. Each point says whether it breaches the threshold, or is `None` if it is missing; the
    /// oldest comes first. CloudWatch retrieves more points than the rule needs, evaluates the newest that exist, and counts
    /// missing ones only if there are too few.
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

/// Points in the notation of the documentation: `0` does not breach, `X` does, `-` is missing.
fn points(written: &str) -> Vec<Option<bool>> {
    written.split(' ').map(|point| (point != "-").then_some(point == "X")).collect()
}

/// The rows of the tables in the documentation, with five points each; `None` is "retain current state".
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
fn states_follow_the_tables_in_the_documentation(
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
