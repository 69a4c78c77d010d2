// JSON whose numbers and members are wanted as they are written, which JSON.parse does not tell.

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
const MOST_THOUSANDTHS = 999999999

/**
 * The members of an object: pairs of a name and the text of the value, of several of one name all. Undefined where the
 * text is no JSON object.
 */
export function members(json) {
  try {
    JSON.parse(json)
  } catch {
    return undefined
  }
  const tokens = [...json.matchAll(TOKEN)]
  if (tokens[0][0] !== '{') {
    return undefined
  }
  const found = []
  let depth = 0
  let begin = 0 // the first token of the member
  tokens.forEach(([text], index) => {
    if (depth === 1 && index > begin && (text === ',' || text === '}')) {
      const last = tokens[index - 1]
      found.push([JSON.parse(tokens[begin][0]), json.slice(tokens[begin + 2].index, last.index + last[0].length)])
    }
    if (text === '{' || text === '[') depth += 1
    if (text === '}' || text === ']') depth -= 1
    if (depth === 1 && (text === ',' || index === 0)) begin = index + 1
  })
  return found
}

/** The value of a member, as text; undefined where there is none. */
export function member(found, name) {
  return found?.filter(([key]) => key === name).at(-1)?.[1]
}

/**
 * A number in thousandths, cut towards zero, worked out from its digits: the same on every machine. Undefined if the text
 * is no number, or a million or more.
 */
export function thousandths(json) {
  const match = NUMBER.exec(json ?? '')
  if (match === null) {
    return undefined
  }
  const [, sign, whole, fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') {
    return 0
  }
  const places = Number(exponent) + 3 - fraction.length // by how much the point moves to the right
  const length = digits.length + places
  if (length > 9) {
    return undefined
  }
  const number = length <= 0 ? 0 : Number(digits.slice(0, length).padEnd(length, '0'))
  return number > MOST_THOUSANDTHS ? undefined : sign ? -number : number
}

/** Thousandths as JSON, with no more decimals than it needs. */
export function fromThousandths(number) {
  const decimals = String(number % 1000).padStart(3, '0').replace(/0+$/, '')
  return String(Math.floor(number / 1000)) + (decimals && `.${decimals}`)
}
