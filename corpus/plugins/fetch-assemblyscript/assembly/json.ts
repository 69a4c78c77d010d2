/** Looking into JSON text without parsing all of it: enough for two options and one path. */

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
 * Where the value of a member begins, after `from`; -1 if there is no such member. The name is given as JSON: quotes
 * inside of JSON strings are escaped, so the name in its quotes, followed by a colon, is always a name.
 */
function valueOf(text: string, name: string, from: i32): i32 {
  let at = text.indexOf(name, from)
  while (at >= 0) {
    const colon = skipSpace(text, at + name.length)
    if (text.startsWith(':', colon)) return skipSpace(text, colon + 1)
    at = text.indexOf(name, at + 1)
  }
  return -1
}

/** Whether some object in the text has a member of this name and value, both given as JSON. */
export function hasMember(text: string, name: string, value: string): bool {
  let at = valueOf(text, name, 0)
  while (at >= 0) {
    if (text.startsWith(value, at)) return true
    at = valueOf(text, name, at)
  }
  return false
}

/** The text that the first member of this name has; `otherwise` when it has none, or one with an escape but `\/`. */
export function textMember(text: string, name: string, otherwise: string): string {
  const at = valueOf(text, name, 0)
  if (at < 0 || !text.startsWith('"', at)) return otherwise
  const end = text.indexOf('"', at + 1)
  const found = text.substring(at + 1, end < 0 ? at + 1 : end).replaceAll('\\/', '/')
  return found.includes('\\') ? otherwise : found
}

/** A text as JSON. */
export function quoted(text: string): string {
  let json = '"'
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code == 0x22 || code == 0x5c) json += '\\' + text.charAt(at)
    else if (code < 0x20) json += '\\u00' + (code < 0x10 ? '0' : '1') + (code & 15).toString(16)
    else json += text.charAt(at)
  }
  return json + '"'
}
