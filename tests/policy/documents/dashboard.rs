//! Checks the dashboard's body against the page that describes the format, and its metrics against those that exist.

use rstest::rstest;
use serde_json::{Value, json};

use super::{
    metrics::{self, Metric},
    stack::Stack,
};

const STRUCTURE: &str = include_str!("dashboard.json");

/// One line for each deviation from the page.
fn faults(body: &Value) -> Vec<String> {
    let structure = serde_json::from_str(STRUCTURE).unwrap();
    let validator = jsonschema::draft202012::new(&structure).unwrap();
    let mut faults: Vec<_> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    let widgets = body["widgets"].as_array().cloned().unwrap_or_default();
    let places: Vec<_> = widgets.iter().map(place).collect();
    for (index, place) in places.iter().enumerate() {
        let Some([x, y, right, bottom]) = place else { continue };
        if *right > COLUMNS {
            faults.push(format!("widget {index} extends beyond the grid"));
        }
        for (other, place) in places.iter().enumerate().take(index) {
            let Some([left, top, end, floor]) = place else { continue };
            if x < end && left < right && y < floor && top < bottom {
                faults.push(format!("widget {index} overlaps widget {other}"));
            }
        }
    }
    faults.extend(widgets.iter().filter_map(|widget| shown(widget).err()));
    faults
}

/// The width of the grid of widgets.
const COLUMNS: u64 = 24;

/// The default width and height of a widget.
const USUAL_SIDE: u64 = 6;

/// The left, upper, right and lower edges of a widget that has a position.
fn place(widget: &Value) -> Option<[u64; 4]> {
    let [x, y] = [widget["x"].as_u64()?, widget["y"].as_u64()?];
    let [width, height] = ["width", "height"].map(|side| widget[side].as_u64().unwrap_or(USUAL_SIDE));
    Some([x, y, x + width, y + height])
}

/// The metrics of a widget. A dot in an array repeats the text at the same place in the array before.
fn shown(widget: &Value) -> Result<Vec<Metric>, String> {
    let mut metrics = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for array in widget["properties"]["metrics"].as_array().into_iter().flatten().filter_map(Value::as_array) {
        let texts: Vec<_> = array.iter().map_while(Value::as_str).collect();
        if texts.is_empty() {
            continue;
        }
        if array.len() > texts.len() + 1 {
            return Err(format!("{array:?} continues after its rendering properties"));
        }
        let resolved = texts.iter().enumerate().map(|(index, text)| match *text {
            "." => {
                before.get(index).cloned().ok_or_else(|| format!("there is nothing for the dot in {array:?} to repeat"))
            }
            text => Ok(text.to_owned()),
        });
        before = resolved.collect::<Result<_, _>>()?;
        metrics.push(Metric::read(&before).ok_or_else(|| format!("{array:?} has a dimension without a value"))?);
    }
    Ok(metrics)
}

fn body(stack: &Stack) -> Value {
    let dashboard = stack.properties("OverviewDashboard").unwrap();
    serde_json::from_str(dashboard["DashboardBody"].as_str().unwrap()).unwrap()
}

#[test]
fn the_dashboards_body_follows_the_documentation() {
    let choices: [&[(&str, &str)]; 3] = [&[], &[("Metrics", "false")], &[("Docs", "true")]];
    for parameters in choices {
        assert_eq!(faults(&body(&Stack::new(parameters))), [""; 0], "{parameters:?}");
    }
}

#[test]
fn the_dashboard_shows_existing_metrics_of_its_own_region() {
    let stack = Stack::new(&[]);
    let body = body(&stack);
    let widgets = body["widgets"].as_array().unwrap();
    let mut shown: Vec<_> = Vec::new();
    for widget in widgets {
        assert_eq!(widget["properties"]["region"], "eu-central-1");
        shown.extend(self::shown(widget).unwrap());
    }
    assert!(shown.len() > 20, "{shown:?}");
    let wrong: Vec<_> = shown.iter().filter_map(|metric| metrics::unknown(&stack, metric)).collect();
    assert_eq!(wrong, [""; 0]);
}

/// A body with a widget of each kind on the page.
fn sample() -> Value {
    let alarm = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:one";
    json!({
        "start": "-PT6H",
        "widgets": [
            { "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
                "region": "eu-central-1", "title": "One", "stat": "p99.9", "period": 300, "view": "timeSeries",
                "annotations": { "horizontal": [{ "value": 2.5, "color": "#9467bd" }] },
                "metrics": [
                    ["AWS/Lambda", "Duration", "FunctionName", "login", { "id": "m1", "stat": "Sum", "period": 60 }],
                    [".", "Errors", ".", ".", { "color": "#1f77b4", "yAxis": "right", "visible": false }],
                    [{ "expression": "SUM(METRICS())", "label": "All", "id": "e1" }],
                    ["Own", "Logins"]
                ] } },
            { "type": "text", "x": 12, "y": 0, "width": 12, "height": 6, "properties": { "markdown": "# Two" } },
            { "type": "metric", "x": 0, "y": 6, "properties": {
                "region": "eu-central-1", "view": "gauge", "yAxis": { "left": { "min": 0, "max": 100 } },
                "metrics": [["Own", "Share"]] } },
            { "type": "metric", "properties": { "region": "eu-central-1", "annotations": { "alarms": [alarm] } } },
            { "type": "alarm", "properties": { "alarms": [alarm] } },
            { "type": "log", "properties": { "region": "eu-central-1", "query": "SOURCE 'group' | limit 20" } }
        ]
    })
}

