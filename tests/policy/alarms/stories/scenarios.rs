//! The stories of all alarms. Data is as the services report it: some metrics exist only while something is wrong.

use super::{Data, END, EVENT, Story, template};
use crate::alarms::resources;

/// The name of an alarm, and its stories.
pub(super) type Told = (&'static str, fn() -> Vec<Story>);

/// The stories of each alarm.
pub(super) const STORIES: [Told; 7] = [
    ("FailedLoginsAlarm", failed_logins),
    ("FunctionThrottlesAlarm", function_throttles),
    ("GatewayThrottlesAlarm", gateway_throttles),
    ("RefreshReplaysAlarm", refresh_replays),
    ("ServerErrorsAlarm", server_errors),
    ("SlowAnswersAlarm", slow_answers),
    ("TableThrottlesAlarm", table_throttles),
];

/// Requests per minute: of a quiet stack, and of one with a hundred requests per second.
const TRAFFIC: [u32; 2] = [1, 6000];

const ANSWERS: (&str, &str) = ("Requests", "");
const ERRORS: (&str, &str) = ("ServerErrors", "");
const LATENCY: (&str, &str) = ("Latency", "HttpApi");
const TURNED_AWAY: (&str, &str) = ("GatewayThrottles", "");

fn server_errors() -> Vec<Story> {
    let mut stories = vec![
        Story::silence("nobody calls", Data::default()),
        Story::rings(
            "the only request for hours fails",
            Data::default().with(ANSWERS, EVENT..EVENT + 1, 1.0, 1).with(ERRORS, EVENT..EVENT + 1, 1.0, 1),
            1,
            EVENT + 1,
            10,
        ),
    ];
    for requests in TRAFFIC {
        // The documentation does not say whether a response that is not an error counts as 0 or is not reported.
        for zeros in [0, requests] {
            let until = |end| Data::default().with(ANSWERS, 0..end, 1.0, requests).with(ERRORS, 0..end, 0.0, zeros);
            let failing = |data: Data, answers| data.with(ERRORS, EVENT..EVENT + 10, 1.0, answers);
            let so_many = format!("of {requests} responses a minute");
            stories.extend([
                Story::silence(format!("{so_many} none fails"), until(END)),
                Story::rings(format!("{so_many} all fail"), failing(until(END), requests), 3, EVENT + 10, 10),
                Story::rings(
                    format!("{so_many} all fail, then requests stop"),
                    failing(until(EVENT + 10), requests),
                    3,
                    EVENT + 10,
                    10,
                ),
            ]);
        }
    }
    let many = || Data::default().with(ANSWERS, 0..END, 1.0, 6000);
    let few = Data::default().with(ANSWERS, 0..END, 1.0, 1);
    let one_fails = few.with(ERRORS, EVENT..EVENT + 1, 1.0, 1);
    stories.extend([
        Story::rings("two of six thousand fail in each minute", many().with(ERRORS, 60..80, 1.0, 2), 3, 80, 10),
        Story::silence("four of thirty thousand fail", many().with(ERRORS, EVENT..EVENT + 1, 1.0, 4)),
        Story::silence("one of five fails", one_fails.clone()),
        Story::silence("two of five fail", one_fails.with(ERRORS, EVENT + 2..EVENT + 3, 1.0, 1)),
    ]);
    stories
}

fn slow_answers() -> Vec<Story> {
    let mut stories = vec![Story::silence("nobody calls", Data::default())];
    for requests in TRAFFIC {
        let fast = |minutes| Data::default().with(LATENCY, minutes, 80.0, requests);
        let between = |data: Data, end, latency| data.with(LATENCY, EVENT..end, latency, requests);
        let then_fast = |data: Data, end| data.with(LATENCY, end..END, 80.0, requests);
        let slow = |end, latency| then_fast(between(fast(0..EVENT), end, latency), end);
        let so_many = format!("with {requests} requests a minute");
        stories.extend([
            Story::silence(format!("{so_many} no response is slow"), fast(0..END)),
            Story::rings(
                format!("{so_many} responses take three seconds"),
                slow(EVENT + 20, 3000.0),
                15,
                EVENT + 20,
                5,
            ),
            // The last existing points count until there are too few of them.
            Story::rings(
                format!("{so_many} responses take three seconds, then requests stop"),
                between(fast(0..EVENT), EVENT + 20, 3000.0),
                15,
                EVENT + 20,
                15,
            ),
            Story::silence(format!("{so_many} responses take three seconds for six minutes"), slow(EVENT + 6, 3000.0)),
            Story::silence(format!("{so_many} responses take two seconds"), slow(END, 2000.0)),
            Story::rings(
                format!("{so_many} responses take a little longer"),
                slow(EVENT + 20, 2001.0),
                15,
                EVENT + 20,
                5,
            ),
        ]);
    }
    let many = |slow| Data::default().with(LATENCY, 0..END, 80.0, 6000).with(LATENCY, EVENT..EVENT + 20, 3000.0, slow);
    let few = Data::default().with(LATENCY, 0..END, 80.0, 1);
    stories.extend([
        Story::rings("one response of five takes three seconds", many(1500), 15, EVENT + 20, 5),
        Story::silence("one response of twenty takes three seconds", many(315)),
        Story::silence("one cold start takes a second and a half", few.clone().with(LATENCY, 60..61, 1500.0, 1)),
        Story::silence("one response takes eight seconds", few.with(LATENCY, 60..61, 8000.0, 1)),
    ]);
    stories
}

/// Raises each of these metrics alone; the others have `zeros` zeros a minute, or do not exist if that is 0.
fn each_alone(metrics: &[(&str, &str)], zeros: u32) -> Vec<Story> {
    let quiet = || metrics.iter().fold(Data::default(), |data, metric| data.with(*metric, 0..END, 0.0, zeros));
    let mut stories = vec![Story::silence("nothing happens", quiet())];
    for metric in metrics {
        let once = quiet().with(*metric, EVENT..EVENT + 1, 1.0, 1);
        let for_hours = quiet().with(*metric, EVENT..EVENT + 150, 1.0, 40);
        stories.extend([
            Story::rings(format!("{metric:?} once"), once, 1, EVENT + 1, 10),
            Story::rings(format!("{metric:?} for hours"), for_hours, 1, EVENT + 150, 10),
        ]);
    }
    stories
}

fn function_throttles() -> Vec<Story> {
    let template = template();
    let functions = resources(&template, "AWS::Serverless::Function").into_iter();
    // Without the documentation, which is not worth waking anyone for.
    let functions = functions.filter(|(_, function)| function.get("Condition").is_none());
    let throttles: Vec<_> = functions.map(|(function, _)| ("Throttles", function)).collect();
    [0, 1].into_iter().flat_map(|zeros| each_alone(&throttles, zeros)).collect()
}

fn table_throttles() -> Vec<Story> {
    let of_table = |table| [("ReadThrottleEvents", table), ("WriteThrottleEvents", table)];
    each_alone(&["UsersTable", "RefreshTokensTable"].map(of_table).concat(), 0)
}

fn refresh_replays() -> Vec<Story> {
    each_alone(&[("RefreshReplays", "refresh"), ("RefreshReplays", "logout")], 0)
}

fn gateway_throttles() -> Vec<Story> {
    let turned_away = |end, times| Data::default().with(TURNED_AWAY, EVENT..end, 1.0, times);
    vec![
        Story::silence("nobody is turned away", Data::default()),
        Story::silence("one request is turned away", turned_away(EVENT + 1, 1)),
        Story::silence("somebody clicks thirty times", turned_away(EVENT + 1, 30)),
        Story::silence("forty-nine in one minute", turned_away(EVENT + 1, 49)),
        Story::rings("fifty in one minute", turned_away(EVENT + 1, 50), 1, EVENT + 1, 10),
        Story::silence("five in a minute, for hours", turned_away(EVENT + 200, 5)),
        Story::rings("twenty in a minute", turned_away(EVENT + 20, 20), 3, EVENT + 20, 10),
        Story::rings("a flood", turned_away(EVENT + 60, 30_000), 1, EVENT + 60, 10),
    ]
}

fn failed_logins() -> Vec<Story> {
    let of_function = |function| [("LoginFailures", function), ("LoginLocks", function)];
    let metrics = ["login", "me"].map(of_function).concat();
    let each = |times| metrics.iter().fold(Data::default(), |data, metric| data.with(*metric, 60..80, 1.0, times));
    let mut stories = vec![
        Story::silence("nobody logs in", Data::default()),
        Story::silence("forty in a minute are within the threshold", each(10)),
        Story::rings("forty-four in a minute, each metric a quarter of them", each(11), 5, 80, 10),
    ];
    for metric in metrics {
        let alone = |times| Data::default().with(metric, EVENT..EVENT + 20, 1.0, times);
        stories.extend([
            Story::silence(format!("{metric:?}, forty in a minute"), alone(40)),
            Story::rings(format!("{metric:?}, three hundred in a minute"), alone(300), 1, EVENT + 20, 10),
        ]);
    }
    stories
}
