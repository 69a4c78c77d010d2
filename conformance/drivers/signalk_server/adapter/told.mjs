// What the server's app is told by plugins, as events of the protocol.

import { tell } from './outlet.mjs'

export function observe (app) {
  for (const [name, event] of [['setPluginStatus', 'status'], ['setPluginError', 'error']]) {
    const original = app[name]
    app[name] = (provider, text) => {
      tell({ event, plugin: String(provider), text: String(text ?? '') })
      return original.call(app, provider, text)
    }
  }
  let streams = app.binaryStreamManager
  Object.defineProperty(app, 'binaryStreamManager', {
    configurable: true,
    enumerable: true,
    get: () => streams,
    set: given => { streams = watched(given) }
  })
  if (streams) streams = watched(streams)
}

function watched (streams) {
  const { emitData } = streams
  streams.emitData = (stream, data) => {
    tell({ event: 'stream', stream, data_b64: Buffer.from(data).toString('base64') })
    return emitData.call(streams, stream, data)
  }
  return streams
}
