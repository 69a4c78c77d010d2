//! The watch itself: where the anchor lies, how far the vessel may be from it, and how far it is.

use crate::json::Json;
use std::ops::RangeInclusive;

/// Metres.
const RADII: RangeInclusive<f64> = 10.0..=1000.0;
const DEFAULT_RADIUS: f64 = 50.0;

/// Seconds.
const INTERVALS: RangeInclusive<f64> = 1.0..=3600.0;
const DEFAULT_INTERVAL: f64 = 10.0;

const EARTH_RADIUS: f64 = 6_371_008.8;

#[derive(Clone, Copy, PartialEq)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

impl Position {
    /// The position that a Signal K value tells, in degrees.
    pub fn read(value: Json) -> Result<Position, &'static str> {
        let degrees = |name, most: f64| {
            value
                .get(name)
                .and_then(Json::number)
                .filter(|angle| angle.abs() <= most)
        };
        let latitude = degrees("latitude", 90.0).ok_or("latitude must be a number from -90 to 90")?;
        let longitude = degrees("longitude", 180.0).ok_or("longitude must be a number from -180 to 180")?;
        Ok(Position { latitude, longitude })
    }

    pub fn to_json(self) -> String {
        format!(r#"{{"latitude":{},"longitude":{}}}"#, self.latitude, self.longitude)
    }

    /// How many metres lie between two positions, along the surface of a round earth.
    fn distance(self, other: Position) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |difference: f64| (difference / 2.0).sin().powi(2);
        let across = half((other.longitude - self.longitude).to_radians());
        let chord = half(to - from) + from.cos() * to.cos() * across;
        2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
    }
}

/// What is to be told after a look at where the vessel is.
pub enum Change {
    None,
    /// The vessel is so many metres away from its anchor, and was within the circle when it was looked at last.
    Alarm(f64),
    /// It is back.
    Quiet(f64),
}

#[derive(Clone, Copy)]
pub struct Watch {
    pub running: bool,
    pub anchor: Option<Position>,
    /// Metres.
    pub max_radius: f64,
    /// Seconds.
    pub check_interval: f64,
    pub alarm: bool,
    /// Whether the vessel's position was not known at the last look.
    pub blind: bool,
    waited: f64,
}

impl Watch {
    pub const OFF: Watch = Watch {
        running: false,
        anchor: None,
        max_radius: DEFAULT_RADIUS,
        check_interval: DEFAULT_INTERVAL,
        alarm: false,
        blind: false,
        waited: 0.0,
    };

    /// A watch that begins, without an anchor, as a configuration asks for it.
    pub fn configured(config: Json) -> Result<Watch, &'static str> {
        config.members().ok_or("The configuration is not a JSON object")?;
        let max_radius = config.get("maxRadius").map_or(Ok(DEFAULT_RADIUS), read_radius)?;
        let check_interval = config
            .get("checkInterval")
            .map_or(Ok(DEFAULT_INTERVAL), read_interval)?;
        Ok(Watch {
            running: true,
            max_radius,
            check_interval,
            ..Watch::OFF
        })
    }

    /// Counts a second; whether it is time to look where the vessel is.
    pub fn second(&mut self) -> bool {
        self.waited += 1.0;
        let due = self.waited >= self.check_interval;
        if due {
            self.waited = 0.0;
        }
        due
    }

    /// Compares where the vessel is with where it may be. Without an anchor it may be anywhere.
    pub fn look(&mut self, vessel: Position) -> Change {
        let distance = self.anchor.map_or(0.0, |anchor| anchor.distance(vessel));
        let before = self.alarm;
        self.alarm = distance > self.max_radius;
        match (before, self.alarm) {
            (false, true) => Change::Alarm(distance),
            (true, false) => Change::Quiet(distance),
            _ => Change::None,
        }
    }
}

/// A radius in metres.
pub fn read_radius(value: Json) -> Result<f64, &'static str> {
    value
        .number()
        .filter(|radius| RADII.contains(radius))
        .ok_or("maxRadius must be a number from 10 to 1000")
}

fn read_interval(value: Json) -> Result<f64, &'static str> {
    let whole = |interval: &f64| INTERVALS.contains(interval) && interval.fract() == 0.0;
    value
        .number()
        .filter(whole)
        .ok_or("checkInterval must be a whole number from 1 to 3600")
}
