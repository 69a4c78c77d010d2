// The way out: lines of the protocol. They have a descriptor of their own, since whatever a plugin or the server writes
// to standard output must not get among them.

import { writeSync } from 'node:fs'

const PROTOCOL = 3

export class Failure extends Error {
  constructor (code, message, more = {}) {
    super(message)
    Object.assign(this, { code, more })
  }
}

export function tell (message) {
  let rest = Buffer.from(JSON.stringify(message) + '\n')
  while (rest.length) {
    try {
      rest = rest.subarray(writeSync(PROTOCOL, rest))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error // whoever reads is slower than we are
    }
  }
}
