/** The options of the twin, and what it has heard since it started. Numbers are thousandths, times seconds. */
import { Json, NO_NUMBER, fromThousandths } from './json'

export const LIMIT_ERROR = 'limit is a number from 0 to 1000'

/** A limit by PUT or configuration; NO_NUMBER if it is none. */
export function readLimit(value: Json): i64 {
  const limit = value.thousandths()
  return limit >= 0 && limit <= 1000000 ? limit : NO_NUMBER
}

export class Speeds {
  limit: i64 = 5000
  every: i64 = 10
  notify: bool = true
  alarmed: bool = false
  heard: i64 = 0
  last: i64 = 0
  max: i64 = 0
  private sum: i64 = 0

  /** Takes the options of a configuration. Returns what is wrong with it, else an empty text. */
  configure(config: Json | null): string {
    if (config === null || !config.isObject) return 'The configuration is not a JSON object'
    const limit = config.get('limit')
    if (limit !== null) {
      this.limit = readLimit(limit)
      if (this.limit == NO_NUMBER) return LIMIT_ERROR
    }
    const every = config.get('every')
    if (every !== null) {
      const number = every.thousandths()
      if (number < 1000 || number > 3600000 || number % 1000 != 0) return 'every is a whole number from 1 to 3600'
      this.every = number / 1000
    }
    const notify = config.get('notify')
    if (notify !== null) {
      const text = notify.text
      if (text != 'true' && text != 'false') return 'notify is true or false'
      this.notify = text == 'true'
    }
    return ''
  }

  /** Counts a speed. Tells whether it was one. */
  hear(value: Json | null): bool {
    const speed = value === null ? NO_NUMBER : value.thousandths()
    if (speed < 0) return false
    this.last = speed
    this.heard++
    this.sum += speed
    this.max = max(this.max, speed)
    return true
  }

  get mean(): i64 {
    return this.heard > 0 ? this.sum / this.heard : 0
  }

  forget(): void {
    this.heard = this.last = this.max = this.sum = 0
  }

  /** `"heard":…,"mean":…,"max":…` */
  get figures(): string {
    const mean = fromThousandths(this.mean)
    return `"heard":${this.heard},"mean":${mean},"max":${fromThousandths(this.max)}`
  }

  /** Whether the alarm is to be raised, or ended; then it is. */
  alarmChanges(): bool {
    const above = this.last > this.limit
    if (!this.notify || above == this.alarmed) return false
    this.alarmed = above
    return true
  }

  /** Why the alarm has changed. */
  message(depth: Json | null): string {
    const is = this.alarmed ? 'is above' : 'is not above'
    const text = `Speed ${fromThousandths(this.last)} m/s ${is} ${fromThousandths(this.limit)} m/s`
    const metres = depth === null ? NO_NUMBER : depth.thousandths()
    return this.alarmed && metres >= 0 ? text + `, at a depth of ${fromThousandths(metres)} m` : text
  }
}
