// A client of the server's HTTP API.

import http from 'node:http'

import { HERE } from './isolation.mjs'

export function request (port, method, path, { headers = {}, body = Buffer.alloc(0) } = {}) {
  return new Promise((resolve, reject) => {
    const sent = body.length ? { 'content-length': body.length, ...headers } : headers
    const asked = http.request({ host: HERE, port, method, path, headers: sent, agent: false }, reply => {
      const chunks = []
      reply.on('data', chunk => chunks.push(chunk))
      reply.on('error', reject)
      reply.on('end', () => resolve({ status: reply.statusCode, headers: joined(reply.headers), body: Buffer.concat(chunks) }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

export function json (text) { return { headers: { 'content-type': 'application/json' }, body: Buffer.from(text) } }

function joined (headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))
}

// JSON, or undefined.
export function parsed (body) {
  try { return JSON.parse(body.toString()) } catch { return undefined }
}
