//! Looks into JSON without making anything of it: a value is the piece of text that it stands in.

/// One value, without the white space around it. It is JSON by RFC 8259, and so is everything in it.
#[derive(Clone, Copy)]
pub struct Json<'a>(&'a str);

const DEEPEST: u32 = 250;
const MOST_THOUSANDTHS: i64 = 999_999_999;

impl<'a> Json<'a> {
    /// A value, if the bytes are UTF-8 and JSON that is not nested deeper than 250.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let rest = skip_space(text.as_bytes());
        let behind = value_end(rest, DEEPEST)?;
        let begin = text.len() - rest.len();
        skip_space(behind)
            .is_empty()
            .then(|| Json(&text[begin..text.len() - behind.len()]))
    }

    /// The JSON text.
    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// The members of an object, in order, each a name and a value; none if this is no object.
    pub fn members(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> {
        let mut parts = self.parts('{');
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }

    /// The elements of an array, in order; none if this is no array.
    pub fn elements(self) -> impl Iterator<Item = Json<'a>> {
        self.parts('[')
    }

    /// Names and values of an object, or the elements of an array.
    fn parts(self, opening: char) -> impl Iterator<Item = Json<'a>> {
        let mut rest = self.0.strip_prefix(opening).unwrap_or("").as_bytes();
        std::iter::from_fn(move || {
            let first = rest.iter().position(|byte| !is_space(*byte) && !b",:]}".contains(byte))?;
            let begin = &rest[first..];
            rest = value_end(begin, DEEPEST)?;
            std::str::from_utf8(&begin[..begin.len() - rest.len()]).ok().map(Json)
        })
    }

    /// The member of this name; of several the last.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let same = |(key, _): &(Json, Json)| key.string().as_deref() == Some(name);
        self.members().filter(same).last().map(|(_, value)| value)
    }

    /// What a string stands for; none for half of a surrogate pair.
    pub fn string(self) -> Option<String> {
        unescaped(self.0.strip_prefix('"')?.strip_suffix('"')?)
    }

    /// A number in thousandths, cut towards zero, worked out from its digits: the same on every machine. None if this is
    /// no number, or a million or more.
    pub fn thousandths(self) -> Option<i64> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let (mantissa, exponent) = parted(digits, b"eE");
        let (whole, fraction) = parted(mantissa, b".");
        let exponent = if exponent.is_empty() { "0" } else { exponent };
        // An exponent that no i32 holds is as good as the greatest, or the smallest.
        let far = if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 };
        let exponent = exponent.parse::<i32>().map_or(far, |number| number.clamp(-1_000_000, 1_000_000));
        let mut weight = whole.len() as i64 + 2 + i64::from(exponent); // of a digit, as a power of ten in thousandths
        let mut sum = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if weight >= 0 {
                sum = 10 * sum + i64::from(digit - b'0');
            }
            if sum > MOST_THOUSANDTHS {
                return None;
            }
            weight -= 1;
        }
        while weight >= 0 && sum > 0 {
            sum *= 10;
            if sum > MOST_THOUSANDTHS {
                return None;
            }
            weight -= 1;
        }
        Some(if self.0.starts_with('-') { -sum } else { sum })
    }
}

/// Thousandths as JSON, with no more decimals than it needs: 3850 is 3.85, 5000 is 5.
pub fn from_thousandths(number: i64) -> String {
    let mut text = format!("{}.{:03}", number / 1000, number % 1000);
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    text
}

/// What stands for itself or is escaped between the quotes of a string; none for half of a surrogate pair.
pub fn unescaped(inside: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::new(); // escapes are of UTF-16
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match characters.next()? {
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => (0..4).try_fold(0, |unit, _| Some(unit << 4 | characters.next()?.to_digit(16)? as u16))?,
            other => other as u16, // a quote or a slash
        });
    }
    String::from_utf16(&units).ok()
}

/// Whether some object in a JSON text has a member of this name and value, both given as JSON as it is written there. It
/// needs no more of the text than that: quotes inside of JSON strings are escaped, so the name in its quotes, followed by a
/// colon, is always a name.
pub fn has_member(text: &[u8], name: &str, value: &str) -> bool {
    (0..text.len()).any(|at| {
        behind(&text[at..], name.as_bytes())
            .and_then(|rest| behind(skip_space(rest), b":"))
            .and_then(|rest| behind(skip_space(rest), value.as_bytes()))
            .is_some()
    })
}

/// What stands before the first of these marks, and what behind it.
fn parted<'a>(text: &'a str, marks: &[u8]) -> (&'a str, &'a str) {
    match text.bytes().position(|byte| marks.contains(&byte)) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

pub fn skip_space(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_space(**byte)).count()..]
}

// What comes behind the value that a text begins with; none where there is no value.

fn value_end(text: &[u8], depth: u32) -> Option<&[u8]> {
    match text.first()? {
        b'{' => container_end(text, b'}', depth.checked_sub(1)?),
        b'[' => container_end(text, b']', depth.checked_sub(1)?),
        b'"' => string_end(text),
        b't' => behind(text, b"true"),
        b'f' => behind(text, b"false"),
        b'n' => behind(text, b"null"),
        _ => number_end(text),
    }
}

fn behind<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    text.starts_with(word).then(|| &text[word.len()..])
}

fn container_end(text: &[u8], end: u8, depth: u32) -> Option<&[u8]> {
    let mut rest = skip_space(&text[1..]);
    if *rest.first()? == end {
        return Some(&rest[1..]);
    }
    loop {
        if end == b'}' {
            rest = skip_space(string_end(rest)?).strip_prefix(b":").map(skip_space)?;
        }
        rest = skip_space(value_end(rest, depth)?);
        match rest.first()? {
            b',' => rest = skip_space(&rest[1..]),
            byte => return (*byte == end).then(|| &rest[1..]),
        }
    }
}

fn string_end(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', b'u', a, b, c, d, behind @ ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => behind,
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..] => behind,
            [b'\\' | 0..=31, ..] | [] => return None,
            [_, behind @ ..] => behind,
        }
    }
}

fn digits_end(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| &text[count..])
}

fn number_end(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut rest = text.strip_prefix(b"0").or_else(|| digits_end(text))?;
    if let [b'.', fraction @ ..] = rest {
        rest = digits_end(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = digits_end(exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent))?;
    }
    Some(rest)
}
