// The plugin of the row replay-assemblyscript: it looks at what it is given and says nothing. Compiled by
// asc quiet.ts -O3s --converge --noAssert --runtime incremental --exportRuntime -o quiet.wasm (assemblyscript 0.27)
let heard: i32 = 0

export function plugin_id(): string { return 'quiet' }
export function plugin_name(): string { return 'Quiet' }
export function plugin_schema(): string { return '{}' }
export function plugin_start(config: usize, length: usize): i32 { heard = 0; return 0 }
export function plugin_stop(): i32 { return 0 }
export function delta_handler(delta: string): void { heard += delta.charCodeAt(0) }
