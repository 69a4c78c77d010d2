//! Small files in the plugin's own directory, by WASI 0.2. Paths are relative to that directory.

use crate::component::{result_of, List, Outcome, Text};

/// A handle, which its owner drops.
#[repr(transparent)]
struct Descriptor(i32);

/// tuple<descriptor, string>
#[repr(C)]
struct Directory {
    descriptor: Descriptor,
    path: Text,
}

/// tuple<list<u8>, bool>
#[repr(C)]
struct Read {
    bytes: List<u8>,
    at_end: bool,
}

type ErrorCode = u8;

#[link(wasm_import_module = "wasi:filesystem/preopens@0.2.0")]
extern "C" {
    #[link_name = "get-directories"]
    fn get_directories(result: *mut List<Directory>);
}

#[link(wasm_import_module = "wasi:filesystem/types@0.2.0")]
extern "C" {
    #[link_name = "[method]descriptor.open-at"]
    fn descriptor_open_at(
        directory: i32,
        path_flags: i32,
        path: *const u8,
        path_length: usize,
        open_flags: i32,
        flags: i32,
        result: *mut Outcome<Descriptor, ErrorCode>,
    );

    #[link_name = "[method]descriptor.read"]
    fn descriptor_read(file: i32, length: u64, offset: u64, result: *mut Outcome<Read, ErrorCode>);

    #[link_name = "[method]descriptor.write"]
    fn descriptor_write(file: i32, bytes: *const u8, length: usize, offset: u64, result: *mut Outcome<u64, ErrorCode>);

    #[link_name = "[resource-drop]descriptor"]
    fn descriptor_drop(descriptor: i32);
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        unsafe { descriptor_drop(self.0) }
    }
}

// Flags are bits in the order in which the WIT names them.
const OPEN_CREATE: i32 = 1 << 0;
const OPEN_TRUNCATE: i32 = 1 << 3;
const FLAG_READ: i32 = 1 << 0;
const FLAG_WRITE: i32 = 1 << 1;

/// Opens a file in the directory that the host calls "/".
fn open(path: &str, open_flags: i32, flags: i32) -> Option<Descriptor> {
    let directories: List<Directory> = unsafe { result_of(|result| get_directories(result)) };
    let root = directories.iter().find(|directory| *directory.path == *b"/")?;
    let (directory, name, length) = (root.descriptor.0, path.as_ptr(), path.len());
    match unsafe { result_of(|result| descriptor_open_at(directory, 0, name, length, open_flags, flags, result)) } {
        Outcome::Done(file) => Some(file),
        Outcome::Failed(_) => None,
    }
}

/// The first `limit` bytes of a file; none where there is no file or it cannot be read.
pub fn read_file(path: &str, limit: u64) -> Option<Vec<u8>> {
    let file = open(path, 0, FLAG_READ)?;
    match unsafe { result_of(|result| descriptor_read(file.0, limit, 0, result)) } {
        Outcome::Done(read) => Some(read.bytes.to_vec()),
        Outcome::Failed(_) => None,
    }
}

/// Makes a text the whole content of a file. Tells whether that worked.
pub fn write_file(path: &str, text: &str) -> bool {
    let file = match open(path, OPEN_CREATE | OPEN_TRUNCATE, FLAG_WRITE) {
        Some(file) => file,
        None => return false,
    };
    let written = unsafe { result_of(|result| descriptor_write(file.0, text.as_ptr(), text.len(), 0, result)) };
    matches!(written, Outcome::Done(size) if size == text.len() as u64)
}
