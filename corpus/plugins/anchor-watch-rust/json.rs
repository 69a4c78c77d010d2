//! Looks into JSON without making anything of it: a value is the piece of text that it stands in.
//!
//! What a server sends is JSON, so this checks no more than it needs to find its way. Text that is something else has
//! no members, and is neither a number nor a text.

use signalk_plugin::json::{is_space, skip_space, unescaped};

/// One value, without the white space around it.
#[derive(Clone, Copy)]
pub struct Json<'a>(&'a [u8]);

impl<'a> Json<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        let text = skip_space(text);
        let behind = text.iter().rev().take_while(|byte| is_space(**byte)).count();
        Json(&text[..text.len() - behind])
    }

    /// The members of an object, in order, each a name and a value; none if this is no object.
    pub fn members(self) -> Option<Vec<(Json<'a>, Json<'a>)>> {
        let mut found = Vec::new();
        let mut rest = skip_space(self.0.strip_prefix(b"{")?);
        if rest == b"}" {
            return Some(found);
        }
        loop {
            let (name, behind) = first_value(rest)?;
            let (value, behind) = first_value(skip_space(skip_space(behind).strip_prefix(b":")?))?;
            found.push((name, value));
            let behind = skip_space(behind);
            if behind == b"}" {
                return Some(found);
            }
            rest = skip_space(behind.strip_prefix(b",")?);
        }
    }

    /// The member of this name; of several the last, as everywhere.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let mut latest_first = self.members()?.into_iter().rev();
        latest_first
            .find(|(key, _)| key.text().as_deref() == Some(name))
            .map(|(_, value)| value)
    }

    /// A number. Rust takes `inf` and `NaN` for numbers too, which no range holds.
    pub fn number(self) -> Option<f64> {
        std::str::from_utf8(self.0).ok()?.parse().ok()
    }

    pub fn text(self) -> Option<String> {
        let inside = match self.0 {
            [b'"', inside @ .., b'"'] => inside,
            _ => return None,
        };
        unescaped(std::str::from_utf8(inside).ok()?)
    }
}

/// The value that a text begins with, and what comes behind it.
fn first_value(text: &[u8]) -> Option<(Json<'_>, &[u8])> {
    let end = match text.first()? {
        b'"' => string_end(text)?,
        b'{' | b'[' => container_end(text)?,
        _ => text
            .iter()
            .take_while(|byte| !is_space(**byte) && !b",:]}".contains(byte))
            .count(),
    };
    Some((Json(&text[..end]), &text[end..])).filter(|_| end > 0)
}

/// How long the string is that a text begins with.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The same for an object or array. It counts brackets instead of following them: no nesting is too deep.
fn container_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut open) = (0, 0);
    loop {
        match text.get(at)? {
            b'"' => at += string_end(&text[at..])?,
            byte => {
                at += 1;
                match byte {
                    b'{' | b'[' => open += 1,
                    b'}' | b']' => open -= 1,
                    _ => {}
                }
            }
        }
        if open == 0 {
            return Some(at);
        }
    }
}
