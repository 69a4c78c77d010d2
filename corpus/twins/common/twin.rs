//! What the twins in Rust have in common: all of SPEC.md that needs no server.

use signalk_plugin::json::{from_thousandths, Json};

pub const SCHEMA: &str = concat!(
    r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#,
    r#""limit":{"type":"number","title":"Speed limit in m/s","minimum":0,"maximum":1000,"default":5},"#,
    r#""every":{"type":"integer","title":"Seconds from report to report","minimum":1,"maximum":3600,"default":10},"#,
    r#""notify":{"type":"boolean","title":"Notify above the limit","default":true}}}"#
);

pub const SPEED: &str = "navigation.speedOverGround";
pub const DEPTH: &str = "environment.depth.belowTransducer.value";
pub const ALARM: &str = "notifications.plugins.twin.speed";
pub const LIMIT: &str = "plugins.twin.limit";
pub const STARTS: &str = "plugins.twin.starts";
pub const HEARD: &str = "plugins.twin.heard";
pub const MEAN: &str = "plugins.twin.mean";
pub const MAX: &str = "plugins.twin.max";
pub const FILE_ERROR: &str = "Cannot write /data/twin.json";

const MOST_LIMIT: i64 = 1_000_000;
const MOST_ID: usize = 64;
const FILE_BYTES: usize = 8192;

/// The options, and what was heard since the start. Numbers are thousandths, times seconds.
#[derive(Clone, Copy)]
pub struct Speeds {
    pub limit: i64,
    pub every: u32,
    pub notify: bool,
    pub heard: u32,
    pub last: i64,
    pub max: i64,
    pub sum: i64,
    pub alarmed: bool,
}

/// A limit by PUT or configuration.
pub fn read_limit(value: Json) -> Option<i64> {
    value.thousandths().filter(|limit| (0..=MOST_LIMIT).contains(limit))
}

impl Speeds {
    pub const NONE: Speeds = Speeds {
        limit: 5000,
        every: 10,
        notify: true,
        heard: 0,
        last: 0,
        max: 0,
        sum: 0,
        alarmed: false,
    };

    /// The options of a configuration, with nothing heard yet; otherwise what is wrong with it.
    pub fn configured(config: &[u8]) -> Result<Speeds, &'static str> {
        let config = Json::read(config)
            .filter(|config| config.is_object())
            .ok_or("The configuration is not a JSON object")?;
        let mut speeds = Speeds::NONE;
        if let Some(limit) = config.get("limit") {
            speeds.limit = read_limit(limit).ok_or("limit is a number from 0 to 1000")?;
        }
        if let Some(every) = config.get("every") {
            let seconds = every.thousandths().filter(|number| number % 1000 == 0).map(|number| number / 1000);
            let wrong = "every is a whole number from 1 to 3600";
            speeds.every = seconds.filter(|seconds| (1..=3600).contains(seconds)).ok_or(wrong)? as u32;
        }
        if let Some(notify) = config.get("notify") {
            speeds.notify = notify.text().parse().map_err(|_| "notify is true or false")?;
        }
        Ok(speeds)
    }

    /// Counts a speed, given as JSON. Tells whether it was one.
    pub fn hear(&mut self, value: Json) -> bool {
        let speed = value.thousandths().filter(|speed| *speed >= 0);
        if let Some(speed) = speed {
            self.last = speed;
            self.heard += 1;
            self.sum += speed;
            self.max = self.max.max(speed);
        }
        speed.is_some()
    }

    pub fn mean(&self) -> i64 {
        self.sum / i64::from(self.heard.max(1))
    }

    /// What is emitted after speeds were heard: the number of them, mean and maximum, as JSON.
    pub fn figures(&self) -> [String; 3] {
        let heard = format!("{}", self.heard);
        [heard, from_thousandths(self.mean()), from_thousandths(self.max)]
    }

    /// The notification, where the alarm is to be raised or ended.
    pub fn alarm(&mut self, depth: Option<Json>) -> Option<String> {
        let above = self.last > self.limit;
        if !self.notify || above == self.alarmed {
            return None;
        }
        self.alarmed = above;
        let (state, method, is) = match above {
            true => ("alert", r#"["visual"]"#, "is above"),
            false => ("normal", "[]", "is not above"),
        };
        let depth = depth.and_then(Json::thousandths).filter(|metres| above && *metres >= 0);
        Some(format!(
            r#"{{"state":"{}","method":{},"message":"Speed {} m/s {} {} m/s{}"}}"#,
            state,
            method,
            from_thousandths(self.last),
            is,
            from_thousandths(self.limit),
            depth.map_or(String::new(), |metres| format!(", at a depth of {} m", from_thousandths(metres)))
        ))
    }
}

/// The id that a JSON string is.
pub fn read_id(value: Json) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    value
        .string()
        .filter(|id| !id.is_empty() && id.len() <= MOST_ID && id.bytes().all(plain))
}

/// What is kept in the file: the number of starts, and the places as a JSON object.
#[derive(Clone)]
pub struct Kept {
    pub starts: i64,
    pub places: String,
}

impl Kept {
    pub fn read(file: &[u8]) -> Kept {
        let kept = Some(file).filter(|file| file.len() <= FILE_BYTES).and_then(Json::read);
        let starts = kept.and_then(|kept| kept.get("starts")).and_then(Json::thousandths);
        let places = kept.and_then(|kept| kept.get("places")).filter(|places| are_places(*places));
        Kept {
            starts: starts.unwrap_or(0).max(0) / 1000,
            places: places.map_or("{}", Json::text).into(),
        }
    }

    pub fn text(&self) -> String {
        format!(r#"{{"starts":{},"places":{}}}"#, self.starts, self.places)
    }
}

fn are_places(value: Json) -> bool {
    value.is_object() && value.members().all(|(name, place)| place.is_object() && read_id(name).is_some())
}