#[test]
fn a_body_with_every_documented_feature_passes() {
    assert_eq!(faults(&sample()), [""; 0]);
    let metrics = shown(&sample()["widgets"][0]).unwrap();
    let texts: Vec<_> = metrics.iter().map(Metric::to_string).collect();
    assert_eq!(texts, ["AWS/Lambda Duration FunctionName=login", "AWS/Lambda Errors FunctionName=login", "Own Logins"]);
}

/// The body with another value at a JSON pointer; null removes the member.
fn changed(place: &str, value: Value) -> Value {
    let mut body = sample();
    let (parent, last) = place.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(last).unwrap()),
        Value::Object(members) => drop(members.insert(last.into(), value)),
        parent => parent[last.parse::<usize>().unwrap()] = value,
    }
    body
}

#[rstest]
#[case::no_widgets("/widgets", json!(null))]
#[case::a_start_in_words("/start", json!("6 hours ago"))]
#[case::an_unknown_member("/refresh", json!(60))]
#[case::y_without_x("/widgets/0/x", json!(null))]
#[case::x_without_y("/widgets/0/y", json!(null))]
#[case::left_of_the_grid("/widgets/0/x", json!(-1))]
#[case::right_of_the_grid("/widgets/1/x", json!(24))]
#[case::across_the_right_edge("/widgets/1/x", json!(13))]
#[case::between_columns("/widgets/0/x", json!(0.5))]
#[case::wider_than_the_grid("/widgets/0/width", json!(25))]
#[case::no_width("/widgets/0/width", json!(0))]
#[case::too_high("/widgets/0/height", json!(1001))]
#[case::overlapping_the_one_beside("/widgets/0/width", json!(13))]
#[case::overlapping_the_one_above("/widgets/2/y", json!(5))]
#[case::no_type("/widgets/0/type", json!(null))]
#[case::an_unknown_type("/widgets/0/type", json!("graph"))]
#[case::no_properties("/widgets/0/properties", json!(null))]
#[case::no_region("/widgets/0/properties/region", json!(null))]
#[case::neither_metrics_nor_an_alarm("/widgets/0/properties/metrics", json!(null))]
#[case::metrics_and_an_alarm("/widgets/3/properties/metrics", json!([["Own", "Logins"]]))]
#[case::half_a_minute("/widgets/0/properties/period", json!(30))]
#[case::a_minute_and_a_half("/widgets/0/properties/period", json!(90))]
#[case::a_period_in_words("/widgets/0/properties/period", json!("60"))]
#[case::an_unknown_statistic("/widgets/0/properties/stat", json!("Avg"))]
#[case::a_percentile_above_100("/widgets/0/properties/stat", json!("p101"))]
#[case::an_unknown_view("/widgets/0/properties/view", json!("line"))]
#[case::an_unknown_property("/widgets/0/properties/titel", json!("One"))]
#[case::a_gauge_without_a_maximum("/widgets/2/properties/yAxis/left/max", json!(null))]
#[case::a_line_without_a_value("/widgets/0/properties/annotations/horizontal/0/value", json!(null))]
#[case::a_colour_by_name("/widgets/0/properties/annotations/horizontal/0/color", json!("red"))]
#[case::two_alarms("/widgets/3/properties/annotations/alarms", json!(["arn:a", "arn:b"]))]
#[case::a_metric_without_a_name("/widgets/0/properties/metrics/0", json!(["AWS/Lambda"]))]
#[case::a_dimension_without_a_value("/widgets/0/properties/metrics/3", json!(["Own", "Logins", "Function"]))]
#[case::a_dot_in_the_first_array("/widgets/0/properties/metrics/0", json!([".", "Duration"]))]
#[case::a_dot_beyond_the_array_before("/widgets/0/properties/metrics/1", json!([".", ".", ".", ".", "Resource", "."]))]
#[case::an_ellipsis("/widgets/0/properties/metrics/1", json!(["...", { "stat": "p50" }]))]
#[case::rendering_properties_before_the_end("/widgets/0/properties/metrics/1", json!([".", "Errors", {}, "FunctionName"]))]
#[case::an_expression_widget_without_an_expression("/widgets/0/properties/metrics/2", json!([{ "label": "All" }]))]
#[case::an_id_in_capitals("/widgets/0/properties/metrics/0/4/id", json!("M1"))]
#[case::an_unknown_side("/widgets/0/properties/metrics/1/4/yAxis", json!("top"))]
#[case::a_number_instead_of_a_name("/widgets/0/properties/metrics/3", json!(["Own", 5]))]
#[case::a_text_widget_without_text("/widgets/1/properties/markdown", json!(null))]
#[case::no_alarm("/widgets/4/properties/alarms", json!([]))]
#[case::a_query_without_log_groups("/widgets/5/properties/query", json!("limit 20"))]
fn deviations_from_the_documentation_are_reported(#[case] place: &str, #[case] value: Value) {
    let body = changed(place, value);
    assert!(!faults(&body).is_empty(), "{body}");
}
