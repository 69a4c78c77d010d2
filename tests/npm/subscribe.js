// Connects as any Signal K client does, subscribes to the plugin's paths, and prints the first heartbeat.
const { Client } = require('@signalk/client')

const client = new Client({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  useTLS: false,
  reconnect: false,
  notifications: false
})

client.on('delta', (delta) => {
  const values = (delta.updates || []).flatMap((update) => update.values || [])
  const beat = values.find((value) => value.path.endsWith('.heartbeat'))
  if (beat) {
    console.log(JSON.stringify({ context: delta.context, source: delta.updates[0].$source, ...beat.value }))
    client.disconnect()
    process.exit(0)
  }
})

client.connect().then(() => {
  client.subscribe({ context: 'vessels.self', subscribe: [{ path: 'plugins.*' }] })
  console.error('connected')
})
