/**
 * GET and POST that wait for the answer, by as-fetch.
 *
 * `fetchSync` always says 200, so that a server that refuses looks like one that answers; and an empty text is all that
 * there is of a request that failed. Its Asyncify data has a place of eight bytes: what the waiting functions keep is
 * written over the texts of HTTP statuses, which lie behind it. So: fetch from few nested calls, and leave
 * `statusText` alone.
 */
import { RequestInit } from 'as-fetch/assembly/src/Request'
import { fetchSync } from 'as-fetch/sync'

/** What is behind a URL; an empty text when nothing is, or the request failed. */
export function get(url: string): string {
  return fetchSync(url).text()
}

/** What a URL answers to a text; an empty text when it answers nothing, or the request failed. */
export function post(url: string, text: string): string {
  const request = new RequestInit()
  request.method = 'POST'
  request.headers = [['Content-Type', 'text/plain; charset=utf-8']]
  request.body = String.UTF8.encode(text)
  return fetchSync(url, request).text()
}
