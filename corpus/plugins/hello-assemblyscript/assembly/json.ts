/** Looking into JSON text without parsing it: enough for one switch and one path, and it makes no garbage. */

function isSpace(code: i32): bool {
  return code == 0x20 || code == 0x09 || code == 0x0a || code == 0x0d
}

function skipSpace(text: string, at: i32): i32 {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/** Whether the first thing in the text is the brace of an object. */
export function isObject(text: string): bool {
  return text.startsWith('{', skipSpace(text, 0))
}

/**
 * Whether some object in the text has a member of this name and value, both given as JSON. Quotes inside of JSON
 * strings are escaped, so the name in its quotes, followed by a colon, is always a name.
 */
export function hasMember(text: string, name: string, value: string): bool {
  let at = text.indexOf(name)
  while (at >= 0) {
    const colon = skipSpace(text, at + name.length)
    if (text.startsWith(':', colon) && text.startsWith(value, skipSpace(text, colon + 1))) return true
    at = text.indexOf(name, at + 1)
  }
  return false
}

/** The number that a text of decimal digits stands for, with or without white space around them; else 0. */
export function parseCount(text: string, digits: i32): i32 {
  const first = skipSpace(text, 0)
  let count = 0
  let at = first
  while (at < text.length && at - first < digits) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) break
    count = 10 * count + digit
    at++
  }
  return skipSpace(text, at) == text.length ? count : 0
}
