/**
 * Looks into JSON without making anything of it: a value is the place in the text where it stands.
 *
 * `Json.read` checks the whole text once, by RFC 8259. Everything else is asked of what it returned.
 */

const DEEPEST: i32 = 250
const MOST_THOUSANDTHS: i64 = 999999999
const FAR: i64 = 100000
const NONE: i32 = -1

/** What `thousandths` answers for anything that is no number, or a million or more. */
export const NO_NUMBER: i64 = i64.MIN_VALUE

function isSpace(code: i32): bool {
  return code == 0x20 || code == 0x09 || code == 0x0a || code == 0x0d
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39
}

function hexadecimal(code: i32): i32 {
  if (isDigit(code)) return code - 0x30
  const small = code | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x61 + 10 : NONE
}

/** The place is in the text, or behind it. `charCodeAt` would look a second time, and this is what a reader does most. */
function at(text: string, place: i32): i32 {
  return place < text.length ? load<u16>(changetype<usize>(text) + (<usize>place << 1)) : NONE
}

function skipSpace(text: string, place: i32): i32 {
  while (isSpace(at(text, place))) place++
  return place
}

// Where a value ends: the place behind it, or 0 if it is none.

function wordEnd(text: string, place: i32, word: string): i32 {
  return text.startsWith(word, place) ? place + word.length : 0
}

function stringEnd(text: string, place: i32): i32 {
  if (at(text, place) != 0x22) return 0
  place++
  while (true) {
    const code = at(text, place++)
    if (code == 0x22) return place
    if (code < 0x20) return 0
    if (code != 0x5c) continue
    const escaped = at(text, place++)
    if (escaped == 0x75) {
      for (let i = 0; i < 4; i++) {
        if (hexadecimal(at(text, place++)) == NONE) return 0
      }
    } else if (escaped == NONE || '"\\/bfnrt'.indexOf(String.fromCharCode(escaped)) < 0) {
      return 0
    }
  }
}

function digitsEnd(text: string, place: i32): i32 {
  const first = place
  while (isDigit(at(text, place))) place++
  return place > first ? place : 0
}

function numberEnd(text: string, place: i32): i32 {
  if (at(text, place) == 0x2d) place++
  place = at(text, place) == 0x30 ? place + 1 : digitsEnd(text, place)
  if (place > 0 && at(text, place) == 0x2e) place = digitsEnd(text, place + 1)
  if (place > 0 && (at(text, place) | 0x20) == 0x65) {
    const sign = at(text, place + 1)
    place = digitsEnd(text, place + (sign == 0x2b || sign == 0x2d ? 2 : 1))
  }
  return place
}

function containerEnd(text: string, place: i32, end: i32, depth: i32): i32 {
  place = skipSpace(text, place + 1)
  if (at(text, place) == end) return place + 1
  while (true) {
    if (end == 0x7d) {
      place = stringEnd(text, place)
      if (place == 0) return 0
      place = skipSpace(text, place)
      if (at(text, place) != 0x3a) return 0
      place = skipSpace(text, place + 1)
    }
    place = valueEnd(text, place, depth)
    if (place == 0) return 0
    place = skipSpace(text, place)
    if (at(text, place) == end) return place + 1
    if (at(text, place) != 0x2c) return 0
    place = skipSpace(text, place + 1)
  }
}

function valueEnd(text: string, place: i32, depth: i32): i32 {
  switch (at(text, place)) {
    case 0x7b:
      return depth > 0 ? containerEnd(text, place, 0x7d, depth - 1) : 0
    case 0x5b:
      return depth > 0 ? containerEnd(text, place, 0x5d, depth - 1) : 0
    case 0x22:
      return stringEnd(text, place)
    case 0x74:
      return wordEnd(text, place, 'true')
    case 0x66:
      return wordEnd(text, place, 'false')
    case 0x6e:
      return wordEnd(text, place, 'null')
    default:
      return numberEnd(text, place)
  }
}

/** One value of a text. */
export class Json {
  constructor(
    readonly whole: string,
    readonly begin: i32,
    readonly end: i32
  ) {}

  static read(text: string): Json | null {
    const begin = skipSpace(text, 0)
    const end = valueEnd(text, begin, DEEPEST)
    return end > 0 && skipSpace(text, end) == text.length ? new Json(text, begin, end) : null
  }

