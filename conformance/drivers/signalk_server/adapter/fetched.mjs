// HTTP requests of plugins: they go nowhere, and the suite answers them.

import { tell } from './outlet.mjs'

const answers = []

export function respond (url, status, body) { answers.unshift({ pattern: pattern(url), status, body }) }

export function forget () { answers.length = 0 }

// A star stands for anything.
function pattern (url) { return new RegExp('^' + url.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$', 's') }

globalThis.fetch = async (input, { method = 'GET' } = {}) => {
  const url = String(input)
  const { status, body } = answers.find(each => each.pattern.test(url)) ?? { status: 0 }
  tell({ event: 'fetch', method, url, status })
  if (!status) throw new TypeError('fetch failed')
  return new Response([101, 204, 205, 304].includes(status) ? null : body, { status })
}
