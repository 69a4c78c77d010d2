/**
 * Small text files in the plugin's own directory, by WASI (preview 1).
 *
 * The server opens the directory before the plugin starts, as descriptor 3, and every path is relative to it:
 * "data/twin.json" is the file that other languages call "/data/twin.json".
 */

@external("wasi_snapshot_preview1", "path_open")
declare function path_open(
  directory: i32,
  lookupFlags: i32,
  path: usize,
  pathLength: usize,
  openFlags: i32,
  rights: i64,
  inheritedRights: i64,
  fileFlags: i32,
  descriptorOut: usize
): i32

@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(descriptor: i32, buffers: usize, count: i32, sizeOut: usize): i32

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(descriptor: i32, buffers: usize, count: i32, sizeOut: usize): i32

@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(descriptor: i32): i32

const DIRECTORY: i32 = 3
const NO_DESCRIPTOR: i32 = -1
const SUCCESS: i32 = 0

const OPEN_CREATE: i32 = 1
const OPEN_TRUNCATE: i32 = 8
const RIGHT_READ: i64 = 1 << 1
const RIGHT_WRITE: i64 = 1 << 6

// One place for the u32 that WASI functions answer with, and one for the pair of u32 that describes a buffer.
const answer: usize = memory.data(4)
const buffer: usize = memory.data(8)

function open(path: string, openFlags: i32, rights: i64): i32 {
  const name = String.UTF8.encode(path)
  const error = path_open(
    DIRECTORY,
    0,
    changetype<usize>(name),
    name.byteLength,
    openFlags,
    rights,
    0,
    0,
    answer
  )
  return error == SUCCESS ? load<i32>(answer) : NO_DESCRIPTOR
}

/** A whole file as text; an empty text where there is none, it is not UTF-8, or is longer than `most` bytes. */
export function readText(path: string, most: i32): string {
  const file = open(path, 0, RIGHT_READ)
  if (file == NO_DESCRIPTOR) return ''

  const bytes = new ArrayBuffer(most + 1)
  store<usize>(buffer, changetype<usize>(bytes))
  store<i32>(buffer, most + 1, 4)
  const size = fd_read(file, buffer, 1, answer) == SUCCESS ? load<i32>(answer) : 0
  fd_close(file)
  if (size > most) return ''

  // Bytes that are not UTF-8 are decoded all the same, but not to what makes the same bytes.
  const text = String.UTF8.decodeUnsafe(changetype<usize>(bytes), size)
  const again = String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE)
  const same = again.byteLength == size && memory.compare(changetype<usize>(again), changetype<usize>(bytes), size) == 0
  return same ? text : ''
}

/** Makes a text the whole content of a file. Tells whether that worked. */
export function writeText(path: string, text: string): bool {
  const file = open(path, OPEN_CREATE | OPEN_TRUNCATE, RIGHT_WRITE)
  if (file == NO_DESCRIPTOR) return false

  const bytes = String.UTF8.encode(text)
  store<usize>(buffer, changetype<usize>(bytes))
  store<i32>(buffer, bytes.byteLength, 4)
  const written = fd_write(file, buffer, 1, answer) == SUCCESS && load<i32>(answer) == bytes.byteLength
  return fd_close(file) == SUCCESS && written
}