  get text(): string {
    return this.whole.substring(this.begin, this.end)
  }

  get isObject(): bool {
    return at(this.whole, this.begin) == 0x7b
  }

  get isArray(): bool {
    return at(this.whole, this.begin) == 0x5b
  }

  /** The members or elements; none where this is neither an object nor an array. */
  parts(): Parts {
    return new Parts(this)
  }

  /** The member of this name; of several the last. */
  get(name: string): Json | null {
    let found: Json | null = null
    if (!this.isObject) return null
    const members = this.parts()
    let value = members.next()
    while (value !== null) {
      if (members.name.is(name)) found = value
      value = members.next()
    }
    return found
  }

  /** Whether this is the JSON string of a text, however it is escaped. */
  is(text: string): bool {
    const found = this.string()
    return found !== null && found == text
  }

  /** What a string stands for; null where this is no string. */
  string(): string | null {
    if (at(this.whole, this.begin) != 0x22) return null
    const inside = this.whole.substring(this.begin + 1, this.end - 1)
    if (inside.indexOf('\\') < 0) return inside
    let found = ''
    for (let place = 0; place < inside.length; place++) {
      let code = inside.charCodeAt(place)
      if (code == 0x5c) {
        code = inside.charCodeAt(++place)
        if (code == 0x75) {
          code = <i32>parseInt(inside.substr(place + 1, 4), 16)
          place += 4
        } else {
          const which = 'bfnrt'.indexOf(String.fromCharCode(code))
          if (which >= 0) code = '\b\f\n\r\t'.charCodeAt(which)
        }
      }
      found += String.fromCharCode(code)
    }
    return found
  }

  /** A number in thousandths, cut towards zero, worked out from its digits: the same on every machine. */
  thousandths(): i64 {
    const text = this.text
    const first = text.startsWith('-') ? 1 : 0
    if (!isDigit(at(text, first))) return NO_NUMBER
    const whole = digitsEnd(text, first)
    const end = at(text, whole) == 0x2e ? digitsEnd(text, whole + 1) : whole
    let exponent: i64 = 0
    for (let place = end; place < text.length; place++) {
      if (isDigit(at(text, place)) && exponent < FAR) exponent = 10 * exponent + (at(text, place) - 0x30)
    }
    if (at(text, end + 1) == 0x2d) exponent = -exponent
    let weight: i64 = <i64>(whole - first + 2) + exponent // of a digit, as a power of ten in thousandths
    let sum: i64 = 0
    for (let place = first; place < end; place++) {
      if (at(text, place) == 0x2e) continue
      if (weight >= 0) sum = 10 * sum + (at(text, place) - 0x30)
      if (sum > MOST_THOUSANDTHS) return NO_NUMBER
      weight--
    }
    for (; weight >= 0 && sum > 0; weight--) {
      sum *= 10
      if (sum > MOST_THOUSANDTHS) return NO_NUMBER
    }
    return first > 0 ? -sum : sum
  }
}

/** What is in an object or array, one after the other. */
export class Parts {
  /** Of the member that `next` returned last. */
  name: Json
  private place: i32

  constructor(private container: Json) {
    this.name = container
    this.place = container.isObject || container.isArray ? container.begin + 1 : container.end
  }

  next(): Json | null {
    const text = this.container.whole
    let begin = skipSpace(text, this.place)
    if (begin + 1 >= this.container.end) return null
    if (this.container.isObject) {
      const end = stringEnd(text, begin)
      this.name = new Json(text, begin, end)
      begin = skipSpace(text, skipSpace(text, end) + 1) // behind the colon
    }
    const end = valueEnd(text, begin, DEEPEST)
    this.place = skipSpace(text, end) + 1 // behind the comma, or the end
    return new Json(text, begin, end)
  }
}

/** Thousandths as JSON, with no more decimals than it needs: 3850 is 3.85, 5000 is 5. */
export function fromThousandths(number: i64): string {
  const rest = number % 1000
  if (rest == 0) return (number / 1000).toString()
  let decimals = rest.toString().padStart(3, '0')
  while (decimals.endsWith('0')) decimals = decimals.substring(0, decimals.length - 1)
  return (number / 1000).toString() + '.' + decimals
}
