//! The types of the world as the canonical ABI of WebAssembly components lays them out in memory, as Rust types that
//! own what they point at.
//!
//! `#[repr(C)]` lays out a struct as the ABI lays out a record or a tuple, and `#[repr(C, u8)]` an enum as it lays out
//! a variant: a tag of one byte and, at the next place that is aligned for every case, what the case carries. So a
//! value of these types is passed by its address, and what the host writes is read as it stands.
//!
//! What the host passes in lies in blocks that it got from `cabi_realloc`, and belongs to the plugin from then on.

use std::alloc::{alloc, handle_alloc_error, realloc, Layout};
use std::mem::{self, MaybeUninit};
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

/// list<T>
#[repr(C)]
pub struct List<T> {
    items: NonNull<T>,
    count: usize,
}

/// string: a list of the bytes of UTF-8
pub type Text = List<u8>;

impl<T> List<T> {
    /// The list that an export got as two parameters.
    ///
    /// # Safety
    /// The host passed them, and nobody else owns them.
    pub unsafe fn received(items: *mut T, count: usize) -> Self {
        List {
            items: NonNull::new(items).unwrap_or_else(NonNull::dangling),
            count,
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        unsafe { slice::from_raw_parts(self.items.as_ptr(), self.count) }
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        drop(unsafe { Vec::from_raw_parts(self.items.as_ptr(), self.count, self.count) });
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        let whole = Box::leak(items.into_boxed_slice());
        List {
            count: whole.len(),
            items: NonNull::from(whole).cast(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

/// option<string>
#[repr(C, u8)]
pub enum OptionText {
    None,
    #[allow(dead_code)] // only the host makes one
    Some(Text),
}

/// result<T, E>
#[repr(C, u8)]
pub enum Outcome<T, E> {
    Done(T),
    Failed(E),
}

/// What an import writes to the address that is its last parameter.
///
/// # Safety
/// `import` writes a whole `T` there.
pub unsafe fn result_of<T>(import: impl FnOnce(*mut T)) -> T {
    let mut room = MaybeUninit::uninit();
    import(room.as_mut_ptr());
    room.assume_init()
}

/// The address of what an export returns. `take_back` is called with it when the host has read it.
pub fn lend<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// # Safety
/// The address comes from `lend`, once.
pub unsafe fn take_back<T>(address: *mut T) {
    drop(Box::from_raw(address));
}

/// Where the host puts what it passes in. There is no way to refuse but to trap.
///
/// # Safety
/// `old` is null, or comes from this function with the same alignment and `old_size`.
#[no_mangle]
pub unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, alignment: usize, size: usize) -> *mut u8 {
    if size == 0 {
        return alignment as *mut u8; // nothing is ever written there, and nothing is freed
    }
    let block = if old_size == 0 {
        alloc(Layout::from_size_align_unchecked(size, alignment))
    } else {
        realloc(old, Layout::from_size_align_unchecked(old_size, alignment), size)
    };
    if block.is_null() {
        handle_alloc_error(Layout::from_size_align_unchecked(size, alignment));
    }
    block
}

// ---- signalk:plugin-api/delta-handler -------------------------------------------------------------------------------

#[repr(C)]
pub struct SourceRef {
    pub label: Text,
    pub kind: OptionText, // `type` in the WIT
}

#[repr(C)]
pub struct PathValue {
    pub path: Text,
    pub value: Text, // JSON
}

#[repr(C)]
pub struct Update {
    pub source: SourceRef,
    pub timestamp: Text,
    pub values: List<PathValue>,
}

const _: () = assert!(mem::size_of::<Update>() == 36, "the layout of a record update");
